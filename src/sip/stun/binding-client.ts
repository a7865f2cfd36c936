import { Fifo, type Instant, type Machine, NEVER, type Random } from '../../kit/index.ts'
import { bindingRequest, type MappedAddress, readBindingResponse } from './message.ts'

/** RFC 8489 section 6.2.1: the first wait; each one is twice as long as the one before. */
const RTO_MS = 500
/** How often a request is sent; the RFC proposes 7, whose last wait would be half a minute. */
const MOST_SENT = 4

export type BindingInput = { readonly type: 'start' } | { readonly type: 'received'; readonly bytes: Uint8Array }

export type BindingOutput =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** How the world sees the socket that the request was sent from. It is over. */
  | { readonly type: 'mapped'; readonly mapped: MappedAddress }
  /** The server refuses, or does not answer within 7.5 s. It is over. */
  | { readonly type: 'failed'; readonly reason: string }

/**
 * Asks a STUN server over UDP where it sees us (RFC 8489, a binding request without authentication). Whatever is no
 * answer to the request is passed over.
 */
export class BindingClient implements Machine<BindingInput, BindingOutput> {
  readonly #id: readonly number[]
  readonly #outbox = new Fifo<BindingOutput>()
  #sent = 0
  #dueAt: Instant = NEVER
  #isOver = false

  constructor(random: Random) {
    this.#id = [random.uint32(), random.uint32(), random.uint32()]
  }

  handle(input: BindingInput, now: Instant): void {
    if (this.#isOver) return
    if (input.type === 'start') {
      this.#send(now)
      return
    }
    const response = readBindingResponse(input.bytes, this.#id)
    if (response === undefined) return
    this.#end(response.ok ? { type: 'mapped', mapped: response.value } : { type: 'failed', reason: response.error })
  }

  poll(): BindingOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return this.#dueAt
  }

  expire(now: Instant): void {
    if (now < this.#dueAt) return
    if (this.#sent < MOST_SENT) this.#send(now)
    else this.#end({ type: 'failed', reason: 'the STUN server does not answer' })
  }

  #send(now: Instant): void {
    this.#dueAt = now + RTO_MS * 2 ** this.#sent++
    this.#outbox.push({ type: 'send', bytes: bindingRequest(this.#id) })
  }

  #end(outcome: BindingOutput): void {
    this.#isOver = true
    this.#dueAt = NEVER
    this.#outbox.push(outcome)
  }
}
