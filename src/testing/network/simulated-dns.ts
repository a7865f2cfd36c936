import type { DnsAnswer, DnsQuestion, NaptrRecord, SrvRecord } from '../../sip/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'

/** What stands in DNS under one name: addresses (A and AAAA), SRV and NAPTR records. */
export type DnsEntry = string | SrvRecord | NaptrRecord

/**
 * Names and what stands under them, for example:
 *
 *     {
 *       'example.net': [{ order: 1, preference: 1, flags: 's', service: 'SIP+D2U', replacement: '_sip._udp.example.net' }],
 *       '_sip._udp.example.net': [
 *         { priority: 1, weight: 0, port: 5060, target: 'a.example.net' },
 *         { priority: 2, weight: 0, port: 5060, target: 'b.example.net' },
 *       ],
 *       'a.example.net': ['198.51.100.1'],
 *       'b.example.net': ['198.51.100.2'],
 *     }
 */
export type DnsZone = Readonly<Record<string, readonly DnsEntry[]>>

/** The DNS of a simulation. Hosts with a name have their address in it by themselves. */
export class SimulatedDns {
  /** How long an answer takes. */
  latencyMs = 0
  /** For how long an answer may be believed. */
  ttlMs = 60_000
  /** Whether questions go unanswered. */
  isSilent = false
  /** Every question that was put, in order. */
  readonly questions: DnsQuestion[] = []
  readonly #clock: VirtualClock
  readonly #entries = new Map<string, readonly DnsEntry[]>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Puts entries under a name, in the place of those that are there; none takes the name out. */
  set(name: string, entries: readonly DnsEntry[]): void {
    this.#entries.set(name.toLowerCase(), entries)
  }

  /** Puts a whole zone in. */
  add(zone: DnsZone): void {
    for (const [name, entries] of Object.entries(zone)) this.set(name, entries)
  }

  /**
   * Puts a question; `onAnswer` hears the answer, later.
   * @param addressOf the address of a name that nothing stands under
   */
  ask(
    question: DnsQuestion,
    addressOf: (name: string) => string | undefined,
    onAnswer: (answer: DnsAnswer) => void,
  ): void {
    this.questions.push(question)
    if (this.isSilent) return
    const answer = () => onAnswer(this.#answer(question, addressOf))
    if (this.latencyMs === 0) answer()
    else this.#clock.after(this.latencyMs, answer, 'DNS')
  }

  #answer({ type, name }: DnsQuestion, addressOf: (name: string) => string | undefined): DnsAnswer {
    const { ttlMs } = this
    const entries = this.#entries.get(name.toLowerCase())
    if (type === 'NAPTR') return { question: { type, name }, records: (entries ?? []).filter(isNaptr), ttlMs }
    if (type === 'SRV') return { question: { type, name }, records: (entries ?? []).filter(isSrv), ttlMs }
    const address = entries === undefined ? addressOf(name) : undefined
    const known = (entries ?? []).filter((entry) => typeof entry === 'string')
    return { question: { type, name }, records: address === undefined ? known : [address], ttlMs }
  }
}

function isNaptr(entry: DnsEntry): entry is NaptrRecord {
  return typeof entry !== 'string' && 'service' in entry
}

function isSrv(entry: DnsEntry): entry is SrvRecord {
  return typeof entry !== 'string' && 'target' in entry
}
