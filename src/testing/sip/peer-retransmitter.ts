import {
  callIdOf,
  cseqOf,
  type Peer,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  topVia,
  toTag,
} from '../../sip/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'

/** RFC 3261 section 17.1.1.1. */
const T1_MS = 500
const T2_MS = 4000
const MOST_KEPT = 10_000

/**
 * The patience of a real far end on a lossy network, written apart from the transaction layer that it tests: requests
 * go again until a response comes, final responses to an INVITE until their ACK comes, and a request or 2xx that
 * comes again is answered with what was said before.
 */
export class PeerRetransmitter {
  readonly #clock: VirtualClock
  readonly #name: string
  readonly #send: (bytes: Uint8Array, to: Peer) => void
  /** What stops a retransmission in progress. */
  readonly #pending = new Map<string, () => void>()
  /** What was said last in answer to a message. */
  readonly #answers = new Map<string, { bytes: Uint8Array; to: Peer }>()

  constructor(clock: VirtualClock, name: string, send: (bytes: Uint8Array, to: Peer) => void) {
    this.#clock = clock
    this.#name = name
    this.#send = send
  }

  /** Something is being said again and again. */
  get isBusy(): boolean {
    return this.#pending.size > 0
  }

  requestSent(request: SipRequest, bytes: Uint8Array, to: Peer): void {
    this.#repeat(transactionOf(request), bytes, to, request.method === 'INVITE' ? Number.POSITIVE_INFINITY : T2_MS)
  }

  responseSent(response: SipResponse, bytes: Uint8Array, to: Peer): void {
    this.#remember(transactionOf(response), bytes, to)
    if (response.status >= 200 && cseqOf(response)?.method === 'INVITE') {
      this.#repeat(acknowledgedBy(response), bytes, to, T2_MS)
    }
  }

  ackSent(answer: SipResponse, bytes: Uint8Array, to: Peer): void {
    this.#remember(`ack ${acknowledgedBy(answer)} ${toTag(answer) ?? ''}`, bytes, to)
  }

  /** Takes every message that comes in; `isAgain` when it has come before. */
  received(message: SipMessage, isAgain: boolean): void {
    if (message.kind === 'request') {
      if (message.method === 'ACK') this.#stop(acknowledgedBy(message))
      else if (isAgain) this.#sayAgain(transactionOf(message))
      return
    }
    const isInvite = cseqOf(message)?.method === 'INVITE'
    if (isInvite || message.status >= 200) this.#stop(transactionOf(message))
    if (isInvite && isAgain && message.status >= 200 && message.status < 300) {
      this.#sayAgain(`ack ${acknowledgedBy(message)} ${toTag(message) ?? ''}`)
    }
  }

  #repeat(key: string, bytes: Uint8Array, to: Peer, longestMs: number): void {
    this.#stop(key)
    if (to.transport !== 'udp') return
    const giveUpAt = this.#clock.now + 64 * T1_MS
    const schedule = (intervalMs: number) => {
      const callOff = this.#clock.after(
        intervalMs,
        () => {
          this.#pending.delete(key)
          if (this.#clock.now >= giveUpAt) return
          this.#send(bytes, to)
          schedule(Math.min(2 * intervalMs, longestMs))
        },
        `${this.#name} (retransmission)`,
      )
      this.#pending.set(key, callOff)
    }
    schedule(T1_MS)
  }

  #stop(key: string): void {
    this.#pending.get(key)?.()
    this.#pending.delete(key)
  }

  #remember(key: string, bytes: Uint8Array, to: Peer): void {
    this.#answers.set(key, { bytes, to })
    if (this.#answers.size > MOST_KEPT) this.#answers.delete(this.#answers.keys().next().value as string)
  }

  #sayAgain(key: string): void {
    const answer = this.#answers.get(key)
    if (answer !== undefined) this.#send(answer.bytes, answer.to)
  }
}

function transactionOf(message: SipMessage): string {
  return `${cseqOf(message)?.method} ${topVia(message)?.params.get('branch') ?? callIdOf(message)}`
}

function acknowledgedBy(message: SipMessage): string {
  return `${callIdOf(message)} ${cseqOf(message)?.number}`
}
