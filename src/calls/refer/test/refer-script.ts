import { expect } from 'vitest'
import { parseReferTo, type ReferTo, type SipRequest } from '../../../sip/index.ts'
import { type PeerCall, type Simulation, type SipPeer, withSimulation } from '../../../testing/index.ts'
import { type Channel, inbound } from '../../index.ts'

/** A caller whom the application has answered, and who does as the script says from then on. */
export interface Referred {
  readonly sim: Simulation
  readonly alice: SipPeer
  readonly call: PeerCall
  /** The states of the channel from the answer on, and what was reported of its transfers. */
  readonly seen: string[]
  /** Resolves when the application has come to its end. */
  readonly done: Promise<void>
  /** The next REFER, which has been accepted, or refused. */
  takeRefer(status?: number): Promise<SipRequest>
  /** Reports of it, and sees that this is taken. */
  notify(status: number, more?: { state?: string; cseq?: number }): Promise<void>
}

/** Alice calls, and an application does `app` with her; `script` is what she does then. Nothing is left behind. */
export function referred(
  app: (channel: Channel, other: Channel, sim: Simulation) => Promise<void>,
  script: (referred: Referred) => Promise<void>,
  options: { peers?: (sim: Simulation) => void; exchange?: object } = {},
): () => Promise<void> {
  return withSimulation({ seed: 8 }, async (sim) => {
    const seen: string[] = []
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const service = inbound(async (channel, { extraChannels }) => {
      await channel.answer()
      channel.on('state', ({ state }) => seen.push(state))
      channel.on('transferProgress', ({ status }) => seen.push(String(status)))
      try {
        await app(channel, extraChannels[0] as Channel, sim)
      } finally {
        finish()
      }
    })
    const ringdown = sim.exchange('192.0.2.1', { name: 'ringdown', services: { '*': service }, ...options })
    const alice = sim.peer('192.0.2.2', { name: 'alice', retransmits: true })
    options.peers?.(sim)
    const call = alice.invite('sip:desk@192.0.2.1')
    await call.expectResponse(200)
    call.ack()
    const done = sim.clock.pull('the application', finished)
    await script({
      sim,
      alice,
      call,
      seen,
      done,
      takeRefer: (status) => takeRefer(call, status),
      notify: (status, more) => notify(call, status, more),
    })
    await done
    await sim.clock.runUntilIdle()
    expect(ringdown.instances.map(({ error }) => error).filter(Boolean)).toEqual([])
    expect(ringdown.alive).toBe(0)
    expect(ringdown.exchange.counters.get('brokenInvariants')).toBe(0)
  })
}

async function takeRefer(call: PeerCall, status = 202): Promise<SipRequest> {
  const refer = await call.expect('REFER')
  call.respond(status, {}, refer)
  return refer
}

async function notify(call: PeerCall, status: number, { state }: { state?: string } = {}): Promise<void> {
  const isLast = status >= 200
  call.request('NOTIFY', {
    headers: [
      ['Event', 'refer'],
      ['Subscription-State', state ?? (isLast ? 'terminated;reason=noresource' : 'active;expires=60')],
    ],
    ...(status > 0 && { body: `SIP/2.0 ${status} Said so\r\n`, contentType: 'message/sipfrag;version=2.0' }),
  })
  await call.expectResponse(200)
}

/** What a REFER asks for. */
export function referToOf(request: SipRequest): ReferTo {
  const parsed = parseReferTo(request.headers.get('refer-to') ?? '')
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

/** What an application sees of a transfer. */
export function outcomeOf(channel: Channel, isThere: boolean): object {
  const { rawCause } = channel.details?.transfer ?? {}
  return {
    isThere,
    state: channel.state(),
    cause: channel.transferCause(),
    ...(rawCause !== undefined && { rawCause }),
  }
}
