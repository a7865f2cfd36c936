import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MediaFileError } from '../../kit/index.ts'
import { StreamReader, wavHeader } from '../../media/index.ts'
import { LocalAudioFiles } from './audio/audio-files.ts'
import { DiskMediaStore } from './disk-media-store.ts'
import { openRecordingFile } from './recording-file.ts'

let directory: string
let openBefore: number
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringdown-broken-'))
  openBefore = openFiles()
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Descriptors of regular files in the folder that this process has open; where the system does not tell, none. */
function openFiles(): number {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0
}

const sound = (name: string) => readFileSync(new URL(`audio/test/sounds/${name}`, import.meta.url))
const wav = (samples: number) => Buffer.concat([wavHeader('pcm16', 2 * samples), Buffer.alloc(2 * samples, 5)])
const patched = (bytes: Buffer, at: number, ...values: number[]) => {
  const copy = Buffer.from(bytes)
  copy.set(values, at)
  return copy
}
const GB3 = [0x00, 0x5e, 0xd0, 0xb2]

interface Case {
  readonly name: string
  readonly bytes: Buffer
  /** What is said when it is played; `undefined` when what is there is played to its end. */
  readonly error?: RegExp
  /** Milliseconds that are played at least. */
  readonly plays?: number
}

const CASES: readonly Case[] = [
  { name: 'empty.wav', bytes: Buffer.alloc(0), error: /it is empty/ },
  { name: 'empty.mp3', bytes: Buffer.alloc(0), error: /it is empty/ },
  {
    name: 'text.wav',
    bytes: Buffer.from('no sound, but long enough for a header of forty-four octets'),
    error: /not known/,
  },
  { name: 'head.wav', bytes: wav(0).subarray(0, 20), error: /the format chunk of the WAV file is too short/ },
  { name: 'no-format.wav', bytes: patched(wav(800), 12, 0x4c), error: /no format chunk before its data/ },
  { name: 'odd-format.wav', bytes: patched(wav(800), 20, 0x55), error: /WAV/ },
  { name: 'rate-0.wav', bytes: patched(wav(800), 24, 0, 0, 0, 0), error: /sampled at 0 Hz/ },
  { name: 'cut.wav', bytes: wav(8000).subarray(0, 8044), plays: 500 },
  { name: 'claims-3-GB.wav', bytes: patched(wav(8000), 40, ...GB3), plays: 1000 },
  { name: 'chunk-of-3-GB.wav', bytes: patched(wav(8000), 16, ...GB3), error: /the WAV file has no data chunk/ },
  { name: 'cut.mp3', bytes: sound('mono-22k.mp3').subarray(0, 3000), plays: 300 },
  {
    name: 'id3-of-256-MB.mp3',
    bytes: Buffer.concat([Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7f', 'latin1'), sound('mono-22k.mp3')]),
    error: /has no frames of layer III/,
  },
  {
    name: 'noise.mp3',
    bytes: Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0]), Buffer.alloc(5000, 0x11)]),
    error: /has no frames of layer III/,
  },
  { name: 'cut.flac', bytes: sound('mono-16k.flac').subarray(0, 5000), error: /the FLAC file is cut off/ },
  { name: 'changed.flac', bytes: patched(sound('mono-16k.flac'), 5000, 1, 2, 3, 4), error: /the FLAC file is cut off/ },
  {
    name: 'block-of-16-MB.flac',
    bytes: patched(sound('mono-16k.flac'), 5, 0xff, 0xff, 0xff),
    error: /the FLAC file is cut off/,
  },
  { name: 'head.flac', bytes: sound('mono-16k.flac').subarray(0, 30), error: /the FLAC file is cut off/ },
  { name: 'cut.ogg', bytes: sound('mono-16k.ogg').subarray(0, 6000), error: /the Ogg file is cut off/ },
  { name: 'changed.ogg', bytes: patched(sound('mono-16k.ogg'), 200, 9, 9, 9, 9), error: /does not match its checksum/ },
  { name: 'head.ogg', bytes: sound('mono-16k.ogg').subarray(0, 27), error: /neither Vorbis nor Opus/ },
  { name: 'cut.opus', bytes: sound('mono.opus').subarray(0, 2000), error: /the Ogg file is cut off/ },
  { name: 'changed.opus', bytes: patched(sound('mono.opus'), 1500, 9, 9, 9, 9), error: /does not match its checksum/ },
]

async function open(
  settings: { streamLongerThanMs?: number } = {},
  makeFile = openRecordingFile,
): Promise<DiskMediaStore> {
  const store = new DiskMediaStore(
    { directory, cacheBytes: 0, streamLongerThanMs: 60_000, maxRecordingBytes: 1e6, ...settings },
    { audio: new LocalAudioFiles(), makeFile },
  )
  await store.open()
  return store
}

/** Plays a file as a call does, and says how much there was. */
async function play(store: DiskMediaStore, name: string): Promise<number> {
  const { source, close } = await store.read(name, { loop: false })
  let samples = source.kind === 'audio' ? source.clip.data.length : 0
  if (source.kind === 'stream') {
    const reader = new StreamReader(source.stream)
    await vi.waitUntil(() => {
      samples += reader.available
      reader.advance(reader.available)
      return reader.isEnded && reader.available === 0
    })
  }
  await close()
  return samples / 8
}

describe.each([
  ['as a whole', 60_000],
  ['while it is read', 0],
])('a broken file, played %s', (_, streamLongerThanMs) => {
  it.each(CASES)('$name', async ({ name, bytes, error, plays = 0 }) => {
    writeFileSync(join(directory, name), bytes)
    const store = await open({ streamLongerThanMs })
    const facts = await store.files.validate(name)
    if (error === undefined) {
      expect(await play(store, name)).toBeGreaterThanOrEqual(plays)
      expect(facts).toMatchObject({ isPlayable: true })
    } else {
      const refused = play(store, name)
      await expect(refused).rejects.toThrow(MediaFileError)
      await expect(refused).rejects.toThrow(error)
      await expect(refused).rejects.toThrow(name)
      expect(facts).toMatchObject({ isPlayable: false })
      expect(facts.problems.length).toBeGreaterThan(0)
    }
    await store.close()
    expect(openFiles()).toBeLessThanOrEqual(openBefore)
  })
})

describe('a recording', () => {
  const block = new Int16Array(1280).fill(1000)
  const failure = (code: string) => Object.assign(new Error(`${code}: the system says so, write`), { code })

  it.each(['ENOSPC', 'EIO', 'EDQUOT'])(
    'that the disk refuses in the middle (%s) keeps what was written',
    async (code) => {
      let room = 40_000
      const store = await open({}, async (path, mode) => {
        const file = await openRecordingFile(path, mode)
        return {
          ...file,
          write: async (bytes, at) => {
            room -= bytes.length
            if (room < 0) throw failure(code)
            await file.write(bytes, at)
          },
        }
      })
      const sink = await store.write('calls/a.wav', 'pcm16')
      const wrote = async () => {
        for (let n = 0; n < 1000 && sink.write(block); n++) await new Promise(setImmediate)
      }
      await wrote()
      await expect(sink.close()).rejects.toThrow(
        new RegExp(`a\\.wav could not be recorded: ${code}: .*; what was written is a\\.cut\\.wav`),
      )
      expect(readdirSync(join(directory, 'calls'))).toEqual(['a.cut.wav'])
      const facts = await store.files.validate('calls/a.cut.wav')
      expect(facts).toMatchObject({ isPlayable: true, problems: [] })
      expect(facts.durationMs).toBeGreaterThan(1000)
      expect(store.counters.snapshot()).toMatchObject({ recordingsFailed: 1 })
      await store.close()
      expect(openFiles()).toBeLessThanOrEqual(openBefore)
    },
  )

  it.each(['EACCES', 'EROFS', 'ENOSPC', 'EMFILE'])(
    'that cannot begin (%s) says why, and leaves nothing',
    async (code) => {
      const store = await open({}, () => Promise.reject(failure(code)))
      const refused = store.write('a.wav', 'pcm16')
      await expect(refused).rejects.toThrow(MediaFileError)
      await expect(refused).rejects.toThrow(new RegExp(`^a\\.wav cannot be written: ${code}: the `))
      await expect(store.files.write('b.wav', wav(1))).rejects.toThrow(
        new RegExp(`^b\\.wav cannot be written: ${code}`),
      )
      expect([readdirSync(directory), store.sizes().recordings]).toEqual([[], 0])
      await store.close()
      expect(openFiles()).toBeLessThanOrEqual(openBefore)
    },
  )

  it('under a name whose folder is a file says so', async () => {
    writeFileSync(join(directory, 'calls'), 'a file')
    const store = await open()
    await expect(store.write('calls/a.wav', 'pcm16')).rejects.toThrow(/^calls\/a\.wav cannot be written: E/)
    await expect(store.read('calls/a.wav', { loop: false })).rejects.toThrow(
      'calls/a.wav cannot be played: a part of its name that should be a folder is a file',
    )
    await store.close()
  })
})
