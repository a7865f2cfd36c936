import { parseWavHead, samplesOfWav, type WavHead } from '../../media/index.ts'
import type { SpeechBlock } from '../speech-engine.ts'

/** What a program or a service gives: a WAV file, or 16-bit samples with the lowest octet first. */
export type AudioFormat = 'wav' | { readonly sampleRateHz: number }

/**
 * Makes speech of octets as they come, however they are cut. A WAV file may have no length in its head, or the largest:
 * who streams does not know it.
 *
 * @throws Error saying what is wrong with it, or that there is too much
 */
export async function* speechIn(chunks: AsyncIterable<Uint8Array>, format: AudioFormat): AsyncGenerator<SpeechBlock> {
  let rest: Uint8Array = new Uint8Array(0)
  let head: WavHead | undefined = format === 'wav' ? undefined : rawHead(format.sampleRateHz)
  let total = 0
  let left = Number.MAX_SAFE_INTEGER
  for await (const chunk of chunks) {
    total += chunk.length
    if (total > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} octets came for one sentence`)
    rest = rest.length === 0 ? chunk : joined(rest, chunk)
    if (head === undefined) {
      head = headOf(rest)
      if (head === undefined) continue
      rest = rest.subarray(head.dataStart)
      left = head.dataBytes
    }
    const ready = Math.min(rest.length, left)
    const whole = ready - (ready % head.blockBytes)
    if (whole === 0) continue
    yield { samples: samplesOfWav({ ...head, data: rest.slice(0, whole) }), sampleRateHz: head.sampleRateHz }
    rest = rest.subarray(whole)
    left -= whole
  }
  if (total === 0) throw new Error('nothing came')
  if (head === undefined) throw new Error(`what came has no audio in it: ${beginOf(rest)}`)
}

/** Twenty minutes at 24 kHz. */
const MOST_BYTES = 64 * 2 ** 20
const SHORTEST_HEAD_BYTES = 44
const MOST_HEAD_BYTES = 65_536

function headOf(bytes: Uint8Array): WavHead | undefined {
  if (bytes.length < 12) return undefined
  const head = parseWavHead(bytes, Number.MAX_SAFE_INTEGER)
  if (!head.ok) {
    // What is wrong with half a head may be nothing but that.
    if (bytes.length < SHORTEST_HEAD_BYTES && bytes[0] === 0x52) return undefined
    throw new Error(`${head.error}: ${beginOf(bytes)}`)
  }
  if (head.value === undefined && bytes.length > MOST_HEAD_BYTES)
    throw new Error('the WAV file has no audio in its beginning')
  if (head.value?.encoding === 'ima-adpcm') throw new Error('it is compressed (IMA ADPCM): PCM or G.711 is needed')
  return head.value
}

function rawHead(sampleRateHz: number): WavHead {
  const none = { dataStart: 0, dataBytes: 0, missingBytes: 0 }
  return { encoding: 'pcm16', channels: 1, sampleRateHz, blockBytes: 2, ...none }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

/** What was said instead of audio: often it is the reason. */
function beginOf(bytes: Uint8Array): string {
  return JSON.stringify(
    Buffer.from(bytes.subarray(0, 80))
      .toString('latin1')
      .replaceAll(/[^\x20-\x7e]+/g, ' '),
  )
}
