import type { Instant } from '../../kit/index.ts'
import { ControlLatch, type ControlLatchState } from '../rtcp/control-latch.ts'
import { RtcpSession, type RtcpSessionState } from '../rtcp/session.ts'
import { MAX_DATAGRAM } from '../rtp/packet.ts'
import type { SourceLatch } from '../rtp/source-latch.ts'
import type { LegId, StreamParameters } from './control.ts'
import type { Inbound } from './inbound.ts'
import type { Outbound } from './outbound.ts'
import type { Protection } from './protection.ts'
import type { Workshop } from './workshop.ts'

/** Where the RTCP of a leg is. */
export interface ReportingState {
  readonly refused: number
  readonly controlLatch: ControlLatchState
  readonly session: RtcpSessionState | undefined
  readonly isControlOpen: boolean
}

/**
 * The RTCP of a leg: on the port of RTP where that was agreed on (RFC 5761), where {@link Inbound} finds it, otherwise
 * on the port above (RFC 3550 section 11), which is opened when the first stream asks for it.
 *
 * Reports come every few seconds, so that port is swept once a second; how long they waited is known and subtracted.
 */
export class Reporting {
  /** Datagrams on the port of RTCP that were none, not authentic, or from somebody else. */
  refused = 0
  readonly #workshop: Workshop
  readonly #leg: LegId
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  readonly #latch: SourceLatch
  readonly #controlLatch = new ControlLatch()
  readonly #protection: Protection
  #session: RtcpSession | undefined
  #way: 'none' | 'shared' | 'own' = 'none'
  #isBound = false
  #isControlOpen = false
  #sweepAt: Instant = Number.POSITIVE_INFINITY

  /** @param latch where RTP comes from and goes to */
  constructor(
    workshop: Workshop,
    leg: LegId,
    inbound: Inbound,
    outbound: Outbound,
    latch: SourceLatch,
    protection: Protection,
  ) {
    this.#workshop = workshop
    this.#leg = leg
    this.#inbound = inbound
    this.#outbound = outbound
    this.#latch = latch
    this.#protection = protection
  }

  /** What the reports of both ends have told, as soon as a stream has RTCP. */
  get session(): RtcpSession | undefined {
    return this.#session
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ReportingState {
    return {
      refused: this.refused,
      controlLatch: this.#controlLatch.state,
      session: this.#session?.state,
      isControlOpen: this.#isControlOpen,
    }
  }

  /** To be set before it knows the stream. */
  resume(state: ReportingState, now: Instant): void {
    this.refused = state.refused
    this.#controlLatch.state = state.controlLatch
    this.#isControlOpen = state.isControlOpen
    if (state.session === undefined) return
    this.#session = new RtcpSession(this.#workshop.random, this.#outbound, this.#inbound.statistics, now)
    this.#session.state = state.session
  }

  useStream({ rtcpMux, rtcp }: StreamParameters, now: Instant): void {
    this.#way = rtcpMux === true ? 'shared' : rtcp === undefined ? 'none' : 'own'
    if (this.#way !== 'none')
      this.#session ??= new RtcpSession(this.#workshop.random, this.#outbound, this.#inbound.statistics, now)
    this.#inbound.reportTo(this.#way === 'shared' ? this.#session : undefined)
    if (rtcp !== undefined) this.#controlLatch.signal(rtcp.address, rtcp.port)
    this.#openControl()
    this.#sweepAt = this.#way === 'own' ? now : Number.POSITIVE_INFINITY
  }

  /** The port of RTP is bound, which the one above it waits for. */
  bound(): void {
    this.#isBound = true
    this.#openControl()
  }

  /** Does what is due, and returns for how many milliseconds nothing will be. */
  visit(mediaMs: number, now: Instant): number {
    if (now >= this.#sweepAt) {
      this.#sweep(now)
      this.#sweepAt = now + SWEEP_EVERY_MS
    }
    if (this.#session?.isDue(now) === true) this.#say(mediaMs, now, false)
    const dueAt = this.#way === 'none' ? undefined : this.#session?.dueAt
    return Math.floor(Math.min(LONGEST_IDLE_MS, Math.min(this.#sweepAt, dueAt ?? Number.POSITIVE_INFINITY) - now))
  }

  /** Takes what the far end has said last, and says goodbye to it (RFC 3550 section 6.6). */
  leave(mediaMs: number, now: Instant): void {
    if (this.#way === 'own') this.#sweep(now)
    if (this.#way !== 'none' && this.#outbound.packetsSent > 0) this.#say(mediaMs, now, true)
  }

  /** Says goodbye for the SSRC that we have sent under: what follows is another source of ours. */
  endSource(mediaMs: number, now: Instant): void {
    this.leave(mediaMs, now)
    this.#session?.endSource()
  }

  #openControl(): void {
    if (this.#way !== 'own' || !this.#isBound || this.#isControlOpen) return
    this.#isControlOpen = true
    this.#workshop.io.openControl(this.#leg)
  }

  #say(mediaMs: number, now: Instant, isBye: boolean): void {
    const { io, packet } = this.#workshop
    const session = this.#session as RtcpSession
    if (!this.#outbound.hasAddress) {
      session.postpone(now)
      return
    }
    const length = session.writeInto(packet.bytes, mediaMs, now, isBye)
    const sealed = this.#protection.sealRtcp(packet.bytes, length)
    const isShared = this.#way === 'shared'
    const { address, port } = isShared ? this.#latch : this.#controlLatch
    if (isShared) io.send(this.#leg, packet.bytes, sealed, address, port)
    else io.sendControl(this.#leg, packet.bytes, sealed, address, port)
  }

  #sweep(now: Instant): void {
    const { io, datagram } = this.#workshop
    for (let i = 0; i < MAX_PER_SWEEP; i++) {
      const length = io.receiveControl(this.#leg, datagram)
      if (length < 0) return
      if (!this.#take(length, now - io.waitedMs)) this.refused++
    }
  }

  #take(length: number, at: Instant): boolean {
    const { io, datagram } = this.#workshop
    if (length > MAX_DATAGRAM || !this.#controlLatch.mayCome(io.source, this.#latch, at)) return false
    if (this.#session?.take(datagram, this.#protection.openRtcp(datagram, length), at) !== true) return false
    this.#controlLatch.heard(io.source, at)
    return true
  }
}

const SWEEP_EVERY_MS = 1000
const LONGEST_IDLE_MS = 60_000
/** A far end says one thing in that time; more of them come only from a hostile one. */
const MAX_PER_SWEEP = 8
