import type { Instant } from '../../kit/index.ts'
import type { Codec } from '../codec/codec.ts'
import { AdaptiveJitterBuffer } from '../jitter/adaptive-jitter-buffer.ts'
import { FrameReader } from '../jitter/frame-reader.ts'
import type { PacketContent } from '../jitter/jitter-buffer.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import { SUB_TICK_MS, TICK_MS } from './schedule.ts'

/** Hears 20 ms at a time, for as long as it is attached. */
export interface FrameListener {
  /** @param isWhole false when some of the frame was made up for packets that were lost or late */
  hear(frame: Int16Array, isWhole: boolean): void
  /**
   * Does not mind to hear everything a little later, as long as it is all there and unchanged: a recorder. As long as
   * nobody else listens, packets are waited for so long that the sound need not follow the network.
   */
  readonly isPatient?: boolean
}

/**
 * What the listeners of a leg hear: one frame for every 20 ms of media time, silence included. While nobody listens
 * nothing is kept, decoded or measured.
 *
 * Each visit of the leg is {@link Hearing.beginVisit}, the packets that came, and {@link Hearing.hearUntil}.
 */
export class Hearing {
  readonly #frame: Int16Array
  isListenedTo = false
  readonly #listeners: FrameListener[] = []
  /** Made when the first listener comes: most legs of an exchange never need them. */
  #buffer: AdaptiveJitterBuffer | undefined
  #reader: FrameReader | undefined
  #heardUntilMs = 0
  #visitedAtMs = 0
  /** The least that `now` was ahead of media time of late: what is more than that is lateness of ours. */
  #leastAheadMs = Number.POSITIVE_INFINITY

  /** @param frame room for 20 ms of samples, which listeners may read while they hear it */
  constructor(frame: Int16Array) {
    this.#frame = frame
  }

  /** Ticks at which nothing was there to be heard although the stream had begun. */
  get underruns(): number {
    return this.#buffer?.counts.underruns ?? 0
  }

  get concealedMs(): number {
    return (this.#reader?.concealed ?? 0) / 8
  }

  get stretchedMs(): number {
    return (this.#reader?.stretched ?? 0) / 8
  }

  /** How long the fastest packets wait; 0 while nobody has listened. */
  get delayMs(): number {
    return (this.#buffer?.target ?? 0) / 8
  }

  attach(listener: FrameListener, mediaMs: number): void {
    if (this.#buffer === undefined) {
      this.#buffer = new AdaptiveJitterBuffer()
      this.#reader = new FrameReader(this.#buffer)
    }
    if (!this.isListenedTo) {
      this.#reader?.reset()
      this.#heardUntilMs = mediaMs
      this.#visitedAtMs = mediaMs
    }
    this.#listeners.push(listener)
    this.isListenedTo = true
    this.#choosePatience()
  }

  detach(listener: FrameListener): void {
    const index = this.#listeners.indexOf(listener)
    if (index >= 0) this.#listeners.splice(index, 1)
    this.isListenedTo = this.#listeners.length > 0
    this.#choosePatience()
  }

  /** Lets the listeners hear at once what still waits: nothing more will come. */
  hearTheRest(codec: Codec): void {
    for (let i = 0; i < MAX_CATCH_UP_MS / TICK_MS && this.isListenedTo && this.#buffer?.holdsSound === true; i++)
      this.#hear(this.#reader!.readInto(this.#frame, codec))
  }

  #choosePatience(): void {
    const isPatient = this.#listeners.every((listener) => listener.isPatient === true)
    this.#buffer?.waitAtLeast(isPatient ? PATIENT_DELAY_MS : TICK_MS)
  }

  /** Forgets what came and was not heard yet: what follows is another stream. */
  reset(): void {
    this.#reader?.reset()
  }

  /** Tells how late the visit is, so that packets which waited for us do not count as late. */
  beginVisit(mediaMs: number, now: Instant): void {
    if (!this.isListenedTo) return
    if (mediaMs - this.#heardUntilMs > MAX_CATCH_UP_MS) this.#hearSilence(mediaMs)
    const elapsedMs = mediaMs - this.#visitedAtMs
    this.#visitedAtMs = mediaMs
    this.#leastAheadMs = Math.min(this.#leastAheadMs + FORGIVEN_MS, now - mediaMs)
    const isLate = elapsedMs > TICK_MS || now - mediaMs > this.#leastAheadMs + SUB_TICK_MS
    this.#buffer?.elapse(elapsedMs * 8, isLate)
  }

  put(packet: RtpPacket, content: PacketContent, ticks: number): void {
    if (this.isListenedTo) this.#buffer?.put(packet, content, ticks)
  }

  /** Lets the listeners hear what is due at `mediaMs`. */
  hearUntil(mediaMs: number, codec: Codec): void {
    while (this.isListenedTo && this.#heardUntilMs + TICK_MS <= mediaMs)
      this.#hear(this.#reader!.readInto(this.#frame, codec))
  }

  /** After a pause longer than the jitter buffer can hold, what it holds is from another time. */
  #hearSilence(mediaMs: number): void {
    this.#reader?.reset()
    this.#frame.fill(0)
    while (this.isListenedTo && this.#heardUntilMs + TICK_MS <= mediaMs) this.#hear(false)
  }

  /** Backwards, because a listener that has heard enough detaches itself. */
  #hear(isWhole: boolean): void {
    this.#heardUntilMs += TICK_MS
    for (let i = this.#listeners.length - 1; i >= 0; i--) this.#listeners[i]!.hear(this.#frame, isWhole)
  }
}

/** More than a busy machine or a mobile network keeps a packet, well below what the buffer can hold. */
const PATIENT_DELAY_MS = 160
const MAX_CATCH_UP_MS = 500
/** Per visit: whoever is always late by 5 ms is on time after ten seconds. */
const FORGIVEN_MS = 0.01
