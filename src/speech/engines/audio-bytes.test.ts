import { expect, it } from 'vitest'
import { wavHeader } from '../../media/index.ts'
import { type AudioFormat, speechIn } from './audio-bytes.ts'

const samples = Int16Array.from({ length: 500 }, (_, i) => 50 * i - 12_000)
const audio = new Uint8Array(samples.buffer)

/** What is made of octets that come in pieces of `size`. */
async function heard(bytes: Uint8Array, size: number, format: AudioFormat = 'wav') {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
  }
  const all: number[] = []
  let rate = 0
  for await (const block of speechIn(pieces(), format)) {
    all.push(...block.samples)
    rate = block.sampleRateHz
  }
  return { samples: Int16Array.from(all), rate }
}

const wav = (dataBytes: number): Uint8Array => {
  const head = wavHeader('pcm16', dataBytes, 22_050)
  if (dataBytes === 0) new DataView(head.buffer).setUint32(4, 0xffff_ffff, true)
  return Buffer.concat([head, audio])
}

it.each([1, 3, 44, 45, 1000, 5000])('a WAV file that comes in pieces of %d octets', async (size) => {
  expect(await heard(wav(audio.length), size)).toEqual({ samples, rate: 22_050 })
})

it.each([0xffff_ffff - 36, 0x7fff_f000, 0xffff_f000])('a WAV file that says it has %d octets', async (length) => {
  expect((await heard(wav(length), 100)).samples).toEqual(samples)
})

it('a WAV file with something behind its audio', async () => {
  const tail = Buffer.from('LIST\x04\x00\x00\x00abcd', 'latin1')
  expect((await heard(Buffer.concat([wav(audio.length), tail]), 700)).samples).toEqual(samples)
})

it('raw samples, and half a sample at the end', async () => {
  const bytes = Buffer.concat([audio, Buffer.alloc(1)])
  expect(await heard(bytes, 7, { sampleRateHz: 24_000 })).toEqual({ samples, rate: 24_000 })
})

it.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(0), /^nothing came$/],
  ['a text', Buffer.from('<html>I am sorry\n</html>'), /not a WAV file: .*"<html>I am/],
  ['half a head', wavHeader('pcm16', 1000).subarray(0, 30), /has no audio in it: "RIFF/],
  ['compressed audio', wavHeader('ima-adpcm', 1000), /IMA ADPCM/],
])('%s is refused', async (_, bytes, why) => {
  await expect(heard(bytes, 10)).rejects.toThrow(why)
})

it('too much is refused', async () => {
  async function* endless() {
    for (;;) yield new Uint8Array(2 ** 20)
  }
  const reading = (async () => {
    for await (const _ of speechIn(endless(), { sampleRateHz: 8000 }));
  })()
  await expect(reading).rejects.toThrow('more than 67108864 octets came for one sentence')
})
