import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AudioClip } from '../../media/index.ts'
import { PromptDisk } from '../../speech/index.ts'
import { parseMediaKeys } from '../files/seal/media-keys.ts'
import { PromptCipher } from './prompt-cipher.ts'

let folder: string
let damaged: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-prompts-'))
  damaged = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const [mine] = parseMediaKeys('ab'.repeat(32))
const [other] = parseMediaKeys('cd'.repeat(32))
const KEY = '1'.repeat(64)
const spoken: AudioClip = { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(1000).fill(0x4142) }

function disk(key = mine, bytes = 1e6): PromptDisk {
  const onDamaged = (path: string): void => void damaged.push(path)
  return new PromptDisk({ directory: folder, bytes, seal: new PromptCipher(key), onDamaged })
}

/** Every file below the folder. */
function files(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

it('on an encrypted disk, neither sound nor key can be seen; with the same key it comes back', async () => {
  await disk().write(KEY, spoken)
  const [path, ...more] = files() as [string]
  expect(more).toEqual([])
  expect(path).not.toContain(KEY)
  const bytes = readFileSync(path)
  for (const open of ['RIFF', 'WAVE', 'BABABABA']) expect(bytes.includes(open), open).toBe(false)
  expect(await disk().read(KEY)).toEqual({ ...spoken, data: new Int16Array(1000).fill(0x4142) })
  expect(await disk(other).read(KEY)).toBeUndefined()
  expect(damaged).toEqual([])
})

it('the same prompt is encrypted differently each time', async () => {
  await disk().write(KEY, spoken)
  const [path] = files() as [string]
  const first = readFileSync(path)
  await disk().write(KEY, spoken)
  expect(readFileSync(path).equals(first)).toBe(false)
})

it.each([
  ['changed', (bytes: Buffer) => bytes.fill(bytes.readUInt8(500) ^ 1, 500, 501)],
  ['cut', (bytes: Buffer) => bytes.subarray(0, -5)],
  ['cut to nothing', () => Buffer.alloc(0)],
  ['put in the place of another', () => Buffer.from(new PromptCipher(other).close(new Uint8Array(2000)))],
])('a prompt that was %s is damaged, and gone', async (_, damage) => {
  await disk().write(KEY, spoken)
  const [path] = files() as [string]
  writeFileSync(path, damage(readFileSync(path)))
  expect(await disk().read(KEY)).toBeUndefined()
  expect(damaged).toEqual([path])
  expect(files()).toEqual([])
})

it('what was kept in the clear before is deleted; files of others are not', async () => {
  await new PromptDisk({ directory: folder, bytes: 1e6 }).write(KEY, spoken)
  writeFileSync(join(folder, 'notes.wav'), 'of somebody else')
  expect(files().some((path) => path.endsWith(`${KEY}.wav`))).toBe(true)
  await disk().write('2'.repeat(64), spoken)
  expect(files().filter((path) => !path.endsWith('.sealed'))).toEqual([join(folder, 'notes.wav')])
})
