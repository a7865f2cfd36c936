import type { Exchange, ExchangeInput, ExchangeReport } from '../calls/index.ts'
import { type Instant, NEVER } from '../kit/index.ts'
import type { MediaPort } from '../media/index.ts'
import type { DnsClient } from './transport/dns-client.ts'
import type { SipTransports } from './transport/sip-transports.ts'

/** The most a timer of Node can wait, in ms. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export interface DriverOptions {
  readonly exchange: Exchange
  readonly transports: Pick<SipTransports, 'send' | 'start'>
  readonly media: MediaPort
  readonly dns: Pick<DnsClient, 'ask'>
  /** What the exchange reports: calls and instances that are over, trunks that have changed. */
  readonly onReport: (report: ExchangeReport) => void
  /** The exchange threw: a broken invariant. It is driven on. */
  readonly onBroken: (error: unknown) => void
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly now?: () => Instant
}

/**
 * Where the exchange meets the world: what arrives becomes a mutation, its outputs are carried out, and one timer is
 * armed for its next deadline.
 *
 * The timer is moved only when a deadline comes nearer. One that has receded (most do: a retransmission that the
 * answer made needless) costs a wake-up for nothing at most, which is cheaper than moving a timer at every message.
 */
export class Driver {
  readonly #options: DriverOptions
  readonly #now: () => Instant
  #timer: NodeJS.Timeout | undefined
  #armedFor: Instant = NEVER
  #isPumpQueued = false
  #isStopped = false

  constructor(options: DriverOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    const { transports, media } = options
    transports.start({
      onMessage: (bytes, from) => this.#do({ type: 'received', bytes, from }),
      onSendFailed: (to, reason, wasOpen) => this.#do({ type: 'sendFailed', to, reason, wasOpen }),
    })
    media.onEvent((event) => this.#do({ type: 'media', event }))
  }

  /** Application code has queued work: it is done in this turn of the event loop, after what is waiting there. */
  readonly pump = (): void => {
    if (this.#isPumpQueued) return
    this.#isPumpQueued = true
    setImmediate(() => {
      this.#isPumpQueued = false
      this.#do(undefined)
    })
  }

  /** Drives nothing any more. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** @param input `undefined`: only what is due or queued */
  #do(input: ExchangeInput | undefined): void {
    if (this.#isStopped) return
    const now = this.#now()
    const { exchange } = this.#options
    try {
      if (input === undefined) exchange.expire(now)
      else exchange.handle(input, now)
    } catch (error) {
      this.#options.onBroken(error)
    }
    this.#drain()
    this.#arm(now)
  }

  #drain(): void {
    const { exchange, transports, media, dns, onReport } = this.#options
    for (let output = exchange.poll(); output !== undefined; output = exchange.poll()) {
      switch (output.type) {
        case 'send':
          transports.send(output.bytes, output.to)
          break
        case 'media':
          media.send(output.command)
          break
        case 'dns':
          void dns.ask(output.question).then((answer) => this.#do({ type: 'dns', answer }))
          break
        default:
          onReport(output)
      }
    }
  }

  #arm(now: Instant): void {
    const deadline = this.#options.exchange.deadline()
    if (deadline >= this.#armedFor) return
    clearTimeout(this.#timer)
    this.#armedFor = deadline
    const waitMs = Math.min(Math.max(0, Math.ceil(deadline - now)), LONGEST_WAIT_MS)
    this.#timer = setTimeout(this.#onTimer, waitMs)
  }

  readonly #onTimer = (): void => {
    this.#armedFor = NEVER
    this.#do(undefined)
  }
}
