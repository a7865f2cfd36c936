import * as nodeCrypto from 'node:crypto'
import { expect, test } from 'vitest'
import { srtpCryptoOf, toneLevelDbm0 } from '../../media/index.ts'
import type { SrtpPolicy } from '../../sip/index.ts'
import { MemoryMediaStore, type Simulation, withSimulation } from '../../testing/index.ts'
import { type Channel, inbound, outbound, type Trunk } from '../index.ts'
import { trunkOfCaller } from '../routing/caller-trunk.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'
const crypto = srtpCryptoOf(nodeCrypto)

/** A call from one exchange to another, each with its policy: how it went, how loud the tone of the caller was, how long its packets. */
async function call(
  sim: Simulation,
  ours: { srtp?: SrtpPolicy; trunk?: SrtpPolicy; to?: string },
  theirs: SrtpPolicy,
  theirTrunks: readonly Trunk[] = [],
): Promise<{ outcome: string; heardDbm0: number; longest: number }> {
  const files = (): MemoryMediaStore => {
    const store = new MemoryMediaStore()
    const data = Int16Array.from({ length: 16_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * 1000 * i) / 8000))
    store.put('tone.wav', { encoding: 'pcm16', sampleRateHz: 8000, data })
    return store
  }
  const trunk = { name: 'carrier', uri: `sip:${THEM}`, ...(ours.trunk && { srtp: ours.trunk }) }
  const us = sim.exchange(US, {
    name: 'us',
    files: files(),
    crypto,
    exchange: { ...(ours.srtp && { srtp: ours.srtp }), trunks: [trunk] },
  })
  const them = sim.exchange(THEM, {
    name: 'them',
    files: files(),
    crypto,
    exchange: { srtp: theirs, trunks: theirTrunks },
    services: {
      '*': inbound(async (channel) => {
        await channel.answer()
        channel.fileRecorder.start('heard.wav')
        await channel.waitForIdle()
      }),
    },
  })
  let longest = 0
  const send = us.mediaIo.send.bind(us.mediaIo)
  us.mediaIo.send = (leg, bytes, length, address, port) => {
    longest = Math.max(longest, length)
    return send(leg, bytes, length, address, port)
  }
  let outcome = ''
  await us.startOutbound(
    outbound(async (channel: Channel) => {
      outcome = await channel.call(ours.to ?? `sip:x@${THEM}`)
      if (outcome !== 'ANSWERED') return
      await channel.filePlayer.play('tone.wav')
      await channel.hangUp()
    }),
  )
  await sim.clock.runUntilIdle()
  expect([us.alive, them.alive]).toEqual([0, 0])
  const heard = outcome === 'ANSWERED' ? (them.files.recording('heard.wav') as Int16Array) : new Int16Array(16_000)
  return { outcome, heardDbm0: toneLevelDbm0(heard.subarray(4000, 12_000), 1000), longest }
}

const policies: readonly SrtpPolicy[] = ['forbidden', 'accepted', 'offered', 'required']

for (const ours of policies)
  for (const theirs of policies)
    test(
      `a call where SRTP is ${ours} here and ${theirs} there`,
      withSimulation({}, async (sim) => {
        const { outcome, heardDbm0, longest } = await call(sim, { srtp: ours }, theirs)
        const cannot =
          (ours === 'required' && theirs === 'forbidden') ||
          (theirs === 'required' && (ours === 'forbidden' || ours === 'accepted'))
        expect(outcome).toBe(cannot ? 'IDLE' : 'ANSWERED')
        if (cannot) return
        expect(heardDbm0).toBeGreaterThan(-20)
        const isOffered = ours === 'offered' || ours === 'required'
        // 20 ms of G.711, and behind it the tag of AES-GCM.
        expect(longest).toBe(isOffered && theirs !== 'forbidden' ? 188 : 172)
      }),
    )

test(
  'a trunk has a policy of its own',
  withSimulation({}, async (sim) => {
    const { outcome } = await call(sim, { srtp: 'forbidden', trunk: 'required', to: '100' }, 'forbidden')
    expect(outcome).toBe('IDLE')
  }),
)

for (const [trunk, caller, outcome, longest] of [
  ['required', 'accepted', 'IDLE', undefined],
  ['required', 'offered', 'ANSWERED', 188],
  ['forbidden', 'offered', 'ANSWERED', 172],
  ['forbidden', 'required', 'IDLE', undefined],
  ['accepted', 'required', 'ANSWERED', 188],
] as const)
  test(
    `a call that comes from a trunk where SRTP is ${trunk}, and ${caller} by the caller`,
    withSimulation({}, async (sim) => {
      const trunks = [{ name: 'carrier', uri: `sip:${US}`, srtp: trunk, inbound: { addresses: [US] } }]
      // What holds for everybody else would bring about the opposite.
      const others = trunk === 'required' ? 'forbidden' : 'required'
      const result = await call(sim, { srtp: caller }, others, trunks)
      expect(result.outcome).toBe(outcome)
      if (longest === undefined) return
      expect(result.heardDbm0).toBeGreaterThan(-20)
      expect(result.longest).toBe(longest)
    }),
  )

test('a call belongs to the trunk whose name it has proven, or else to that of its address', () => {
  const one = { name: 'one', uri: 'sip:192.0.2.1', inbound: { addresses: ['192.0.2.1', '2001:db8::1'] } }
  const two = { name: 'two', uri: 'sip:192.0.2.2', inbound: { username: 'carrier' } }
  const out = { name: 'out', uri: 'sip:192.0.2.3' }
  const trunks = [out, one, two]
  expect(trunkOfCaller(trunks, '2001:db8::1', undefined)).toBe(one)
  expect(trunkOfCaller(trunks, '192.0.2.1', 'carrier')).toBe(two)
  expect(trunkOfCaller(trunks, '192.0.2.1', 'alice')).toBeUndefined()
  expect(trunkOfCaller(trunks, '192.0.2.3', undefined)).toBeUndefined()
})
