import { callIdOf, cseqOf, type SipMessage, topVia, toTag } from '../../sip/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { Waiter } from '../clock/waiter.ts'

/** How an expectation of a {@link SipPeer} is bounded. */
export interface ExpectOptions {
  /** Fail when it has not come within this much virtual time. Default: as long as the simulation goes on. */
  readonly withinMs?: number
}

/** What no script has asked for is forgotten beyond this, oldest first. */
const MOST_WAITING = 1000
const MOST_KEYS = 20_000

/** The messages of a scripted far end that no script has taken yet, and the scripts that wait for one. */
export class PeerInbox {
  readonly #clock: VirtualClock
  readonly #messages: SipMessage[] = []
  /** By the Call-ID that they are after; `''` are those after any. */
  readonly #scripts = new Map<string, Script[]>()
  readonly #keys = new Set<string>()
  readonly #repeated = new Map<string, number>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Messages that have come and that nobody has taken, oldest first. */
  get untaken(): readonly SipMessage[] {
    return this.#messages
  }

  /** How often requests of this method, or responses of this status, came again. */
  retransmissions(what: string | number): number {
    return this.#repeated.get(String(what)) ?? 0
  }

  /** Counts a message that has come before and returns true; otherwise remembers it. */
  isRetransmission(message: SipMessage): boolean {
    const key = keyOf(message)
    if (this.#keys.has(key)) {
      const what = message.kind === 'request' ? message.method : String(message.status)
      this.#repeated.set(what, this.retransmissions(what) + 1)
      return true
    }
    this.#keys.add(key)
    if (this.#keys.size > MOST_KEYS) this.#keys.delete(this.#keys.values().next().value as string)
    return false
  }

  /** Hands a message to the first script that wants it, or keeps it. */
  deliver(message: SipMessage): void {
    const script = this.#takeScript(callIdOf(message) ?? '', message) ?? this.#takeScript('', message)
    if (script !== undefined) {
      script.waiter.resolve(message)
      return
    }
    this.#messages.push(message)
    if (this.#messages.length > MOST_WAITING) this.#messages.shift()
  }

  /**
   * The first message that `wants` it, now or later.
   * @param name says what is waited for, when it never comes
   * @param callId only messages with this Call-ID; `''` for any
   */
  take(
    name: string,
    callId: string,
    wants: (message: SipMessage) => boolean,
    { withinMs }: ExpectOptions = {},
  ): Promise<SipMessage> {
    const waiter = this.#clock.waiter<SipMessage>(name)
    const index = this.#messages.findIndex((each) => (callId === '' || callIdOf(each) === callId) && wants(each))
    if (index >= 0) {
      waiter.resolve(this.#messages.splice(index, 1)[0] as SipMessage)
      return waiter.promise
    }
    const script: Script = { wants, waiter }
    const scripts = this.#scripts.get(callId) ?? []
    this.#scripts.set(callId, scripts)
    scripts.push(script)
    if (withinMs === undefined) return waiter.promise
    const giveUp = () => {
      this.#remove(callId, script)
      waiter.reject(new Error(`${name}: nothing within ${withinMs} ms`))
    }
    const callOff = this.#clock.after(withinMs, giveUp, name)
    return waiter.promise.finally(callOff)
  }

  #takeScript(callId: string, message: SipMessage): Script | undefined {
    const script = this.#scripts.get(callId)?.find(({ wants }) => wants(message))
    if (script !== undefined) this.#remove(callId, script)
    return script
  }

  #remove(callId: string, script: Script): void {
    const left = this.#scripts.get(callId)?.filter((each) => each !== script) ?? []
    if (left.length > 0) this.#scripts.set(callId, left)
    else this.#scripts.delete(callId)
  }
}

interface Script {
  readonly wants: (message: SipMessage) => boolean
  readonly waiter: Waiter<SipMessage>
}

/** The same for a message and its retransmissions, for no two others (RFC 3261 sections 17.1.3 and 17.2.3). */
function keyOf(message: SipMessage): string {
  const cseq = cseqOf(message)
  const what = message.kind === 'request' ? message.method : `${message.status} ${toTag(message) ?? ''}`
  const branch = topVia(message)?.params.get('branch') ?? ''
  return `${what} ${callIdOf(message)} ${cseq?.number} ${cseq?.method} ${branch}`
}
