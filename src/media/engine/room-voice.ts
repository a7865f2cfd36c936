import type { Codec } from '../codec/codec.ts'
import { MIXER_FRAME } from '../node/mixer.ts'
import type { MixerParty } from '../node/mixer-party.ts'
import type { Transmitter } from '../node/transmitter.ts'
import type { JobCause, JobId, LegId } from './control.ts'
import type { Workshop } from './workshop.ts'

/** Something that all in a room hear beside what they say: a party of the mixer with a player instead of a leg. */
export class RoomVoice {
  readonly leg: LegId
  readonly job: JobId
  readonly #workshop: Workshop
  readonly #party: MixerParty
  readonly #transmitter: Transmitter
  /** Samples as octets: what a player gives is a payload, which is read again. */
  readonly #codec: Codec
  readonly #onFinished: (cause: JobCause, detail?: string) => void

  /** @param isWide whether the room is mixed at 16 kHz, so that wideband sound can be heard as it is */
  constructor(
    { leg, job }: { readonly leg: LegId; readonly job: JobId },
    workshop: Workshop,
    party: MixerParty,
    transmitter: Transmitter,
    isWide: boolean,
    onFinished: (cause: JobCause, detail?: string) => void,
  ) {
    this.leg = leg
    this.job = job
    this.#workshop = workshop
    this.#party = party
    this.#transmitter = transmitter
    const hasWide = isWide && transmitter.isWideband === true
    this.#codec = hasWide ? workshop.codecs.open('L16/16000', 16_000) : workshop.codecs.open('L16')
    this.#onFinished = onFinished
    party.isAlwaysMixed = true
    party.comeIn()
  }

  /** Gives the room its next 20 ms. @returns false when it has no more to say */
  speak(): boolean {
    const { packet, frame, wideFrame } = this.#workshop
    const isWide = this.#codec.sampleRateHz !== 8000
    packet.codec = this.#codec
    packet.samples = isWide ? 2 * MIXER_FRAME : MIXER_FRAME
    const outcome = this.#transmitter.fill(packet)
    if (outcome !== 'audio') return outcome !== 'done'
    const into = isWide ? wideFrame : frame
    this.#codec.decodeInto(packet.bytes, packet.payloadOffset, packet.payloadLength, into, 0)
    if (isWide) this.#party.hearWide(into)
    else this.#party.hear(into)
    return true
  }

  /** It is out of the mixer, and whoever made it hears why. */
  end(cause: JobCause, detail?: string): void {
    this.#party.leave()
    this.#codec.release()
    this.#onFinished(cause, detail)
  }
}
