import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AudioStream, StreamReader, wavHeader } from '../../../media/index.ts'
import { LocalAudioFiles } from './audio-files.ts'
import { DiskFile, type ReadableFile } from './disk-file.ts'

let folder: string
let path: string
let files: LocalAudioFiles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-audio-'))
  path = join(folder, 'a.wav')
  files = new LocalAudioFiles()
})
afterEach(async () => {
  await files.close()
  rmSync(folder, { recursive: true })
})

const ramp = (length: number): Int16Array => Int16Array.from({ length }, (_, i) => (i % 60_000) - 30_000)

function wav(samples: Int16Array): Uint8Array {
  const audio = new Uint8Array(samples.buffer)
  return Buffer.concat([wavHeader('pcm16', audio.length), audio])
}

/** What is in the ring now. */
function taken(stream: AudioStream, reader: StreamReader): number[] {
  const samples: number[] = []
  for (let left = reader.available; left > 0; left--) {
    samples.push(stream.data[reader.at])
    reader.advance(1)
  }
  return samples
}

/** Everything up to the end. */
async function whole(stream: AudioStream): Promise<number[]> {
  const reader = new StreamReader(stream)
  const samples: number[] = []
  await vi.waitUntil(
    () => {
      const isEnded = reader.isEnded
      samples.push(...taken(stream, reader))
      return isEnded
    },
    { timeout: 20_000, interval: 10 },
  )
  return samples
}

describe('a long file', () => {
  it('goes through four seconds of memory, whole and in order', async () => {
    const samples = ramp(100_001)
    writeFileSync(path, wav(samples))
    expect(await files.load(path, 'a.wav', 100_000)).toBeUndefined()
    const { stream, stop } = await files.stream(path, 'a.wav', { loop: false })
    expect(stream.data.byteLength).toBe(65_536)
    expect(await whole(stream)).toEqual([...samples])
    await stop()
  })

  it('begins again without a seam when it loops', async () => {
    writeFileSync(
      join(folder, 'a.ul'),
      Uint8Array.from({ length: 20_001 }, (_, i) => i % 251),
    )
    const { stream, stop } = await files.stream(join(folder, 'a.ul'), 'a.ul', { loop: true })
    expect(stream.encoding).toBe('pcmu')
    const reader = new StreamReader(stream)
    const octets: number[] = []
    await vi.waitUntil(
      () => {
        octets.push(...taken(stream, reader))
        return octets.length > 50_000
      },
      { timeout: 20_000 },
    )
    expect(octets.slice(0, 50_000)).toEqual(Array.from({ length: 50_000 }, (_, i) => (i % 20_001) % 251))
    await stop()
    expect(reader.isEnded).toBe(true)
  })

  it.each([
    [1000, 12_001],
    [60_000, 0],
  ])('begins %i ms from its beginning, and a loop then at that', async (startMs, length) => {
    const samples = ramp(20_001)
    writeFileSync(path, wav(samples))
    const once = await files.stream(path, 'a.wav', { loop: false, startMs })
    expect(await whole(once.stream)).toEqual([...samples.subarray(20_001 - length)])
    await once.stop()
    const again = await files.stream(path, 'a.wav', { loop: true, startMs })
    const reader = new StreamReader(again.stream)
    await vi.waitUntil(() => reader.available > length + 1000)
    const heard = taken(again.stream, reader)
    expect(heard.slice(0, length + 1000)).toEqual([...samples.subarray(20_001 - length), ...samples.subarray(0, 1000)])
    await again.stop()
  })

  it('ends early when it is cut while it plays, and says why', async () => {
    writeFileSync(path, wav(ramp(200_000)))
    const { stream, stop } = await files.stream(path, 'a.wav', { loop: false })
    truncateSync(path, 100_000)
    const heard = await whole(stream)
    expect(heard.length).toBeGreaterThanOrEqual(4000)
    expect(heard).toEqual([...ramp(200_000).subarray(0, heard.length)])
    await expect(stop()).rejects.toThrow('it was changed while it was read')
  })

  it('ends early when it is written to', async () => {
    writeFileSync(path, wav(ramp(200_000)))
    const { stream, stop } = await files.stream(path, 'a.wav', { loop: false })
    appendFileSync(path, 'more')
    expect((await whole(stream)).length).toBeLessThan(50_000)
    await expect(stop()).rejects.toThrow('it was changed while it was read')
  })

  it('is played to its end when another takes its place', async () => {
    writeFileSync(path, wav(ramp(100_000)))
    const { stream, stop } = await files.stream(path, 'a.wav', { loop: false })
    writeFileSync(join(folder, 'b.wav'), wav(new Int16Array(10)))
    renameSync(join(folder, 'b.wav'), path)
    expect(await whole(stream)).toEqual([...ramp(100_000)])
    await stop()
  })

  it('that holds nothing ends at once, looped or not', async () => {
    writeFileSync(path, wav(new Int16Array(0)))
    for (const loop of [false, true]) {
      const { stream, stop } = await files.stream(path, 'a.wav', { loop })
      expect(new StreamReader(stream).isEnded).toBe(true)
      await stop()
    }
  })

  it('is closed when it is stopped in the middle, and when all are', async () => {
    const closed: string[] = []
    files = new LocalAudioFiles(async (name) => {
      const file = await DiskFile.open(name)
      return {
        size: file.size,
        read: (at, length) => file.read(at, length),
        close: async () => {
          closed.push(name)
          await file.close()
        },
      }
    })
    writeFileSync(path, wav(ramp(200_000)))
    const { stop } = await files.stream(path, 'a.wav', { loop: true })
    await files.stream(path, 'a.wav', { loop: true })
    await stop()
    expect(closed.length).toBe(1)
    await files.close()
    expect(closed.length).toBe(2)
  })
})

describe('a slow disk', () => {
  it('delays what is read and nothing else', async () => {
    let delayMs = 0
    const slow = async (name: string): Promise<ReadableFile> => {
      const file = await DiskFile.open(name)
      return {
        size: file.size,
        read: async (at, length) => {
          await new Promise((resolve) => setTimeout(resolve, delayMs))
          return file.read(at, length)
        },
        close: () => file.close(),
      }
    }
    files = new LocalAudioFiles(slow)
    writeFileSync(path, wav(ramp(40_000)))
    const { stream, stop } = await files.stream(path, 'a.wav', { loop: false })
    delayMs = 100
    expect(await whole(stream)).toEqual([...ramp(40_000)])
    await stop()
  })
})

describe('what cannot be played', () => {
  it.each<[string, () => void, RegExp]>([
    ['nothing', () => {}, /ENOENT/],
    ['a directory', () => mkdirSync(path), /it is a directory/],
    ['a pipe', () => execFileSync('mkfifo', [path]), /not a regular file/],
    ['an empty file', () => writeFileSync(path, ''), /it is empty/],
    ['a text', () => writeFileSync(path, 'hello'), /format is not known/],
    [
      'half a header',
      () => writeFileSync(path, wav(ramp(1)).subarray(0, 30)),
      /format chunk of the WAV file is too short/,
    ],
    ['half a format', () => writeFileSync(path, wav(ramp(1)).subarray(0, 40)), /no data chunk/],
  ])('%s is refused, saying why', async (_, make, why) => {
    make()
    await expect(files.load(path, 'a.wav', 1000)).rejects.toThrow(why)
    await expect(files.stream(path, 'a.wav', { loop: false })).rejects.toThrow(why)
  })

  it('refuses a WAV file whose audio is nowhere near its beginning', async () => {
    const head = Buffer.from('RIFF\xff\xff\xff\x7fWAVELIST\x00\x00\x00\x01', 'latin1')
    writeFileSync(path, Buffer.concat([head, Buffer.alloc(2 ** 24 + 100)]))
    await expect(files.load(path, 'a.wav', 1000)).rejects.toThrow(/no audio in its first/)
  })
})
