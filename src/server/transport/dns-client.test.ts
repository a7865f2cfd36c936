import { describe, expect, it } from 'vitest'
import { DnsClient, type SystemDns } from './dns-client.ts'

const V4 = { address: '192.0.2.1', family: 4 }
const V6 = { address: '2001:db8::1', family: 6 }

function clientOf(dns: Partial<SystemDns>, families = [4, 6]): DnsClient {
  const nobody = () => Promise.reject(new Error('not asked'))
  return new DnsClient(families, { naptr: nobody, srv: nobody, addresses: nobody, ...dns })
}

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(`queryX ${code}`), { code }))
}

describe('DnsClient', () => {
  it('gives the addresses of the families that we have sockets for, the preferred one first', async () => {
    const addresses = async () => [V6, V4]
    const question = { type: 'ADDRESS', name: 'a.example' } as const
    expect(await clientOf({ addresses }).ask(question)).toEqual({
      question,
      records: ['192.0.2.1', '2001:db8::1'],
      ttlMs: 60_000,
    })
    expect(await clientOf({ addresses }, [6]).ask(question)).toMatchObject({ records: ['2001:db8::1'] })
  })

  it('gives NAPTR and SRV records as they are', async () => {
    const naptr = { order: 1, preference: 2, flags: 's', service: 'SIP+D2U', replacement: '_sip._udp.a.example' }
    const srv = { priority: 1, weight: 2, port: 5070, target: 'x.a.example' }
    const client = clientOf({ naptr: async () => [naptr], srv: async () => [srv] })
    expect(await client.ask({ type: 'NAPTR', name: 'a.example' })).toMatchObject({ records: [naptr] })
    expect(await client.ask({ type: 'SRV', name: '_sip._udp.a.example' })).toMatchObject({ records: [srv] })
  })

  it('tells that there is nothing from that nobody could say', async () => {
    for (const code of ['ENOTFOUND', 'ENODATA']) {
      const nothing = await clientOf({ srv: failing(code) }).ask({ type: 'SRV', name: 'x' })
      expect(nothing).toMatchObject({ records: [] })
    }
    const failed = await clientOf({ addresses: failing('EAI_AGAIN') }).ask({ type: 'ADDRESS', name: 'x' })
    expect(failed).toEqual({ question: { type: 'ADDRESS', name: 'x' }, failure: 'queryX EAI_AGAIN' })
  })

  it('finds localhost through the system', async () => {
    const answer = await new DnsClient([4]).ask({ type: 'ADDRESS', name: 'localhost' })
    expect(answer).toMatchObject({ records: ['127.0.0.1'] })
  })
})
