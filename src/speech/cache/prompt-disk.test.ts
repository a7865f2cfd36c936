import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AudioClip, parseWav } from '../../media/index.ts'
import { Speech } from '../speech.ts'
import { PromptEngine } from '../test/scripted-engine.ts'
import { PromptDisk } from './prompt-disk.ts'

let folder: string
let damaged: string[]
let failures: Error[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-prompts-'))
  damaged = []
  failures = []
})
afterEach(() => rmSync(folder, { recursive: true }))

function disk(bytes = 1e6, directory = join(folder, 'cache')): PromptDisk {
  return new PromptDisk({
    directory,
    bytes,
    onDamaged: (path) => damaged.push(path),
    onFailed: (error) => failures.push(error),
  })
}

const key = (number: number): string => number.toString(16).padStart(64, '0')

function clip(length: number, sampleRateHz: 8000 | 16_000 = 8000): AudioClip {
  return { encoding: 'pcm16', sampleRateHz, data: Int16Array.from({ length }, (_, i) => 7 * i - 3000) }
}

/** Where a key is kept. */
const pathOf = (number: number): string => join(folder, 'cache', key(number).slice(0, 2), `${key(number)}.wav`)

const files = (): string[] =>
  (readdirSync(folder, { recursive: true, withFileTypes: true }) as { name: string; isFile(): boolean }[])
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort()

describe('a prompt on disk', () => {
  it.each([8000, 16_000] as const)('of %d Hz comes back as it was, also to another process', async (hz) => {
    await disk().write(key(1), clip(1000, hz))
    expect(await disk().read(key(1))).toEqual(clip(1000, hz))
    expect(await disk().read(key(2))).toBeUndefined()
    expect([damaged, failures]).toEqual([[], []])
    expect(statSync(pathOf(1)).mode & 0o077).toBe(0)
  })

  it('is a WAV file that anybody can play', async () => {
    await disk().write(key(1), clip(100))
    const wav = parseWav(readFileSync(pathOf(1)))
    expect(wav.ok && [wav.value.sampleRateHz, wav.value.data.length]).toEqual([8000, 200])
  })

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut', (bytes) => bytes.subarray(0, 500)],
    ['empty', () => Buffer.alloc(0)],
    ['short', () => Buffer.alloc(20)],
    ['changed in its sound', (bytes) => Buffer.from(bytes.fill(0, 100, 200))],
    ['changed in its head', (bytes) => Buffer.from(bytes.fill(0, 0, 4))],
    ['longer', (bytes) => Buffer.concat([bytes, bytes])],
  ])('that is %s is dropped', async (_, change) => {
    await disk().write(key(1), clip(1000))
    writeFileSync(pathOf(1), change(readFileSync(pathOf(1))))
    expect(await disk().read(key(1))).toBeUndefined()
    expect(damaged).toEqual([pathOf(1)])
    expect(existsSync(pathOf(1))).toBe(false)
    await disk().write(key(1), clip(1000))
    expect(await disk().read(key(1))).toEqual(clip(1000))
  })

  it('that cannot be kept disturbs nobody', async () => {
    writeFileSync(join(folder, 'file'), '')
    const nowhere = disk(1e6, join(folder, 'file'))
    await nowhere.write(key(1), clip(10))
    expect(await nowhere.read(key(1))).toBeUndefined()
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/ENOTDIR|EEXIST/),
      expect.stringMatching(/ENOTDIR/),
    ])
  })

  it('that is too large for the whole cache is not kept', async () => {
    await disk(1000).write(key(1), clip(1000))
    expect(files()).toEqual([])
  })

  it('is written beside its place, and what a crash has left there goes after an hour', async () => {
    mkdirSync(join(folder, 'cache', '00'), { recursive: true })
    for (const name of ['old.part', 'new.part']) writeFileSync(join(folder, 'cache', '00', name), 'x')
    const hours = new Date(Date.now() - 2 * 3_600_000)
    utimesSync(join(folder, 'cache', '00', 'old.part'), hours, hours)
    await disk().write(key(1), clip(10))
    expect(files()).toEqual([`${key(1)}.wav`, 'new.part'])
  })
})

describe('a cache that is full', () => {
  it('loses what was not used for longest, and nothing that is not its own', async () => {
    const each = 44 + 2000 + 32
    const some = disk(5 * each)
    mkdirSync(join(folder, 'cache'), { recursive: true })
    writeFileSync(join(folder, 'cache', 'notes.txt'), 'mine')
    for (let number = 0; number < 5; number++) {
      await some.write(key(number), clip(1000))
      const then = new Date(Date.now() - 60_000 + 1000 * number)
      utimesSync(pathOf(number), then, then)
    }
    // It is used, so it stays.
    expect(await some.read(key(0))).toBeDefined()
    await some.write(key(5), clip(1000))
    expect(files()).toEqual([...[0, 3, 4, 5].map((number) => `${key(number)}.wav`), 'notes.txt'].sort())
  })

  it('stays within its bounds with two processes that write at the same time', async () => {
    const each = 44 + 2000 + 32
    const [one, other] = [disk(20 * each), disk(20 * each)]
    await Promise.all(Array.from({ length: 60 }, (_, at) => (at % 2 ? one : other).write(key(at + 1000), clip(1000))))
    await one.write(key(1), clip(1000))
    // A tenth more for each of them.
    expect(files().length).toBeLessThanOrEqual(24)
    expect(files().length).toBeGreaterThan(10)
    expect(failures).toEqual([])
  })
})

describe('speech', () => {
  it('is spoken once for all processes that share a directory, and again when the file is damaged', async () => {
    const engines = [1, 2, 3].map(() => new PromptEngine())
    const say = async (at: number): Promise<number | undefined> => {
      const speech = new Speech(engines[at]!, { disk: disk() })
      const said = await speech.open('Hello.').clip()
      await speech.close()
      return said?.data.length
    }
    expect(await say(0)).toBe(60)
    expect(await say(1)).toBe(60)
    const [name] = files()
    const path = join(folder, 'cache', name!.slice(0, 2), name!)
    writeFileSync(path, readFileSync(path).fill(1, 50, 60))
    expect(await say(2)).toBe(60)
    expect(engines.map(({ texts }) => texts.length)).toEqual([1, 0, 1])
    expect(damaged).toEqual([path])
  })

  it('that is private is kept nowhere', async () => {
    const engine = new PromptEngine()
    const speech = new Speech(engine, { disk: disk() })
    for (let times = 0; times < 2; times++) await speech.open('Your code is 4711.', { private: true }).clip()
    await speech.close()
    expect(engine.texts.length).toBe(2)
    expect([files(), speech.sizes().keptBytes]).toEqual([[], 0])
  })

  it('is heard although nothing can be written', async () => {
    mkdirSync(join(folder, 'locked'))
    writeFileSync(join(folder, 'locked', 'cache'), '')
    chmodSync(join(folder, 'locked'), 0o555)
    const speech = new Speech(new PromptEngine(), { disk: disk(1e6, join(folder, 'locked', 'cache')) })
    expect((await speech.open('Hello.').clip())?.data.length).toBe(60)
    await speech.close()
    expect(failures.length).toBeGreaterThan(0)
  })
})
