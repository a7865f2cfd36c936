import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEVER } from '../../kit/index.ts'
import { BindingClient, type BindingOutput } from './binding-client.ts'

const hex = (text: string) => Uint8Array.from(text.match(/[\da-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16))

const ID = 'b7e7a701bc34d686fa87dfae'
const COOKIE = '2112a442'
/** RFC 5769 section 2.2. */
const IPV4 = hex(
  `0101003c ${COOKIE} ${ID} 8022000b 7465737420766563746f7220 00200008 0001a147 e112a643
   00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96`,
)
/** RFC 5769 section 2.3. */
const IPV6 = hex(
  `01010048 ${COOKIE} ${ID} 8022000b 7465737420766563746f7220 00200014 0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9
   00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c`,
)

/** A client whose transaction is that of the RFC's examples. */
function client(): BindingClient {
  const words = [0xb7e7a701, 0xbc34d686, 0xfa87dfae]
  return new BindingClient({ uint32: () => words.shift() ?? 0 })
}

function outputs(machine: BindingClient): BindingOutput[] {
  const all: BindingOutput[] = []
  for (let output = machine.poll(); output !== undefined; output = machine.poll()) all.push(output)
  return all
}

function answered(bytes: Uint8Array): BindingOutput | undefined {
  const machine = client()
  machine.handle({ type: 'start' }, 0)
  outputs(machine)
  machine.handle({ type: 'received', bytes }, 1)
  return outputs(machine)[0]
}

describe('BindingClient', () => {
  it('asks with a request of 20 octets', () => {
    const machine = client()
    machine.handle({ type: 'start' }, 0)
    expect(outputs(machine)).toEqual([{ type: 'send', bytes: hex(`00010000 ${COOKIE} ${ID}`) }])
  })

  it('is told its address: the examples of RFC 5769', () => {
    expect(answered(IPV4)).toEqual({ type: 'mapped', mapped: { address: '192.0.2.1', port: 32_853 } })
    expect(answered(IPV6)).toEqual({
      type: 'mapped',
      mapped: { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 },
    })
  })

  it('takes the plain address of an old server, and its refusal', () => {
    const plain = hex(`0101000c ${COOKIE} ${ID} 00010008 00018055 c0000201`)
    expect(answered(plain)).toEqual({ type: 'mapped', mapped: { address: '192.0.2.1', port: 32_853 } })
    const refusal = hex(`01110008 ${COOKIE} ${ID} 00090004 00000401`)
    expect(answered(refusal)).toEqual({ type: 'failed', reason: 'the STUN server refuses with 401' })
    expect(answered(hex(`01010000 ${COOKIE} ${ID}`))).toEqual({
      type: 'failed',
      reason: 'the STUN server names no address',
    })
  })

  it('passes over what is no answer to its request', () => {
    const other = IPV4.slice()
    other[19] = 0
    for (const bytes of [other, hex('0101'), hex(`00010000 ${COOKIE} ${ID}`), new Uint8Array(0)])
      expect(answered(bytes)).toBeUndefined()
  })

  it('asks again after 500, 1000 and 2000 ms, and gives up after 7.5 s', () => {
    const machine = client()
    machine.handle({ type: 'start' }, 0)
    const sentAt: number[] = [0]
    outputs(machine)
    for (let at = machine.deadline(); at !== NEVER; at = machine.deadline()) {
      machine.expire(at)
      const [output] = outputs(machine)
      if (output?.type === 'send') sentAt.push(at)
      else expect([at, output]).toEqual([7500, { type: 'failed', reason: 'the STUN server does not answer' }])
    }
    expect(sentAt).toEqual([0, 500, 1500, 3500])
    machine.handle({ type: 'received', bytes: IPV4 }, 8000)
    expect(outputs(machine)).toEqual([])
  })

  it('never throws, whatever comes', () => {
    const noise = fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.nat(1), fc.nat(80))
    fc.assert(
      fc.property(noise, ([tail, error, cut]) => {
        const bytes = new Uint8Array([1, error === 0 ? 1 : 0x11, 0, 0, ...hex(COOKIE + ID), ...tail])
        answered(bytes.subarray(0, cut))
        answered(bytes)
      }),
      { seed: 1, numRuns: 2000 },
    )
  })
})
