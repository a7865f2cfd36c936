import { hasWord, type SipRequest } from '../../sip/index.ts'
import type { PhoneClock } from './environment.ts'

/** What a phone knows of session timers (RFC 4028): sets and gateways differ in it more than in most. */
export interface PhoneSessionTimer {
  /** The interval that it asks for, and answers with, s. */
  readonly seconds: number
  /** It refreshes its calls itself; otherwise it asks the far end to. */
  readonly refreshes: boolean
  /** What it refreshes with. Default UPDATE. */
  readonly by?: 'UPDATE' | 'INVITE'
  /** It refreshes so often, and then forgets to. Default: always. */
  readonly forgetsAfter?: number
  /** It takes UPDATE, and says so. Default true. */
  readonly takesUpdate?: boolean
}

type Headers = readonly (readonly [name: string, value: string])[]

/** Keeps a call of a phone alive, as its session timer says: at half of the interval, as long as the call goes on. */
export class Refresher {
  readonly #clock: PhoneClock
  readonly #timer: PhoneSessionTimer | undefined
  readonly #refresh: (by: 'UPDATE' | 'INVITE') => void
  #refreshes = 0
  #cancel: (() => void) | undefined

  /** @param refresh sends a refresh, with {@link asked} in it */
  constructor(clock: PhoneClock, timer: PhoneSessionTimer | undefined, refresh: (by: 'UPDATE' | 'INVITE') => void) {
    this.#clock = clock
    this.#timer = timer
    this.#refresh = refresh
  }

  get takesUpdate(): boolean {
    return this.#timer?.takesUpdate ?? true
  }

  /** Of an INVITE or UPDATE. */
  get asked(): Headers {
    if (this.#timer === undefined) return []
    const { seconds, refreshes } = this.#timer
    return [...this.#abilities, ['Session-Expires', `${seconds};refresher=${refreshes ? 'uac' : 'uas'}`]]
  }

  /** Of a 2xx to an INVITE or UPDATE. */
  answered(request: SipRequest): Headers {
    if (this.#timer === undefined || !hasWord(request.headers, 'supported', 'timer')) return this.#abilities
    const { seconds, refreshes } = this.#timer
    const interval = `${seconds};refresher=${refreshes ? 'uas' : 'uac'}`
    return [...this.#abilities, ['Session-Expires', interval], ['Require', 'timer']]
  }

  /** The call is up. */
  start(): void {
    this.stop()
    this.#refreshes = 0
    this.#wait()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  get #abilities(): Headers {
    if (this.#timer === undefined) return []
    const allow = `INVITE, ACK, BYE, CANCEL, OPTIONS, INFO${this.takesUpdate ? ', UPDATE' : ''}`
    return [
      ['Supported', 'timer'],
      ['Allow', allow],
    ]
  }

  #wait(): void {
    if (this.#timer?.refreshes !== true) return
    const { seconds, by = 'UPDATE', forgetsAfter = Number.POSITIVE_INFINITY } = this.#timer
    if (this.#refreshes >= forgetsAfter) return
    this.#cancel = this.#clock.after(
      500 * seconds,
      () => {
        this.#refreshes++
        this.#refresh(by)
        this.#wait()
      },
      'session timer of a phone',
    )
  }
}
