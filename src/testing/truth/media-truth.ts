import type { Instant } from '../../kit/index.ts'
import type { AudioClip, JobId, LegId, MediaCommand, MediaEvent, PlaySource, RoomId } from '../../media/index.ts'
import { LiveTruth, type LiveUtterance } from './live-truth.ts'
import type { Truth, Utterance } from './truth.ts'

/** After so long without a packet from the bridged leg, what is sent is not its sound any more. */
const RELAYED_FOR_MS = 100

/**
 * Knows what each leg of a media engine sends, from the commands it gets and the events it says: the file that is
 * played, what the leg on the other side of a bridge has received, or what is heard in its room: of an announcement and of
 * several who speak there at once, one.
 */
export class MediaTruth {
  readonly #utteranceOf: (clip: AudioClip) => Utterance | undefined
  readonly #playing = new Map<LegId, Playing>()
  readonly #received = new Map<LegId, { truth: Truth | undefined; at: Instant }>()
  readonly #partners = new Map<LegId, LegId>()
  readonly #seats = new Map<LegId, { readonly room: RoomId; readonly talks: boolean }>()
  /** What rooms are played. */
  readonly #announced = new Map<LegId, { room: RoomId; utterance: Utterance; since: Instant | undefined }>()
  readonly #blocks = new WeakMap<Int16Array, Truth>()
  /** What is said live. */
  readonly #live = new Map<LegId, { readonly job: JobId; readonly truth: LiveTruth }>()
  readonly #saidLive: () => readonly LiveUtterance[]
  #tapped: LegId | undefined

  /** @param saidLive what was said live so far */
  constructor(
    utteranceOf: (clip: AudioClip) => Utterance | undefined,
    saidLive: () => readonly LiveUtterance[] = () => [],
  ) {
    this.#utteranceOf = utteranceOf
    this.#saidLive = saidLive
  }

  /** What the leg heard whose tap has told of sound last. */
  get ofTap(): Truth | undefined {
    return this.#tapped === undefined ? undefined : this.#received.get(this.#tapped)?.truth
  }

  onCommand(command: MediaCommand): void {
    if (command.type === 'mix') this.#seats.set(command.leg, { room: command.room, talks: command.talk !== false })
    else if (command.type === 'playToRoom') this.#announce(command)
    else if (command.type === 'play' && command.source.kind === 'live') {
      const { leg, job, source } = command
      this.#live.set(leg, { job, truth: new LiveTruth(source.audio, this.#saidLive) })
    } else if (command.type === 'play') {
      const piece = this.#pieceOf(command.source)
      if (piece === undefined) return
      this.#playing.set(command.leg, { job: command.job, piece, since: undefined, next: undefined })
    } else if (command.type === 'playNext' && command.source !== undefined) {
      const playing = this.#playing.get(command.leg)
      const piece = this.#pieceOf(command.source)
      if (piece === undefined) return
      // What has no words may have been played before it: a tone.
      if (playing === undefined && command.when === 'now')
        this.#playing.set(command.leg, { job: command.job, piece, since: undefined, next: undefined })
      if (playing?.job !== command.job) return
      if (command.when === 'after') playing.next = piece
      else begin(playing, piece)
    }
  }

  #announce({ leg, room, source }: Extract<MediaCommand, { type: 'playToRoom' }>): void {
    const utterance = source.kind === 'audio' ? this.#utteranceOf(source.clip) : undefined
    if (utterance !== undefined) this.#announced.set(leg, { room, utterance, since: undefined })
  }

  #pieceOf(source: PlaySource): Piece | undefined {
    const whole = source.kind === 'audio' ? this.#utteranceOf(source.clip) : undefined
    if (source.kind !== 'audio' || whole === undefined) return undefined
    const fromMs = ((source.from ?? 0) * 1000) / source.clip.sampleRateHz
    return { whole, first: fromMs === 0 ? whole : restOf(whole, fromMs), loops: source.loop }
  }

  onEvent(event: MediaEvent): void {
    switch (event.type) {
      case 'playingNext': {
        const playing = this.#playing.get(event.leg)
        if (playing?.next !== undefined) begin(playing, playing.next)
        if (playing !== undefined) playing.next = undefined
        return
      }
      case 'finished':
        if (this.#playing.get(event.leg)?.job === event.job) this.#playing.delete(event.leg)
        if (this.#live.get(event.leg)?.job === event.job) this.#live.delete(event.leg)
        this.#announced.delete(event.leg)
        return
      case 'tapped':
        this.#tapped = event.leg
        return
      case 'recorded': {
        const truth = this.#received.get(event.leg)?.truth
        // Of a pause, nothing is recorded.
        const isSilent = event.samples.every((sample) => sample === 0)
        if (truth !== undefined && !isSilent) this.#blocks.set(event.samples, truth)
        return
      }
      case 'bridged':
        this.#partners.set(event.leg, event.other)
        this.#partners.set(event.other, event.leg)
        return
      case 'unbridged':
        this.#partners.delete(event.leg)
        return
      case 'unmixed':
      case 'mixFailed':
        this.#seats.delete(event.leg)
        return
      case 'closed':
      case 'failed':
        this.#playing.delete(event.leg)
        this.#live.delete(event.leg)
        this.#received.delete(event.leg)
        this.#partners.delete(event.leg)
        this.#seats.delete(event.leg)
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
      const { whole, first, loops } = playing.piece
      const ms = now - playing.since
      if (ms < first.lengthMs || !loops) return { utterance: first, positionMs: ms }
      return { utterance: whole, positionMs: (ms - first.lengthMs) % whole.lengthMs }
    }
    const live = this.#live.get(leg)
    if (live !== undefined) return live.truth.ofPacket()
    const seat = this.#seats.get(leg)
    if (seat !== undefined) return this.#heardInRoom(seat.room, leg, now)
    const partner = this.#partners.get(leg)
    return partner === undefined ? undefined : this.#relayed(partner, now)
  }

  #relayed(from: LegId, now: Instant): Truth | undefined {
    const relayed = this.#received.get(from)
    return relayed !== undefined && now - relayed.at <= RELAYED_FOR_MS ? relayed.truth : undefined
  }

  #heardInRoom(room: RoomId, leg: LegId, now: Instant): Truth | undefined {
    for (const announced of this.#announced.values()) {
      if (announced.room !== room) continue
      announced.since ??= now
      return { utterance: announced.utterance, positionMs: now - announced.since }
    }
    for (const [other, seat] of this.#seats) {
      const truth = other !== leg && seat.room === room && seat.talks ? this.#relayed(other, now) : undefined
      if (truth !== undefined) return truth
    }
    return undefined
  }

  /** What was recorded in this block, near its end. */
  ofBlock(samples: Int16Array): Truth | undefined {
    return this.#blocks.get(samples)
  }
}

/** A file or text as it is played: from its middle, perhaps, and again as a whole where it is a loop. */
interface Piece {
  readonly whole: Utterance
  readonly first: Utterance
  readonly loops: boolean
}

interface Playing {
  readonly job: JobId
  piece: Piece
  since: Instant | undefined
  next: Piece | undefined
}

function begin(playing: Playing, piece: Piece): void {
  playing.piece = piece
  playing.since = undefined
}

/** What is left of it from there on: whole words. */
function restOf({ text, lengthMs, ...about }: Utterance, fromMs: number): Utterance {
  const cut = Math.floor(((text?.length ?? 0) * fromMs) / lengthMs)
  const rest = text?.slice(text.indexOf(' ', cut - 1) + 1 || text.length)
  return { ...about, lengthMs: Math.max(lengthMs - fromMs, 0), ...(rest !== undefined && { text: rest }) }
}
