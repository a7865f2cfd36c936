import { lookup, Resolver } from 'node:dns/promises'
import type { DnsAnswer, DnsQuestion, NaptrRecord, SrvRecord } from '../../sip/index.ts'

/** Node does not tell how long an answer may be believed. */
const TTL_MS = 60_000

/** What is asked of the resolver of the system, or of a test's. A rejection with one of {@link NOTHING} means none. */
export interface SystemDns {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  /** Through the hosts file too. */
  addresses(name: string): Promise<readonly { readonly address: string; readonly family: number }[]>
}

/** Codes of errors that say that a name has no such record, or is not there. */
const NOTHING: ReadonlySet<unknown> = new Set(['ENODATA', 'ENOTFOUND'])

/** Puts the questions of the exchange to DNS. */
export class DnsClient {
  readonly #families: readonly number[]
  readonly #dns: SystemDns

  /** @param families the address families we have sockets for, in order of preference */
  constructor(families: readonly number[], dns: SystemDns = systemDns()) {
    this.#families = families
    this.#dns = dns
  }

  /** Never rejects: that nobody could say is an answer. */
  async ask(question: DnsQuestion): Promise<DnsAnswer> {
    try {
      return await this.#answer(question)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (NOTHING.has(code)) return { question: question as DnsQuestion & { type: 'SRV' }, records: [], ttlMs: TTL_MS }
      return { question, failure: message }
    }
  }

  async #answer({ type, name }: DnsQuestion): Promise<DnsAnswer> {
    if (type === 'NAPTR') return { question: { type, name }, records: await this.#dns.naptr(name), ttlMs: TTL_MS }
    if (type === 'SRV') return { question: { type, name }, records: await this.#dns.srv(name), ttlMs: TTL_MS }
    const found = await this.#dns.addresses(name)
    const records = this.#families.flatMap((family) =>
      found.filter((answer) => answer.family === family).map(({ address }) => address),
    )
    return { question: { type, name }, records, ttlMs: TTL_MS }
  }
}

function systemDns(): SystemDns {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  return {
    naptr: (name) => resolver.resolveNaptr(name),
    srv: async (name) =>
      (await resolver.resolveSrv(name)).map(({ name: target, ...record }) => ({ ...record, target })),
    addresses: (name) => lookup(name, { all: true }),
  }
}
