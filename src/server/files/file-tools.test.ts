import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { wavHeader } from '../../media/index.ts'
import { FileTools } from './file-tools.ts'
import { parseMediaKeys } from './seal/media-keys.ts'

const OLD = 'a'.repeat(64)
const NEW = 'b'.repeat(64)
const wav = Buffer.concat([wavHeader('pcm16', 16_000), Buffer.alloc(16_000, 7)])

let folder: string
let directory: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-tools-'))
  directory = join(folder, 'media')
  mkdirSync(join(directory, 'calls'), { recursive: true })
  writeFileSync(join(directory, 'calls/a.wav'), wav)
  writeFileSync(join(directory, 'note.txt'), 'no sound')
})
afterEach(() => rmSync(folder, { recursive: true }))

function tools(keys?: string): FileTools {
  const keyFile = join(folder, 'keys')
  if (keys === undefined) return new FileTools({ directory })
  writeFileSync(keyFile, keys)
  return new FileTools({ directory, encryption: { keyFile, acceptPlain: true } })
}

const keysOf = async (of: FileTools) => Object.fromEntries((await of.list('')).map(({ name, keyId }) => [name, keyId]))
const contents = async (of: FileTools, name: string) => {
  const pieces: Uint8Array[] = []
  for await (const piece of of.read(name)) pieces.push(piece)
  return Buffer.concat(pieces)
}

it('encrypts, changes keys and decrypts, and the files stay what they are and as old as they are', async () => {
  const then = new Date('2026-01-02T03:04:05Z')
  utimesSync(join(directory, 'calls/a.wav'), then, then)
  const [oldId, newId] = [OLD, NEW].map((key) => parseMediaKeys(key)[0].id)
  const old = tools(OLD)
  expect(await keysOf(old)).toEqual({ 'calls/a.wav': undefined, 'note.txt': undefined })
  expect([await old.encrypt('calls/a.wav'), await old.encrypt('calls/a.wav')]).toEqual([true, false])
  expect(await keysOf(old)).toEqual({ 'calls/a.wav': oldId, 'note.txt': undefined })
  expect(await contents(old, 'calls/a.wav')).toEqual(wav)
  const both = tools(`${NEW}\n${OLD}`)
  expect(await both.encrypt('calls/a.wav')).toBe(true)
  expect(await keysOf(tools())).toEqual({ 'calls/a.wav': newId, 'note.txt': undefined })
  expect(await both.validate('calls/a.wav')).toMatchObject({ durationMs: 1000, isPlayable: true })
  expect([await both.decrypt('calls/a.wav'), await both.decrypt('calls/a.wav')]).toEqual([true, false])
  expect(readFileSync(join(directory, 'calls/a.wav'))).toEqual(wav)
  expect(statSync(join(directory, 'calls/a.wav')).mtime).toEqual(then)
  expect(readdirSync(join(directory, 'calls'))).toEqual(['a.wav'])
})

it('leaves what it cannot decrypt as it is', async () => {
  await tools(OLD).encrypt('calls/a.wav')
  await expect(tools(NEW).encrypt('calls/a.wav')).rejects.toThrow(
    /^calls\/a\.wav cannot be written anew: it is encrypted with key [0-9a-f]{16}, and that is none of the keys/,
  )
  await expect(tools().encrypt('note.txt')).rejects.toThrow('there are no keys')
  const path = join(directory, 'calls/a.wav')
  const cut = readFileSync(path).subarray(0, 9000)
  writeFileSync(path, cut)
  await expect(tools(OLD).decrypt('calls/a.wav')).rejects.toThrow('it is encrypted, and was cut short or changed since')
  await expect(contents(tools(OLD), 'calls/a.wav')).rejects.toThrow('cut short or changed')
  expect(readFileSync(path)).toEqual(cut)
  expect(readdirSync(join(directory, 'calls'))).toEqual(['a.wav'])
})
