import type { LiveAudio } from '../../media/index.ts'
import type { Truth, Utterance } from './truth.ts'

/** Something that was said live, as it was given to the exchange. */
export interface LiveUtterance {
  readonly utterance: Utterance
  readonly samples: Int16Array | Uint8Array
  readonly sampleRateHz: number
}

/**
 * Tells what live audio sounds like that is being played: the samples that were taken from its ring are looked for in what
 * was said. It looks at the ring as the player does, and changes nothing.
 */
export class LiveTruth {
  readonly #audio: LiveAudio
  readonly #said: () => readonly LiveUtterance[]
  #read: number
  #clears: number
  /** What follows on what was recognised last. */
  #next: { readonly live: LiveUtterance; readonly at: number } | undefined

  constructor(audio: LiveAudio, said: () => readonly LiveUtterance[]) {
    this.#audio = audio
    this.#said = said
    this.#read = Atomics.load(audio.control, READ)
    this.#clears = Atomics.load(audio.control, CLEARS)
  }

  /** What the packet is that was filled just now; `undefined` for silence and for what nobody is known to have said. */
  ofPacket(): Truth | undefined {
    const { control, data } = this.#audio
    const read = Atomics.load(control, READ)
    const clears = Atomics.load(control, CLEARS)
    // What was skipped is not heard.
    if (clears !== this.#clears) this.#read = Atomics.load(control, CLEARED_TO)
    this.#clears = clears
    const count = (read - this.#read) | 0
    const from = this.#read
    this.#read = read
    if (count <= 0 || count > data.length) return undefined
    const packet = data.slice(0, count)
    for (let i = 0; i < count; i++) packet[i] = data[(from + i) & (data.length - 1)] as number
    return this.#recognise(packet)
  }

  #recognise(packet: Int16Array | Uint8Array): Truth | undefined {
    const next = this.#next
    if (next !== undefined && isAt(next.live.samples, next.at, packet)) return this.#found(next.live, next.at, packet)
    this.#next = undefined
    for (const live of this.#said().toReversed())
      for (let at = 0; at + packet.length <= live.samples.length; at++)
        if (live.samples[at] === packet[0] && isAt(live.samples, at, packet)) return this.#found(live, at, packet)
    return undefined
  }

  #found(live: LiveUtterance, at: number, packet: { readonly length: number }): Truth {
    this.#next = { live, at: at + packet.length }
    return { utterance: live.utterance, positionMs: (1000 * at) / live.sampleRateHz }
  }
}

function isAt(samples: ArrayLike<number>, at: number, packet: ArrayLike<number>): boolean {
  if (at + packet.length > samples.length) return false
  for (let i = 0; i < packet.length; i++) if (samples[at + i] !== packet[i]) return false
  return true
}

/** Places in `control`, as they are in the ring of live audio. */
const READ = 1
const CLEARS = 3
const CLEARED_TO = 4
