import { codecNamed, threadCodecs } from '../codec/codec.ts'
import { copyOctets, copySamples } from '../dsp/copy.ts'
import type { TwoRates } from '../dsp/two-rates.ts'
import type { CodecName } from '../engine/control.ts'
import type { AudioClip } from '../engine/play-source.ts'
import type { OutgoingPacket } from './transmitter.ts'

/**
 * Fills packets with audio that lies in memory. What is held in the codec of the stream goes out as it is, octet by
 * octet; anything else is decoded and encoded, and audio at 16 kHz taken to 8 kHz where the codec has no more. What is
 * not filled is silence.
 */
export class PacketFiller {
  /** Whether the audio has 16 kHz to give. */
  readonly isWideband: boolean
  readonly #encoding: AudioClip['encoding']
  readonly #data: AudioClip['data']
  /** Of the data: a number of its own, so that a visit need not look there. */
  readonly #length: number
  readonly #rates: { readonly rates: TwoRates } | undefined
  /** The filter's, once audio at 16 kHz went out at 8 kHz. */
  #past: Int16Array | undefined
  #isHalved = false
  /** The codec whose payloads the octets are, and those octets in fours, where they stand so that this can be. */
  readonly #passesAs: CodecName | undefined
  readonly #words: Int32Array | undefined
  #passesThrough = false
  #filled = 0

  /** @param rates the way from 16 kHz to 8 kHz; default: that of the thread, made when it is needed */
  constructor(audio: Pick<AudioClip, 'encoding' | 'sampleRateHz' | 'data'>, rates?: { readonly rates: TwoRates }) {
    this.isWideband = audio.sampleRateHz === 16_000
    this.#encoding = audio.encoding
    this.#data = audio.data
    this.#length = audio.data.length
    this.#rates = rates
    this.#passesAs = PASSES_AS[audio.encoding]
    if (this.#passesAs !== undefined) this.#words = inFours(audio.data)
  }

  /** How many samples of the audio make the packet. */
  samplesFor(packet: OutgoingPacket): number {
    return this.isWideband && packet.codec.sampleRateHz === 8000 ? 2 * packet.samples : packet.samples
  }

  /** Reads a little of it, and of the audio from `at` on, see {@link Touch}. */
  touch(at: number): number {
    const words = this.#words
    return words === undefined ? this.#filled : this.#filled ^ words[at >> 2]! ^ words[(at >> 2) + LINE_WORDS]!
  }

  begin(packet: OutgoingPacket): void {
    this.#passesThrough = packet.codec.name === this.#passesAs
    this.#isHalved = this.samplesFor(packet) !== packet.samples
    this.#filled = 0
  }

  /**
   * Puts up to `most` samples of the audio from `at` on into the packet and returns how many: fewer at the end of the
   * memory.
   */
  put(packet: OutgoingPacket, at: number, most: number): number {
    const encoding = this.#encoding
    const count = Math.min(most, this.#length - at)
    if (this.#passesThrough) this.#pass(packet, packet.payloadOffset + this.#filled, at, count)
    else if (encoding === 'pcm16')
      copySamples(this.#data as Int16Array, at, count, this.#isHalved ? this.#twoRates.wide : packet.pcm, this.#filled)
    else
      codecNamed(encoding === 'pcmu' ? 'PCMU' : 'PCMA').decodeInto(
        this.#data as Uint8Array,
        at,
        count,
        packet.pcm,
        this.#filled,
      )
    this.#filled += count
    return count
  }

  finish(packet: OutgoingPacket): void {
    if (this.#isHalved) {
      this.#finishHalved(packet)
      return
    }
    const missing = packet.samples - this.#filled
    if (this.#passesThrough) {
      if (missing > 0) packet.codec.silenceInto(missing, packet.bytes, packet.payloadOffset + this.#filled)
      packet.payloadLength = packet.samples
    } else {
      packet.pcm.fill(0, this.#filled, packet.samples)
      packet.encode()
    }
  }

  #finishHalved(packet: OutgoingPacket): void {
    const { down, wide } = this.#twoRates
    const length = 2 * packet.samples
    wide.fill(0, this.#filled, length)
    this.#past ??= new Int16Array(down.past)
    down.process(this.#past, wide, 0, length, packet.pcm, 0)
    packet.encode()
  }

  get #twoRates(): TwoRates {
    return (this.#rates ?? threadCodecs()).rates
  }

  #pass({ bytes, words }: OutgoingPacket, to: number, at: number, count: number): void {
    const source = this.#words
    if (source === undefined || ((to | at | count) & 3) !== 0) {
      copyOctets(this.#data as Uint8Array, at, count, bytes, to)
      return
    }
    const from = at >> 2
    const into = to >> 2
    for (let i = 0; i < count >> 2; i++) words[into + i] = source[from + i]!
  }
}

/** The codec for which audio of an encoding is payloads already. */
const PASSES_AS: Readonly<Partial<Record<AudioClip['encoding'], CodecName>>> = { pcmu: 'PCMU', pcma: 'PCMA' }

function inFours({ buffer, byteOffset, byteLength }: AudioClip['data']): Int32Array | undefined {
  return byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, byteLength >> 2) : undefined
}

/** Words of a line of the processor's cache; the line behind it is fetched with it. */
const LINE_WORDS = 16
