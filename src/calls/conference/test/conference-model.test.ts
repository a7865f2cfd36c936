import { expect, test } from 'vitest'
import { chance, integerBelow, type Random, seededRandom } from '../../../kit/index.ts'
import { exchange, type Phone } from '../../../testing/index.ts'
import {
  type AppContext,
  type Channel,
  type ConferenceRoom,
  inbound,
  LEG_DIAGRAMS,
  offDiagram,
  type State,
} from '../../index.ts'

const RUNS = 15
const STEPS = 60
const NAMES = ['ann', 'ben', 'cid', 'dot', 'eve', 'fay']
const ROOMS = ['r', 's']

interface Caller {
  readonly channel: Channel
  readonly other: Channel
  readonly app: AppContext
}

function oneOf<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items[integerBelow(random, Math.max(items.length, 1))]
}

/** Callers who come with any settings, press any key, hang up at any moment, and are moderated at random. */
async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const callers = new Set<Caller>()
  const paths: { readonly of: 'inbound' | 'outbound'; readonly states: State[] }[] = []
  const app = inbound(async (channel, context) => {
    const path = [channel.state()]
    paths.push({ of: 'inbound', states: path })
    channel.on('state', ({ state }) => path.push(state))
    await channel.answer()
    const caller = { channel, other: context.extraChannels[0] as Channel, app: context }
    callers.add(caller)
    let otherPath: State[] = []
    caller.other.on('state', ({ state }) => {
      if (state === 'CALL_OUTGOING') {
        otherPath = []
        paths.push({ of: 'outbound', states: otherPath })
      }
      otherPath.push(state)
    })
    while (channel.state() === 'ANSWERED') {
      const result = await channel.transferToConferenceRoom(caller.other, oneOf(random, ROOMS) ?? 'r', {
        talkerAndListener: chance(random, 0.8),
        conferenceLifetimeControl: new channel.ConferenceLifetimeControl({
          startOnEntry: chance(random, 0.7),
          destroyOnExit: chance(random, 0.1),
        }),
        conferencePartyMediaSettings: anySettings(random, channel),
      })
      expect(['TRANSFERRED', 'ANSWERED', 'IDLE']).toContain(result)
      await caller.other.waitForIdle()
      if (chance(random, 0.2)) return
      await channel.waitForIdle({ timeoutMs: 1 + integerBelow(random, 300) })
    }
  })
  const pbx = exchange({
    seed,
    apps: { '*': app },
    files: { 'music.wav': 'La la la la la la.' },
    exchange: { rooms: { mostParties: 4, quietAfterParties: 3, partiesMayUnmute: chance(random, 0.5) } },
  })
  const phones = NAMES.map((name) => pbx.phone(name, { set: { hearsTones: false } }))
  const rooms = (): readonly ConferenceRoom[] => [...callers].at(0)?.app.rooms.list() ?? []
  for (let step = 0; step < STEPS; step++) {
    // Several things at one instant, then at least the time that a BYE takes: who is being hung up has no state of his own.
    for (let acts = 1 + integerBelow(random, 3); acts > 0; acts--)
      act(random, oneOf(random, phones) as Phone, oneOf(random, rooms()), oneOf(random, [...callers]))
    await pbx.sleep(5 + integerBelow(random, chance(random, 0.2) ? 2500 : 120))
    // A room that has just been destroyed: the BYEs are on their way.
    if ([...callers].some(({ channel, other }) => channel.state() === 'TRANSFERRED' && other.state() === 'IDLE'))
      await pbx.sleep(10)
    expectOnePlaceEach(callers, rooms())
  }
  for (const phone of phones) if (phone.state !== 'IDLE') void phone.hangUp()
  await pbx.sleep(5000)
  await pbx.done()
  expect(pbx.runs.flatMap(({ error }) => error ?? [])).toEqual([])
  for (const { of, states } of paths)
    expect([states, offDiagram(states, LEG_DIAGRAMS[of])]).toEqual([states, undefined])
  const { counters } = pbx.exchange.exchange
  expect(counters.snapshot().brokenInvariants ?? 0).toBe(0)
  expect([pbx.exchange.alive, pbx.exchange.exchange.sizes().rooms]).toEqual([0, 0])
  expect(pbx.exchange.engine.counters.snapshot()).toMatchObject({ rooms: 0, legs: 0 })
}

function anySettings(random: Random, channel: Channel) {
  const media = new channel.ConferencePartyMediaSettings({
    beepOnEntry: chance(random, 0.5),
    startMuted: chance(random, 0.2),
    ...(chance(random, 0.5) && { onConferenceStoppedFile: 'music.wav' }),
    ...(chance(random, 0.7) && { exitOnDtmfDigit: '#' }),
  })
  if (chance(random, 0.7)) media.muteOnDtmfDigits.setDigits({ mute: '0', unmute: chance(random, 0.5) ? '0' : '1' })
  if (chance(random, 0.5)) media.prefixMedia.textToSay('Somebody')
  if (chance(random, 0.5)) media.onEntryMedia.textToSay('has come')
  if (chance(random, 0.5)) media.onExitMedia.textToSay('has gone')
  if (chance(random, 0.3)) media.onMutedMedia.textToSay('You are muted')
  return media
}

function act(random: Random, phone: Phone, room: ConferenceRoom | undefined, caller: Caller | undefined): void {
  const party = oneOf(random, room?.parties ?? [])?.id ?? 0
  const nothing = () => {}
  const acts: (() => unknown)[] = [
    () => (phone.state === 'IDLE' ? phone.dial('1000') : undefined),
    () => (phone.state === 'IDLE' ? phone.dial('1000') : undefined),
    () => (phone.state === 'IDLE' ? phone.dial('1000') : undefined),
    () => (phone.state === 'ANSWERED' ? phone.hangUp() : undefined),
    () =>
      phone.state === 'ANSWERED' ? phone.press(oneOf(random, ['0', '1', '#', '5']) ?? '0').catch(nothing) : undefined,
    () =>
      phone.state === 'ANSWERED' ? phone.press(oneOf(random, ['0', '1', '#', '5']) ?? '0').catch(nothing) : undefined,
    () => room?.mute(party),
    () => room?.unmute(party),
    () => room?.hold(party),
    () => room?.retrieve(party),
    () => room?.eject(party),
    () => room?.move(party, room.name === 'r' ? 's' : 'r'),
    () => (chance(random, 0.5) ? room?.lock() : room?.unlock()),
    () => room?.announce({ textToSay: 'Attention please.' }),
    () => room?.tell(party, { textToSay: 'Between us.' }),
    () => (chance(random, 0.2) ? room?.destroy() : undefined),
    () => (caller?.channel.state() === 'TRANSFERRED' ? caller.channel.retrieveTransfer().catch(nothing) : undefined),
    () => caller?.other.hangUp(),
    () => (chance(random, 0.3) ? caller?.channel.hangUp() : undefined),
  ]
  void oneOf(random, acts)?.()
}

/** Each caller is with his application, or in exactly one room, or gone. */
function expectOnePlaceEach(callers: ReadonlySet<Caller>, rooms: readonly ConferenceRoom[]): void {
  for (const { channel, other } of callers) {
    const inRooms = rooms.flatMap(({ parties }) => parties).filter(({ callId }) => callId === channel.details?.callId)
    const state = channel.state()
    if (state === 'IDLE' || state === 'ANSWERED') expect([state, inRooms.length]).toEqual([state, 0])
    if (state === 'TRANSFERRED') expect([inRooms.length, other.state()]).toEqual([1, 'TRANSFERRED'])
    if (other.state() === 'TRANSFERRED') expect(state).toBe('TRANSFERRED')
  }
  for (const room of rooms) expect(room.parties.length).toBeGreaterThan(0)
}

test(`conferences in which anybody does anything at any moment: everybody is in one place, and nothing is left (${RUNS} runs)`, async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      await run(seed)
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
}, 120_000)
