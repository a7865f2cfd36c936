import type { Instant } from '../../kit/index.ts'
import type { AudioClip, JobId, LegId, MediaCommand, MediaEvent } from '../../media/index.ts'
import type { Truth, Utterance } from './truth.ts'

/** After so long without a packet from the bridged leg, what is sent is not its sound any more. */
const RELAYED_FOR_MS = 100

/**
 * Knows what each leg of a media engine sends, from the commands it gets and the events it says: the file that is
 * played, or what the leg on the other side of a bridge has received.
 */
export class MediaTruth {
  readonly #utteranceOf: (clip: AudioClip) => Utterance | undefined
  readonly #playing = new Map<LegId, { job: JobId; utterance: Utterance; since: Instant | undefined }>()
  readonly #received = new Map<LegId, { truth: Truth | undefined; at: Instant }>()
  readonly #partners = new Map<LegId, LegId>()
  readonly #blocks = new WeakMap<Int16Array, Truth>()

  constructor(utteranceOf: (clip: AudioClip) => Utterance | undefined) {
    this.#utteranceOf = utteranceOf
  }

  onCommand(command: MediaCommand): void {
    if (command.type !== 'play' || command.source.kind !== 'audio') return
    const utterance = this.#utteranceOf(command.source.clip)
    if (utterance !== undefined) this.#playing.set(command.leg, { job: command.job, utterance, since: undefined })
  }

  onEvent(event: MediaEvent): void {
    switch (event.type) {
      case 'finished':
        if (this.#playing.get(event.leg)?.job === event.job) this.#playing.delete(event.leg)
        return
      case 'recorded': {
        const truth = this.#received.get(event.leg)?.truth
        if (truth !== undefined) this.#blocks.set(event.samples, truth)
        return
      }
      case 'bridged':
        this.#partners.set(event.leg, event.other)
        this.#partners.set(event.other, event.leg)
        return
      case 'unbridged':
        this.#partners.delete(event.leg)
        return
      case 'closed':
      case 'failed':
        this.#playing.delete(event.leg)
        this.#received.delete(event.leg)
        this.#partners.delete(event.leg)
    }
  }

  /** A packet has come to the leg. */
  onReceived(leg: LegId, truth: Truth | undefined, now: Instant): void {
    this.#received.set(leg, { truth, at: now })
  }

  /** What a packet that the leg sends now sounds like. */
  ofPacketSent(leg: LegId, now: Instant): Truth | undefined {
    const playing = this.#playing.get(leg)
    if (playing !== undefined) {
      playing.since ??= now
      const { utterance, since } = playing
      return { utterance, positionMs: (now - since) % utterance.lengthMs }
    }
    const partner = this.#partners.get(leg)
    const relayed = partner === undefined ? undefined : this.#received.get(partner)
    return relayed !== undefined && now - relayed.at <= RELAYED_FOR_MS ? relayed.truth : undefined
  }

  /** What was recorded in this block, near its end. */
  ofBlock(samples: Int16Array): Truth | undefined {
    return this.#blocks.get(samples)
  }
}
