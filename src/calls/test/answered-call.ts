import { expect } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import {
  MemoryMediaStore,
  type PeerCall,
  type SimulatedExchange,
  type Simulation,
  type SipPeer,
} from '../../testing/index.ts'
import { type Channel, type ExchangeOptions, inbound } from '../index.ts'

export const US = '192.0.2.1'
export const THEM = '192.0.2.2'

/** A call between a scripted far end and an application. */
export interface Line {
  readonly ringdown: SimulatedExchange
  readonly peer: SipPeer
  readonly call: PeerCall
  /** Where we take audio. */
  readonly port: number
  /** What happened to the channel: its states, and what the far end did. */
  readonly story: string[]
  /** All is over, as it should be. */
  expectClean(): Promise<void>
}

/** A scripted far end calls us; we answer and run `app`. */
export async function answeredCall(
  sim: Simulation,
  app: (channel: Channel) => Promise<void>,
  exchange: Partial<ExchangeOptions> = {},
): Promise<Line> {
  const story: string[] = []
  const ringdown = sim.exchange(US, {
    name: 'ringdown',
    files: store(),
    exchange,
    services: {
      app: inbound(async (channel) => {
        await channel.answer()
        channel.on('state', ({ state }) => story.push(state))
        channel.on('farEndHold', () => story.push('farEndHold'))
        channel.on('farEndRetrieve', () => story.push('farEndRetrieve'))
        channel.on('codec', ({ codec }) => story.push(codec))
        await app(channel)
      }),
    },
  })
  const peer = sim.peer(THEM, { name: 'far' })
  const call = peer.invite(`sip:app@${US}`, { sdp: {} })
  const { port } = sdpOf(await call.expectResponse(200))
  call.ack()
  // The application goes on.
  await sim.clock.sleep(5)
  const expectClean = async () => {
    await sim.clock.runUntilIdle()
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
    expect(ringdown.calls).toHaveLength(1)
  }
  return { ringdown, peer, call, port, story, expectClean }
}

/** Two seconds of 700 Hz, and two of 1,300 Hz. */
export function store(): MemoryMediaStore {
  const files = new MemoryMediaStore()
  for (const hz of [700, 1300]) {
    const data = Int16Array.from({ length: 16_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * hz * i) / 8000))
    files.put(`${hz}.wav`, { encoding: 'pcm16', sampleRateHz: 8000, data })
  }
  return files
}

/** What the session description of a message says of the stream. */
export function sdpOf({ body }: { readonly body: Uint8Array }): {
  direction: string | undefined
  port: number
  version: number
} {
  const text = utf8Decode(body)
  return {
    direction: /a=(sendrecv|sendonly|recvonly|inactive)/.exec(text)?.[1],
    port: Number(/m=audio (\d+)/.exec(text)?.[1]),
    version: Number(/o=\S+ \d+ (\d+)/.exec(text)?.[1]),
  }
}

/** The far end takes our BYE. */
export async function hangsUp({ peer, call }: Line): Promise<void> {
  peer.respond(await call.expect('BYE', { withinMs: 60_000 }), 200)
}
