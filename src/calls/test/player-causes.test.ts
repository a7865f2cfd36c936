import { describe, expect, test } from 'vitest'
import {
  exchange,
  type PeerCall,
  phones,
  type SimulatedExchange,
  type Simulation,
  withSimulation,
} from '../../testing/index.ts'
import { type Channel, type DtmfPlayer, type FilePlayer, inbound, PlayerCause, type TonePlayer } from '../index.ts'
import { answeredCall, hangsUp } from './answered-call.ts'
import { breakMedia } from './broken-media.ts'

/** Every cause of every player, each reached: the table of what players can end with. */

/** What a test has in its hands. */
interface Playing {
  readonly sim: Simulation
  readonly channel: Channel
  readonly ringdown: SimulatedExchange
  readonly call: PeerCall
}

type Player = FilePlayer | TonePlayer | DtmfPlayer
interface Kind {
  readonly name: string
  readonly of: (channel: Channel) => Player
  /** Something that ends by itself, in some seconds. */
  readonly start: (channel: Channel, options: { bargeIn?: boolean; timeoutMs?: number }) => void
}

const FOUR_SECONDS_OF_TONES = '1,2,3,4,5,6,7,'
const KINDS: readonly Kind[] = [
  {
    name: 'filePlayer.play',
    of: (channel) => channel.filePlayer,
    start: (channel, options) => channel.filePlayer.start('700.wav', options),
  },
  {
    name: 'filePlayer.say',
    of: (channel) => channel.filePlayer,
    start: (channel, options) => channel.filePlayer.startSay('Say something that takes some seconds.', options),
  },
  {
    name: 'filePlayer.playList',
    of: (channel) => channel.filePlayer,
    start: (channel, options) => channel.filePlayer.startPlayList(['700.wav', '1300.wav'], options),
  },
  {
    name: 'tonePlayer.play',
    of: (channel) => channel.tonePlayer,
    start: (channel, options) => channel.tonePlayer.start('RINGBACK', options),
  },
  {
    name: 'dtmfPlayer.play',
    of: (channel) => channel.dtmfPlayer,
    start: (channel, { timeoutMs }) =>
      channel.dtmfPlayer.start(FOUR_SECONDS_OF_TONES, { ...(timeoutMs !== undefined && { timeoutMs }) }),
  },
]

/** What ends it, and as what. */
type Ending = readonly [cause: PlayerCause, end: (playing: Playing, player: Player) => void]

const ENDINGS: readonly Ending[] = [
  ['NORMAL', () => {}],
  ['BARGEIN', ({ call }) => call.request('INFO', { body: 'Signal=5', contentType: 'application/dtmf-relay' })],
  ['ABORTED', (_, player) => void player.stop()],
  ['TIMEOUT', () => {}],
  ['HANGUP', ({ call }) => call.bye()],
  ['ERROR', ({ ringdown }) => breakMedia(ringdown)],
]

async function playing(
  sim: Simulation,
  run: (playing: Playing) => Promise<void>,
): Promise<Awaited<ReturnType<typeof answeredCall>>> {
  let ready: (channel: Channel) => void = () => {}
  const answered = new Promise<Channel>((resolve) => {
    ready = resolve
  })
  let done: () => void = () => {}
  const isDone = new Promise<void>((resolve) => {
    done = resolve
  })
  const line = await answeredCall(sim, async (channel) => {
    ready(channel)
    await isDone
  })
  await run({ sim, channel: await answered, ringdown: line.ringdown, call: line.call })
  done()
  return line
}

for (const { name, of, start } of KINDS)
  describe(name, () => {
    for (const [cause, end] of ENDINGS) {
      // No key interrupts keys.
      if (name === 'dtmfPlayer.play' && cause === 'BARGEIN') continue
      test(
        `ends with ${cause}, and is NONE before and meanwhile`,
        withSimulation({}, async (sim) => {
          const line = await playing(sim, async (state) => {
            const player = of(state.channel)
            expect([player.cause(), player.state()]).toEqual(['NONE', 'IDLE'])
            start(state.channel, { bargeIn: true, ...(cause === 'TIMEOUT' && { timeoutMs: 700 }) })
            await sim.clock.sleep(300)
            expect([player.cause(), player.state()]).toEqual(['NONE', 'RUNNING'])
            end(state, player)
            expect(await player.waitUntilFinished()).toBe(cause)
            expect([player.cause(), player.state()]).toEqual([cause, 'IDLE'])
            expect(player.error() === undefined).toBe(cause !== 'ERROR')
            if (cause === 'HANGUP' || cause === 'ERROR') return
            // The call goes on, and so does the player.
            expect(state.channel.state()).toBe('ANSWERED')
            start(state.channel, {})
            expect(await player.waitUntilFinished()).toBe('NORMAL')
          })
          if (cause !== 'HANGUP') await hangsUp(line)
          await line.expectClean()
        }),
      )
    }
  })

test('there is no other cause', () => {
  expect(Object.keys(PlayerCause).sort()).toEqual(['NONE', ...ENDINGS.map(([cause]) => cause)].sort())
})

test.each(['plain', 'inband'] as const)('keys reach a far end as it takes them: %s', async (habit) => {
  const ends: string[] = []
  const pbx = exchange(
    inbound(async (channel) => {
      await channel.answer()
      ends.push(await channel.dtmfPlayer.play('159d*#'))
    }),
  )
  const alice = pbx.phone('alice', habit === 'plain' ? {} : phones.gateway('inband'))
  await alice.call('1')
  await alice.hears.digits('159D*#')
  await alice.expectHangUp()
  await pbx.done()
  expect(ends).toEqual(['NORMAL'])
})
