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
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MediaFiles, MediaStore } from '../../calls/index.ts'
import { MediaFileError, UsageError } from '../../kit/index.ts'
import { wavHeader } from '../../media/index.ts'
import { MemoryMediaStore } from '../../testing/index.ts'
import { LocalAudioFiles } from './audio/audio-files.ts'
import { DiskMediaStore } from './disk-media-store.ts'

let folder: string
let directory: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-media-files-'))
  directory = join(folder, 'media')
})
afterEach(() => rmSync(folder, { recursive: true }))

async function openDisk(): Promise<DiskMediaStore> {
  const settings = { directory, cacheBytes: 100_000, streamLongerThanMs: 60_000, maxRecordingBytes: 1_000_000 }
  const store = new DiskMediaStore(settings, { audio: new LocalAudioFiles(), silentForMs: 60_000 })
  await store.open()
  return store
}

function wavOf(samples: number[] | Int16Array, rateHz = 8000): Uint8Array {
  const audio = new Uint8Array(Int16Array.from(samples).buffer)
  return new Uint8Array(Buffer.concat([wavHeader('pcm16', audio.length, rateHz), audio]))
}

const read = async (pieces: AsyncIterable<Uint8Array>) => {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return new Uint8Array(Buffer.concat(all))
}

/** What holds of `app.files` wherever the store is. */
describe.each([
  ['on disk', openDisk],
  ['in memory', async () => new MemoryMediaStore()],
])('the files of a store %s', (_, openStore: () => Promise<MediaStore & { readonly files: MediaFiles }>) => {
  let store: MediaStore & { readonly files: MediaFiles }
  let files: MediaFiles
  beforeEach(async () => {
    store = await openStore()
    files = store.files
  })

  it('are written, read, listed, renamed and deleted', async () => {
    const hello = wavOf([1, 2, 3])
    expect(await files.exists('en/hello.wav')).toBe(false)
    await files.write('en/hello.wav', hello)
    await files.write('en/other.wav', wavOf([4]))
    await files.write('notes.txt', Uint8Array.of(65))
    expect(await files.exists('en/hello.wav')).toBe(true)
    expect(await files.read('en/hello.wav')).toEqual(hello)
    expect(await read(files.stream('en/hello.wav'))).toEqual(hello)
    const names = async (prefix?: string) => (await files.list(prefix)).map(({ name, bytes }) => [name, bytes])
    expect(await names('en/')).toEqual([
      ['en/hello.wav', 50],
      ['en/other.wav', 46],
    ])
    expect(await names('en/h')).toEqual([['en/hello.wav', 50]])
    expect((await names()).length).toBe(3)
    expect(await files.list('', { most: 1 })).toHaveLength(1)
    expect(await names('de/')).toEqual([])
    await files.rename('en/hello.wav', 'de/hallo.wav')
    expect(await names()).toEqual([
      ['de/hallo.wav', 50],
      ['en/other.wav', 46],
      ['notes.txt', 1],
    ])
    expect(await files.delete('de/hallo.wav')).toBe(true)
    expect(await files.delete('de/hallo.wav')).toBe(false)
    expect(await files.exists('de/hallo.wav')).toBe(false)
  })

  it('that were written are played', async () => {
    await files.write('a.wav', wavOf([5, 6]))
    const played = async () => (await store.read('a.wav', { loop: false })).source
    expect(await played()).toMatchObject({ clip: { data: Int16Array.of(5, 6) } })
    await files.write('a.wav', wavOf([7]))
    expect(await played()).toMatchObject({ clip: { data: Int16Array.of(7) } })
    await files.write('a.wav', Uint8Array.of(1, 2, 3))
    await expect(store.read('a.wav', { loop: false })).rejects.toThrow(
      /a\.wav cannot be played: its format is not known/,
    )
  })

  it('that were recorded are there once they are complete', async () => {
    await files.write('call.wav', wavOf([9, 9, 9, 9, 9, 9]))
    const sink = await store.write('call.wav', 'pcm16')
    sink.write(Int16Array.of(1, 2))
    expect((await files.read('call.wav')).length).toBe(56)
    expect((await files.list()).map(({ name }) => name)).toEqual(['call.wav'])
    await sink.close()
    expect(await files.read('call.wav')).toEqual(wavOf([1, 2]))
  })

  it('that were recorded of both sides have two channels', async () => {
    const sink = await store.write('both.wav', 'pcm16', 16_000, 2)
    sink.write(new Int16Array(2 * 1600).fill(7))
    await sink.close()
    expect(await files.validate('both.wav')).toMatchObject({ channels: 2, sampleRateHz: 16_000, durationMs: 100 })
    expect((await files.read('both.wav')).length).toBe(44 + 4 * 1600)
  })

  it('do not replace another by a new name, unless asked', async () => {
    await files.write('a.wav', wavOf([1]))
    await files.write('b.wav', wavOf([2]))
    const refused = files.rename('a.wav', 'b.wav')
    await expect(refused).rejects.toThrow(/b\.wav is there already: say \{ replace: true \}/)
    await expect(refused).rejects.toBeInstanceOf(MediaFileError)
    expect(await files.read('b.wav')).toEqual(wavOf([2]))
    await files.rename('a.wav', 'b.wav', { replace: true })
    expect(await files.read('b.wav')).toEqual(wavOf([1]))
    expect(await files.exists('a.wav')).toBe(false)
    await files.rename('b.wav', 'b.wav', { replace: true })
    expect(await files.read('b.wav')).toEqual(wavOf([1]))
  })

  it('refuse what is missing, too long, no name, or no octets', async () => {
    for (const ask of [
      () => files.read('no.wav'),
      () => read(files.stream('no.wav')),
      () => files.rename('no.wav', 'yes.wav'),
      () => files.validate('no.wav'),
    ]) {
      const missing = ask()
      await expect(missing).rejects.toThrow(MediaFileError)
      await expect(missing).rejects.toThrow(/no\.wav .*there is no such file in the media store/)
    }
    await files.write('a.wav', wavOf([1]))
    await expect(files.read('a.wav', { maxBytes: 45 })).rejects.toThrow('a.wav has 46 octets, and 45 is the most')
    expect((await files.read('a.wav', { maxBytes: 46 })).length).toBe(46)
    for (const name of ['../a.wav', '/etc/passwd', 'a//b', 'a/../../b', 'ä.wav', 'a b', '']) {
      await expect(files.exists(name)).rejects.toThrow(UsageError)
      await expect(files.read(name)).rejects.toThrow(UsageError)
      await expect(files.write(name, Uint8Array.of(1))).rejects.toThrow(UsageError)
      await expect(files.rename('a.wav', name)).rejects.toThrow(UsageError)
      await expect(files.delete(name)).rejects.toThrow(UsageError)
      await expect(files.validate(name)).rejects.toThrow(UsageError)
    }
    await expect(files.list('../')).rejects.toThrow(UsageError)
    await expect(files.write('a.wav', 'text' as never)).rejects.toThrow(UsageError)
  })

  it('are looked through', async () => {
    await files.write('good.wav', wavOf(new Int16Array(24_000), 16_000))
    expect(await files.validate('good.wav')).toEqual({
      format: 'wav',
      durationMs: 1500,
      sampleRateHz: 16_000,
      channels: 1,
      isPlayable: true,
      problems: [],
    })
    await files.write('cut.wav', wavOf(new Int16Array(8000)).subarray(0, 8044))
    expect(await files.validate('cut.wav')).toMatchObject({
      durationMs: 500,
      isPlayable: true,
      problems: ['it ends 8000 octets before it should; what is there is played'],
    })
    await files.write('raw.ul', new Uint8Array(4000))
    expect(await files.validate('raw.ul')).toMatchObject({ format: 'g711', durationMs: 500, isPlayable: true })
    await files.write('empty.wav', new Uint8Array(0))
    expect(await files.validate('empty.wav')).toMatchObject({ isPlayable: false, problems: ['it is empty'] })
    await files.write('silent.wav', wavOf([]))
    expect(await files.validate('silent.wav')).toMatchObject({ isPlayable: false, problems: ['it holds no sound'] })
    await files.write('text.wav', new TextEncoder().encode('no sound at all'))
    expect(await files.validate('text.wav')).toMatchObject({
      format: 'unknown',
      isPlayable: false,
      problems: [expect.stringMatching(/format is not known/)],
    })
  })
})

describe('the files on disk', () => {
  const sound = (name: string) => new URL(`audio/test/sounds/${name}`, import.meta.url)

  it.each([
    ['mono-22k.mp3', { format: 'mp3', sampleRateHz: 22_050, channels: 1 }],
    ['stereo-44k.ogg', { format: 'vorbis', sampleRateHz: 44_100, channels: 2 }],
    ['mono.opus', { format: 'opus', sampleRateHz: 48_000, channels: 1 }],
    ['stereo-11k.flac', { format: 'flac', sampleRateHz: 11_025, channels: 2 }],
  ])('%s is decoded to its end, and its damage is found', async (name, shape) => {
    const { files } = await openDisk()
    copyFileSync(sound(name), join(directory, name))
    const facts = await files.validate(name)
    expect(facts).toMatchObject({ ...shape, isPlayable: true, problems: [] })
    expect(facts.durationMs).toBeGreaterThan(400)
    const whole = readFileSync(sound(name))
    writeFileSync(join(directory, name), whole.subarray(0, 1000))
    expect((await files.validate(name)).durationMs).toBeLessThan(facts.durationMs)
    // MP3 has no checksums worth the name, and nothing says how long it should be.
    if (shape.format !== 'mp3') expect(await files.validate(name)).toMatchObject({ isPlayable: false })
  })

  it('do not lead out of the store by links, nor to what the store keeps for itself', async () => {
    const { files } = await openDisk()
    writeFileSync(join(folder, 'secret.wav'), wavOf([1]))
    symlinkSync(join(folder, 'secret.wav'), join(directory, 'link.wav'))
    symlinkSync(folder, join(directory, 'out'))
    const outside = /link that leads out of the media store/
    await expect(files.read('link.wav')).rejects.toThrow(outside)
    await expect(files.validate('link.wav')).rejects.toThrow(outside)
    await expect(files.rename('link.wav', 'mine.wav')).rejects.toThrow(outside)
    await expect(files.write('out/new.wav', wavOf([1]))).rejects.toThrow(outside)
    await expect(files.delete('out/secret.wav')).rejects.toThrow(outside)
    expect(await files.exists('link.wav')).toBe(false)
    expect(await files.list()).toEqual([])
    expect(await files.list('out/')).toEqual([])
    expect(existsSync(join(folder, 'secret.wav'))).toBe(true)
    await expect(files.read('.ringdown/uploads/a')).rejects.toThrow(UsageError)
    // Writing to a link replaces the link, not what it leads to.
    await files.write('link.wav', wavOf([2]))
    expect(readFileSync(join(folder, 'secret.wav'))).toEqual(Buffer.from(wavOf([1])))
  })

  it('say that a folder is one', async () => {
    const { files } = await openDisk()
    mkdirSync(join(directory, 'calls'))
    expect(await files.exists('calls')).toBe(false)
    for (const ask of [
      () => files.read('calls'),
      () => files.write('calls', Uint8Array.of(1)),
      () => files.rename('calls', 'other'),
      () => files.delete('calls'),
    ])
      await expect(ask()).rejects.toThrow(/calls .*: (it is a (folder|directory)|EPERM)/)
    await files.write('a', Uint8Array.of(1))
    await expect(files.write('a/b.wav', Uint8Array.of(1))).rejects.toThrow(MediaFileError)
  })

  it('leave nothing behind: neither of a crash while writing, nor of a failure', async () => {
    const { files } = await openDisk()
    await files.write('a.wav', wavOf([1]))
    expect(readdirSync(directory)).toEqual(['a.wav'])
    const left = join(directory, 'b.wav.0123456789abcdef.new')
    writeFileSync(left, 'half')
    expect(await files.list()).toHaveLength(1)
    utimesSync(left, new Date(), new Date(Date.now() - 120_000))
    await openDisk()
    expect(readdirSync(directory)).toEqual(['a.wav'])
  })
})
