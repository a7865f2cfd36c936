import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8Encode } from '../../kit/index.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { sinePeak } from '../dsp/level.ts'
import { decodeAudioFile } from './decode-audio-file.ts'
import { decodeImaAdpcm } from './ima-adpcm.ts'
import { SampleEncoder, samplesWithin } from './sample-encoder.ts'
import { parseWav } from './wav-reader.ts'
import { samplesOfWav } from './wav-samples.ts'
import { wavHeader, wavHeaderLength, wavPadding } from './wav-writer.ts'

const uint32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
const chunk = (tag: string, body: Uint8Array, size = body.length): Uint8Array =>
  concatBytes(utf8Encode(tag), uint32(size), body, new Uint8Array(body.length & 1))
const riff = (...chunks: Uint8Array[]): Uint8Array => {
  const body = concatBytes(utf8Encode('WAVE'), ...chunks)
  return concatBytes(utf8Encode('RIFF'), uint32(body.length), body)
}
const format = (
  code: number,
  channels: number,
  rate: number,
  bits: number,
  more: readonly number[] = [],
): Uint8Array => {
  const align = code === 17 ? 256 * channels : (channels * bits) / 8
  const words = Uint16Array.of(code, channels, rate & 0xffff, rate >>> 16, 0, 0, align, bits, ...more)
  return chunk('fmt ', new Uint8Array(words.buffer))
}
const bytesOf = (samples: Int16Array): Uint8Array =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)

function sine(frequencyHz: number, rate: number, channels = 1): Int16Array {
  return Int16Array.from({ length: rate * channels }, (_, i) =>
    Math.round(sinePeak(-10) * Math.sin((2 * Math.PI * frequencyHz * Math.floor(i / channels)) / rate)),
  )
}

function clip(name: string, bytes: Uint8Array): Extract<ReturnType<typeof decodeAudioFile>, { ok: true }>['value'] {
  const decoded = decodeAudioFile(name, bytes)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

function errorOf(name: string, bytes: Uint8Array): string {
  const decoded = decodeAudioFile(name, bytes)
  return decoded.ok ? 'no error' : decoded.error
}

describe('WAV files', () => {
  it('gives 16-bit samples back as they were written', () => {
    const samples = sine(440, 8000)
    const file = concatBytes(wavHeader('pcm16', samples.length * 2), bytesOf(samples))
    expect(clip('a.wav', file)).toEqual({ encoding: 'pcm16', sampleRateHz: 8000, data: samples })
  })

  it.each(['pcmu', 'pcma'] as const)('keeps %s as it is', (encoding) => {
    const octets = Uint8Array.from({ length: 255 }, (_, i) => i)
    const file = concatBytes(wavHeader(encoding, 255), octets, new Uint8Array(wavPadding(255)))
    expect(file.length).toBe(wavHeaderLength(encoding) + 256)
    expect(new DataView(file.buffer).getUint32(4, true)).toBe(file.length - 8)
    const decoded = clip('a.wav', file)
    expect(decoded).toEqual({ encoding, sampleRateHz: 8000, data: octets })
    expect(decoded.data.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it('writes a header that can be patched in place, and reads a file that never was', () => {
    expect(wavHeader('pcm16', 0).length).toBe(wavHeader('pcm16', 1e9).length)
    const samples = sine(440, 8000)
    const cutOff = concatBytes(wavHeader('pcm16', 0), bytesOf(samples))
    expect(clip('a.wav', cutOff).data.length).toBe(8000)
    expect(clip('a.wav', wavHeader('pcm16', 0)).data.length).toBe(0)
  })

  it.each([
    ['8-bit PCM', 1, 8],
    ['16-bit PCM', 1, 16],
  ])('decodes %s, mono and stereo, at any rate from 8 to 48 kHz', (_, code, bits) => {
    for (const rate of [8000, 11_025, 16_000, 44_100, 48_000])
      for (const channels of [1, 2]) {
        const samples = sine(1000, rate, channels)
        const data = bits === 16 ? bytesOf(samples) : Uint8Array.from(samples, (s) => (s >> 8) + 128)
        const decoded = clip('x.WAV', riff(format(code, channels, rate, bits), chunk('data', data)))
        expect(decoded.data.length).toBe(8000)
        expect(toneLevelDbm0(decoded.data as Int16Array, 1000)).toBeCloseTo(-10, 0)
      }
  })

  it('decodes stereo G.711 and the extensible form', () => {
    const stereo = clip('x.wav', riff(format(7, 2, 8000, 8), chunk('data', Uint8Array.of(0x8b, 0x8b, 0x0b, 0x8b))))
    expect(stereo).toMatchObject({ encoding: 'pcm16', data: Int16Array.of(20_860, 0) })
    const extensible = format(0xfffe, 1, 8000, 16, [22, 16, 4, 0, 1, 0, 0, 16, 128, 43_520, 14_336, 29_083])
    expect(clip('x.wav', riff(extensible, chunk('data', Uint8Array.of(1, 0)))).data).toEqual(Int16Array.of(1))
  })

  it('steps over chunks that it does not know, of odd length too', () => {
    const odd = chunk('LIST', Uint8Array.of(1, 2, 3))
    const file = riff(odd, format(1, 1, 8000, 16), odd, chunk('data', Uint8Array.of(5, 0, 6, 0)), odd)
    expect(clip('x.wav', file).data).toEqual(Int16Array.of(5, 6))
  })

  it('takes what is there when sizes reach beyond the end', () => {
    const file = riff(format(1, 1, 8000, 16), chunk('data', Uint8Array.of(5, 0, 6, 0, 7), 0xffffffff))
    expect(clip('x.wav', file).data).toEqual(Int16Array.of(5, 6, 7))
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /not known/],
    ['an MP3', Uint8Array.of(0x49, 0x44, 0x33, 4), /not known: use WAV/],
    ['a header alone', utf8Encode('RIFF0000WAVE'), /no data chunk/],
    ['RIFF of another kind', utf8Encode('RIFF0000AVI LIST'), /not a WAV file/],
    ['data before the format', riff(chunk('data', new Uint8Array(4))), /no format chunk/],
    ['24 bits', riff(format(1, 1, 8000, 24), chunk('data', new Uint8Array(4))), /format 1 with 24 bits/],
    ['six channels', riff(format(1, 6, 8000, 16), chunk('data', new Uint8Array(12))), /6 channels/],
    ['4 kHz', riff(format(1, 1, 4000, 16), chunk('data', new Uint8Array(4))), /4000 Hz/],
    ['a short format chunk', riff(chunk('fmt ', new Uint8Array(6))), /too short/],
    ['a short extensible format chunk', riff(format(0xfffe, 1, 8000, 16)), /too short/],
  ])('refuses %s, saying why', (_, bytes, why) => {
    expect(errorOf('x.wav', bytes)).toMatch(why)
  })

  it('never throws, whatever a file holds', () => {
    const sane = riff(format(17, 2, 22_050, 4), chunk('data', new Uint8Array(600)))
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => typeof decodeAudioFile('x.wav', bytes).ok === 'boolean',
      ),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sane.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(sane.length),
        (edits, cut) => {
          const bytes = sane.slice(0, cut)
          for (const [at, value] of edits) if (at < cut) bytes[at] = value
          expect(typeof decodeAudioFile('x.wav', bytes).ok).toBe('boolean')
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('raw G.711', () => {
  it.each([
    ['hello.ul', 'pcmu'],
    ['hello.ULAW', 'pcmu'],
    ['a.b.pcmu', 'pcmu'],
    ['hello.al', 'pcma'],
    ['hello.alaw', 'pcma'],
    ['hello.pcma', 'pcma'],
  ])('%s is %s', (name, encoding) => {
    expect(clip(name, Uint8Array.of(1, 2, 3))).toEqual({ encoding, sampleRateHz: 8000, data: Uint8Array.of(1, 2, 3) })
  })
})

describe('IMA ADPCM', () => {
  it('decodes a block worked out by hand', () => {
    // Predictor 100, step 7; codes 0, 7, 8+7, 4 : differences 0 and +11 of step 7, -30 of step 16, +38 of step 34.
    const block = Uint8Array.of(100, 0, 0, 0, 0x70, 0x4f, 0, 0)
    expect([...decodeImaAdpcm(block, 8, 1).subarray(0, 5)]).toEqual([100, 100, 111, 81, 119])
  })

  it('reads stereo blocks and a last one that is cut', () => {
    const samples = decodeImaAdpcm(new Uint8Array(16 + 16 + 8), 16, 2)
    expect(samples.length).toBe(2 * (9 + 9 + 1))
  })

  it('is written in stereo as it is read: each channel by itself', () => {
    const left = Int16Array.from({ length: 2000 }, (_, i) => 9000 * Math.sin(i / 9))
    const right = Int16Array.from({ length: 2000 }, (_, i) => 5000 * Math.sin(i / 5))
    const both = Int16Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1])
    const encoder = new SampleEncoder('ima-adpcm', 2)
    const parts = [encoder.encode(both.subarray(0, 1500)), encoder.encode(both.subarray(1500)), encoder.finish()]
    const data = concatBytes(...parts)
    expect(data.length).toBe(4 * 512)
    const wav = parseWav(concatBytes(wavHeader('ima-adpcm', data.length, 8000, 2), data))
    if (!wav.ok) throw new Error(wav.error)
    expect(wav.value).toMatchObject({ channels: 2, blockBytes: 512 })
    const samples = samplesOfWav(wav.value)
    for (const [channel, said] of [left, right].entries()) {
      const heard = samples.filter((_, i) => i % 2 === channel).subarray(0, 2000)
      const errors = heard.map((sample, i) => Math.abs(sample - said[i]))
      expect(Math.max(...errors.subarray(100))).toBeLessThan(1200)
      expect(heard.at(-1)).toBeGreaterThan(said[1999] - 1200)
    }
    expect(samplesWithin('ima-adpcm', 1024, 2)).toBe(1010)
  })

  it('is read out of a WAV file', () => {
    const file = riff(format(17, 1, 8000, 4, [2, 505]), chunk('data', new Uint8Array(256 + 100)))
    const parsed = parseWav(file)
    expect(parsed.ok && parsed.value.blockBytes).toBe(256)
    expect(clip('x.wav', file).data.length).toBe(505 + 193)
  })
})
