import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Logger, MediaFileError, silentLogger, UsageError } from '../../kit/index.ts'
import { type AudioClip, parseWav, StreamReader, samplesOfWav, toneLevelDbm0, wavHeader } from '../../media/index.ts'
import { bestMatch, speechLike } from '../../media/test/signals.ts'
import { type AudioFiles, LocalAudioFiles } from './audio/audio-files.ts'
import { ClipCache } from './clip-cache.ts'
import { DiskMediaStore } from './disk-media-store.ts'

let folder: string
let directory: string
const warnings: string[] = []
const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-files-'))
  directory = join(folder, 'media')
  warnings.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

async function open(
  limits: Partial<ConstructorParameters<typeof DiskMediaStore>[0]> = {},
  audio: AudioFiles = new LocalAudioFiles(),
): Promise<DiskMediaStore> {
  const settings = { directory, cacheBytes: 100_000, streamLongerThanMs: 60_000, maxRecordingBytes: 1_000_000 }
  const store = new DiskMediaStore({ ...settings, ...limits }, { audio, logger })
  await store.open()
  return store
}

async function clipIn(store: DiskMediaStore, name: string, mostHz?: 16_000): Promise<AudioClip> {
  const { source } = await store.read(name, { loop: false, ...(mostHz && { mostHz }) })
  if (source.kind !== 'audio') throw new Error(`${name} is read while it plays`)
  return source.clip
}

function wavOf(samples: number[]): Uint8Array {
  const audio = new Uint8Array(Int16Array.from(samples).buffer)
  return Buffer.concat([wavHeader('pcm16', audio.length), audio])
}

describe('reading', () => {
  it('makes its directory, and decodes what is in it onto shared memory', async () => {
    const store = await open()
    mkdirSync(join(directory, 'en'))
    writeFileSync(join(directory, 'en', 'hello.wav'), wavOf([1, -2, 3]))
    const clip = await clipIn(store, 'en/hello.wav')
    expect(clip).toMatchObject({ encoding: 'pcm16', sampleRateHz: 8000 })
    expect([...clip.data]).toEqual([1, -2, 3])
    expect(clip.data.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it('keeps what it has decoded until the file changes', async () => {
    const store = await open()
    const path = join(directory, 'a.wav')
    writeFileSync(path, wavOf([1]))
    const first = await clipIn(store, 'a.wav')
    expect(await clipIn(store, 'a.wav')).toBe(first)
    expect(store.sizes().cachedBytes).toBe(2)
    writeFileSync(path, wavOf([2]))
    utimesSync(path, new Date(), new Date(Date.now() + 2_000))
    expect([...(await clipIn(store, 'a.wav')).data]).toEqual([2])
    expect(store.sizes().cachedBytes).toBe(2)
  })

  it.each([16_000, 48_000])('reads a file of %i Hz at 16 kHz for who can make use of it', async (rateHz) => {
    const store = await open()
    const sine = (hz: number, at: number, length: number) =>
      Array.from({ length }, (_, i) => 8000 * Math.sin((2 * Math.PI * hz * i) / at))
    const audio = new Uint8Array(Int16Array.from(sine(5000, rateHz, rateHz / 4)).buffer)
    writeFileSync(join(directory, 'wide.wav'), Buffer.concat([wavHeader('pcm16', audio.length, rateHz), audio]))
    writeFileSync(join(directory, 'narrow.wav'), wavOf([1, 2, 3]))
    const wide = await clipIn(store, 'wide.wav', 16_000)
    expect([wide.sampleRateHz, wide.data.length]).toEqual([16_000, 4000])
    expect(toneLevelDbm0(Int16Array.from(wide.data.subarray(1000, 3000)), 2500)).toBeGreaterThan(-14)
    const narrow = await clipIn(store, 'wide.wav')
    expect([narrow.sampleRateHz, narrow.data.length]).toEqual([8000, 2000])
    expect(toneLevelDbm0(Int16Array.from(narrow.data.subarray(500, 1500)), 3000)).toBeLessThan(-50)
    expect(await clipIn(store, 'wide.wav', 16_000)).toBe(wide)
    // What has no more than 8 kHz is one and the same for all.
    const same = await clipIn(store, 'narrow.wav')
    expect(same.sampleRateHz).toBe(8000)
    expect(await clipIn(store, 'narrow.wav', 16_000)).toBe(same)
    expect(store.sizes().cachedBytes).toBe(2 * (4000 + 2000 + 3))
  })

  it('reads what is long at 16 kHz while it plays, too', async () => {
    const store = await open({ streamLongerThanMs: 500 })
    const audio = new Uint8Array(2 * 16_000)
    writeFileSync(join(directory, 'long.wav'), Buffer.concat([wavHeader('pcm16', audio.length, 16_000), audio]))
    for (const mostHz of [8000, 16_000] as const) {
      const { source, close } = await store.read('long.wav', { loop: false, mostHz })
      if (source.kind !== 'stream') throw new Error('it is in memory')
      const reader = new StreamReader(source.stream)
      await vi.waitUntil(() => reader.isEnded)
      expect([source.stream.sampleRateHz, reader.available]).toEqual([mostHz, mostHz])
      await close()
    }
  })

  it('reads a file once for all who ask meanwhile', async () => {
    const store = await open({ cacheBytes: 0 })
    writeFileSync(join(directory, 'a.ul'), Uint8Array.of(1, 2))
    const [one, other] = await Promise.all([clipIn(store, 'a.ul'), clipIn(store, 'a.ul')])
    expect(one).toBe(other)
    expect(await clipIn(store, 'a.ul')).not.toBe(one)
  })

  it.each(['', '/etc/passwd', '../a.wav', 'a/../../b.wav', 'a//b.wav', 'a\\b.wav', 'a b.wav', 'a\0.wav'])(
    'refuses the name %j',
    async (name) => {
      const store = await open()
      await expect(clipIn(store, name)).rejects.toThrow(UsageError)
      await expect(store.write(name, 'pcm16')).rejects.toThrow(UsageError)
    },
  )

  it('says what is wrong with a file', async () => {
    const store = await open()
    writeFileSync(join(directory, 'a.txt'), 'hello')
    mkdirSync(join(directory, 'folder'))
    await expect(clipIn(store, 'a.wav')).rejects.toThrow(
      'a.wav cannot be played: there is no such file in the media store',
    )
    await expect(clipIn(store, 'a.txt')).rejects.toThrow(/a\.txt cannot be played: its format is not known/)
    await expect(clipIn(store, 'folder')).rejects.toThrow(MediaFileError)
  })

  it('reads what is long while it plays, and says at the end what it could not read', async () => {
    const store = await open({ streamLongerThanMs: 1000 })
    writeFileSync(join(directory, 'short.wav'), wavOf(new Array(8000).fill(1)))
    writeFileSync(join(directory, 'long.wav'), wavOf(new Array(80_000).fill(1)))
    expect((await store.read('short.wav', { loop: true })).source).toMatchObject({ kind: 'audio', loop: true })
    const good = await store.read('long.wav', { loop: true })
    expect(good.source.kind).toBe('stream')
    await good.close()
    expect(store.sizes().cachedBytes).toBe(16_000)
    const bad = await store.read('long.wav', { loop: true })
    utimesSync(join(directory, 'long.wav'), 1, 1)
    const { stream } = bad.source as Extract<typeof bad.source, { kind: 'stream' }>
    const reader = new StreamReader(stream)
    await vi.waitUntil(() => {
      reader.advance(reader.available)
      return reader.isEnded
    })
    await expect(bad.close()).rejects.toThrow(
      'long.wav could not be played to its end: it was changed while it was read',
    )
    expect(store.counters.snapshot()).toMatchObject({ filesCutShort: 1 })
  })

  it('decodes a compressed file only once to find out that it is long', async () => {
    const loads: string[] = []
    const audio = new LocalAudioFiles()
    const counting: AudioFiles = {
      load: (path, name, most) => {
        loads.push(name)
        return audio.load(path, name, most)
      },
      stream: (path, name, how) => audio.stream(path, name, how),
      inspect: (path, name) => audio.inspect(path, name),
      close: () => audio.close(),
    }
    const store = await open({ streamLongerThanMs: 1000 }, counting)
    copyFileSync(new URL('audio/test/sounds/mono-22k.mp3', import.meta.url), join(directory, 'a.mp3'))
    for (let n = 0; n < 3; n++) {
      const { source, close } = await store.read('a.mp3', { loop: false })
      expect(source.kind).toBe('stream')
      await close()
    }
    expect(loads).toEqual(['a.mp3'])
  })

  it('plays what is there of a file that was cut, and warns', async () => {
    const store = await open()
    writeFileSync(join(directory, 'a.wav'), wavOf([1, 2, 3, 4]).subarray(0, 48))
    expect([...(await clipIn(store, 'a.wav')).data]).toEqual([1, 2])
    expect(warnings).toEqual(['a.wav ends 4 octets before it should; what is there is played'])
  })

  it('follows no link that leads out of the store', async () => {
    const store = await open()
    writeFileSync(join(folder, 'secret.wav'), wavOf([1]))
    symlinkSync(join(folder, 'secret.wav'), join(directory, 'link.wav'))
    symlinkSync(folder, join(directory, 'up'))
    await expect(clipIn(store, 'link.wav')).rejects.toThrow(/leads out of the media store/)
    await expect(clipIn(store, 'up/secret.wav')).rejects.toThrow(/leads out of the media store/)
    await expect(store.write('up/new.wav', 'pcm16')).rejects.toThrow(/leads out of the media store/)
    writeFileSync(join(directory, 'real.wav'), wavOf([1]))
    symlinkSync(join(directory, 'real.wav'), join(directory, 'alias.wav'))
    expect((await clipIn(store, 'alias.wav')).data).toHaveLength(1)
  })
})

describe('recording', () => {
  const sweep = Int16Array.from({ length: 20_000 }, (_, n) => ((n * 37) % 20_000) - 10_000)

  it('shows a file when it is whole, with the right header', async () => {
    const store = await open()
    const recording = await store.write('calls/a.wav', 'pcm16')
    for (let at = 0; at < sweep.length; at += 160) recording.write(sweep.subarray(at, at + 160))
    expect(readdirSync(join(directory, 'calls'))).toEqual(['a.wav.part'])
    expect(store.sizes().recordings).toBe(1)
    await recording.close()
    expect(readdirSync(join(directory, 'calls'))).toEqual(['a.wav'])
    expect(store.sizes().recordings).toBe(0)
    const wav = parseWav(readFileSync(join(directory, 'calls', 'a.wav')))
    expect(wav.ok && wav.value).toMatchObject({ encoding: 'pcm16', channels: 1, sampleRateHz: 8000 })
    expect([...(await clipIn(store, 'calls/a.wav')).data]).toEqual([...sweep])
  })

  it.each(['pcm8', 'pcm16', 'pcmu', 'pcma', 'ima-adpcm'] as const)(
    'reads what it has written as %s',
    async (format) => {
      const store = await open()
      const recording = await store.write('a.wav', format)
      const speech = speechLike(3000)
      for (let at = 0; at < speech.length; at += 1280) expect(recording.write(speech.slice(at, at + 1280))).toBe(true)
      await recording.close()
      const wav = parseWav(readFileSync(join(directory, 'a.wav')))
      if (!wav.ok) throw new Error(wav.error)
      expect(wav.value).toMatchObject({ encoding: format, channels: 1, sampleRateHz: 8000 })
      const samples = samplesOfWav(wav.value)
      expect(samples.length).toBe(format === 'ima-adpcm' ? Math.ceil(24_000 / 505) * 505 : 24_000)
      expect(bestMatch(samples, speech.subarray(8000, 20_000), 8000).correlation).toBeGreaterThan(0.97)
      expect(bestMatch(samples, speech.subarray(8000, 20_000), 8000).offset).toBe(8000)
    },
  )

  it.each([
    ['a.ul', 'pcmu'],
    ['b.al', 'pcma'],
  ] as const)('writes %s without a header', async (name, format) => {
    const store = await open()
    const recording = await store.write(name, format)
    recording.write(sweep)
    await recording.close()
    expect(readFileSync(join(directory, name)).length).toBe(sweep.length)
    expect((await clipIn(store, name)).encoding).toBe(format)
  })

  it.each(['pcmu', 'pcma'] as const)('writes %s, an odd number of octets padded', async (format) => {
    const store = await open()
    const recording = await store.write('a.wav', format)
    recording.write(sweep.subarray(0, 161))
    await recording.close()
    const bytes = readFileSync(join(directory, 'a.wav'))
    expect(bytes.length % 2).toBe(0)
    const clip = await clipIn(store, 'a.wav')
    expect(clip.encoding).toBe(format)
    expect(clip.data).toHaveLength(161)
  })

  it('leaves the file before until the new one is whole', async () => {
    const store = await open()
    writeFileSync(join(directory, 'a.wav'), wavOf([7]))
    const recording = await store.write('a.wav', 'pcm16')
    recording.write(sweep)
    expect([...(await clipIn(store, 'a.wav')).data]).toEqual([7])
    await recording.close()
    expect((await clipIn(store, 'a.wav')).data).toHaveLength(sweep.length)
  })

  it('has one recording of a name at a time', async () => {
    const store = await open()
    const recording = await store.write('a.wav', 'pcm16')
    await expect(store.write('a.wav', 'pcm16')).rejects.toThrow('a.wav is being recorded already')
    await recording.close()
    await (await store.write('a.wav', 'pcm16')).close()
  })

  it('cuts one that becomes too long, and says so at the end', async () => {
    const store = await open({ maxRecordingBytes: 1_000 })
    const recording = await store.write('a.wav', 'pcm16')
    for (let i = 0; i < 10; i++) recording.write(sweep.subarray(0, 160))
    await expect(recording.close()).rejects.toThrow('a.wav ends after 960 bytes of audio: more is not allowed')
    expect((await clipIn(store, 'a.wav')).data).toHaveLength(480)
    expect(store.sizes().recordings).toBe(0)
  })

  it('says at the end what could not be written, and leaves nothing half done', async () => {
    const store = await open()
    const recording = await store.write('calls/a.wav', 'pcm16')
    recording.write(sweep)
    // The rename is what fails: a directory has taken the place.
    mkdirSync(join(directory, 'calls', 'a.wav'))
    writeFileSync(join(directory, 'calls', 'a.wav', 'x'), '')
    await expect(recording.close()).rejects.toThrow(/^a\.wav could not be recorded: /)
    expect(existsSync(join(directory, 'calls', 'a.wav.part'))).toBe(false)
    expect(store.sizes().recordings).toBe(0)
  })

  it('says at once when the file cannot be made', async () => {
    const store = await open()
    writeFileSync(join(directory, 'calls'), '')
    await expect(store.write('calls/a.wav', 'pcm16')).rejects.toThrow(/^calls\/a\.wav cannot be written: /)
    expect(store.sizes().recordings).toBe(0)
  })
})

describe('ClipCache', () => {
  const clip = (length: number) => ({ encoding: 'pcmu', sampleRateHz: 8000, data: new Uint8Array(length) }) as const

  it('lets go of what was not used for longest', () => {
    const cache = new ClipCache(10)
    cache.set('a', 1, 1, clip(4))
    cache.set('b', 1, 1, clip(4))
    expect(cache.get('a', 1, 1)).toBeDefined()
    cache.set('c', 1, 1, clip(4))
    expect(cache.get('b', 1, 1)).toBeUndefined()
    expect(cache.get('a', 1, 1)).toBeDefined()
    expect(cache.size).toBe(8)
    expect(cache.get('a', 2, 1)).toBeUndefined()
  })

  it('does not take what is larger than all of it', () => {
    const cache = new ClipCache(10)
    cache.set('a', 1, 1, clip(4))
    cache.set('big', 1, 1, clip(11))
    expect(cache.get('big', 1, 1)).toBeUndefined()
    expect(cache.size).toBe(4)
  })
})
