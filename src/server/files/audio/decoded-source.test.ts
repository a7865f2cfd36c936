import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correlationAt } from '../../../media/test/signals.ts'
import { type AudioSource, openAudioSource } from './audio-source.ts'
import type { ReadableFile } from './disk-file.ts'
import { loadClip } from './load-clip.ts'
import { voice } from './test/voice.ts'

const sound = (name: string): Uint8Array => readFileSync(new URL(`test/sounds/${name}`, import.meta.url))

function fileOf(bytes: Uint8Array): ReadableFile {
  return {
    size: bytes.length,
    read: async (at, length) => bytes.slice(at, at + length),
    close: async () => {},
  }
}

const open = (bytes: Uint8Array): Promise<AudioSource> => openAudioSource(fileOf(bytes), 'x')

async function samplesOf(source: AudioSource): Promise<Int16Array> {
  const clip = await loadClip(source, 1e6)
  return clip?.data as Int16Array
}

/** How alike a decoded file and the voice are, at the best of 0 to 100 ms of delay. */
function likeness(decoded: Int16Array, seconds: number): { correlation: number; delay: number } {
  const part = voice(8000, seconds).subarray(800, 8000 * seconds - 1000)
  let best = { correlation: -1, delay: 0 }
  for (let delay = -100; delay < 800; delay++) {
    const correlation = correlationAt(decoded, part, 800 + delay)
    if (correlation > best.correlation) best = { correlation, delay }
  }
  return best
}

const SOUNDS: [name: string, seconds: number, correlation: number][] = [
  ['mono-22k.mp3', 1.5, 0.97],
  ['stereo-44k-vbr.mp3', 1.5, 0.97],
  ['stereo-44k.ogg', 1.5, 0.97],
  ['mono-16k.ogg', 1.5, 0.97],
  // The codec shifts by parts of a sample, which costs as much as its noise.
  ['mono.opus', 1.5, 0.95],
  ['mono-16k.flac', 0.5, 0.9999],
  ['stereo-11k.flac', 0.5, 0.9999],
  ['mono-16k-24bit.flac', 0.5, 0.9999],
]

describe.each(SOUNDS)('%s', (name, seconds, correlation) => {
  it('sounds like what it was made of, once and once more', async () => {
    const source = await open(sound(name))
    expect([source.encoding, source.isPlain]).toEqual(['pcm16', false])
    expect(source.leastLength).toBeGreaterThan(name.endsWith('flac') ? 3998 : 200)
    expect(source.leastLength).toBeLessThanOrEqual(8000 * seconds)
    const decoded = await samplesOf(source)
    const heard = likeness(decoded, seconds)
    expect(heard.correlation).toBeGreaterThan(correlation)
    expect(Math.abs(decoded.length - heard.delay - 8000 * seconds)).toBeLessThan(1200)
    source.rewind()
    expect(await samplesOf(source)).toEqual(decoded)
    source.rewind(250)
    expect(await samplesOf(source)).toEqual(decoded.subarray(2000))
    source.rewind(60_000)
    expect(await samplesOf(source)).toHaveLength(0)
  })

  it('is decoded alike in whatever pieces the disk gives it', async () => {
    const bytes = sound(name)
    const whole = await samplesOf(await open(bytes))
    const file = fileOf(bytes)
    const source = await openAudioSource({ ...file, read: (at, length) => file.read(at, Math.min(length, 1000)) }, name)
    expect(await samplesOf(source)).toEqual(whole)
  })

  it('never hangs or breaks anything when it is damaged, and says what is wrong', async () => {
    const sane = sound(name)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(sane.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.oneof(fc.constant(sane.length), fc.nat(sane.length)),
        async (edits, cut) => {
          const bytes = Uint8Array.from(sane.subarray(0, cut))
          for (const [at, value] of edits) if (at < cut) bytes[at] = value
          const outcome = await open(bytes).then(samplesOf, String).catch(String)
          if (typeof outcome === 'string') expect(outcome).toMatch(/^Error: (it is empty$|(it|its|the) [^\n]{10,})/)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a compressed file that cannot be played says why', () => {
  const patched = (name: string, at: number, text: string): Uint8Array => {
    const bytes = Uint8Array.from(sound(name))
    bytes.set(Buffer.from(text, 'latin1'), at)
    return bytes
  }
  it.each<[string, Uint8Array, RegExp]>([
    ['FLAC cut off', sound('mono-16k.flac').subarray(0, 4000), /the FLAC file is cut off in the middle of a frame/],
    ['FLAC with a wrong octet', patched('mono-16k.flac', 3000, 'x'), /the FLAC file is damaged: /],
    ['FLAC without a word about itself', Buffer.from('fLaC\x84\0\0\0', 'latin1'), /does not say what it holds/],
    ['Ogg cut off', sound('mono-16k.ogg').subarray(0, 6000), /the Ogg file is cut off: its last page is missing/],
    ['Ogg with a wrong octet', patched('mono-16k.ogg', 5000, 'x'), /a page does not match its checksum/],
    ['Ogg of another kind', patched('mono-16k.ogg', 28, '\x80theora'), /begins with neither Vorbis nor Opus/],
    ['two streams', Buffer.concat([sound('mono.opus'), sound('mono.opus')]), /several streams one after the other/],
    [
      'MP3 that is a tag only',
      Buffer.from(`ID3\x04\0\0\0\0\0\x0a${'x'.repeat(20)}`, 'latin1'),
      /no frames of layer III/,
    ],
    ['MP3 that goes on with noise', Buffer.concat([sound('mono-22k.mp3'), new Uint8Array(2 ** 21)]), /hold no frame/],
  ])('%s', async (_, bytes, why) => {
    await expect(open(bytes).then(samplesOf)).rejects.toThrow(why)
  })

  it('when it is too large', async () => {
    const huge = { ...fileOf(sound('mono-22k.mp3')), size: 2 ** 30 }
    await expect(openAudioSource(huge, 'x.mp3')).rejects.toThrow(
      'it has 1073741824 octets: of a compressed file, 536870912',
    )
  })
})
