import { beforeAll, describe, expect, it } from 'vitest'
import { diff16, diff32, integerBelow, seededRandom } from '../../kit/index.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import { Gathering, type Guest } from '../test/guests.ts'
import { eventsOf, finished, openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { opusForTests } from '../test/opus.ts'
import { clipOf, speechLike } from '../test/signals.ts'
import { createKernels, type Kernels } from '../wasm/kernels.ts'
import type { CodecName } from './control.ts'

let opus: OpusLibrary

beforeAll(async () => {
  opus = await opusForTests()
})

/** Guests of these codecs, all in room 1 and silent. */
async function roomOf(...codecs: CodecName[]) {
  const gathering = new Gathering(opus)
  for (const codec of codecs) gathering.mix(await gathering.welcome(codec))
  await gathering.pass(200)
  return { ...gathering, gathering, media: gathering.media, guests: gathering.guests }
}

/** The same kernels, each use of which is counted. */
function counting(kernels: Kernels, onUse: () => void): Kernels {
  return new Proxy(kernels, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        onUse()
        return value(...args)
      }
    },
  })
}

/** Who hears the frequency, by index. */
const hearers = (guests: readonly Guest[], frequencyHz: number): number[] =>
  guests.flatMap((guest, index) => (guest.hears(frequencyHz) ? [index] : []))

/** The greatest step from one sample to the next. */
const steepest = (samples: readonly number[]): number =>
  samples.reduce((most, sample, i) => (i === 0 ? most : Math.max(most, Math.abs(sample - samples[i - 1]))), 0)

describe('a room', () => {
  it('lets everybody hear all others and not themselves', async () => {
    const { gathering, guests } = await roomOf('PCMU', 'PCMU', 'PCMU', 'PCMU')
    for (const [i, guest] of guests.entries()) guest.frequencyHz = [600, 900, 1300, undefined][i]
    await gathering.pass(600)
    expect(hearers(guests, 600)).toEqual([1, 2, 3])
    expect(hearers(guests, 900)).toEqual([0, 2, 3])
    expect(hearers(guests, 1300)).toEqual([0, 1, 3])
    for (const [i, own] of [600, 900, 1300].entries()) expect(guests[i].level(own)).toBeLessThan(-45)
  })

  it('knows nothing of what is said in another', async () => {
    const { gathering, guests } = await roomOf('PCMU', 'PCMU')
    for (let i = 0; i < 2; i++) gathering.mix(await gathering.welcome(), 2)
    guests[0].frequencyHz = 700
    guests[2].frequencyHz = 1100
    await gathering.pass(600)
    expect([hearers(guests, 700), hearers(guests, 1100)]).toEqual([[1], [3]])
    expect(gathering.media.engine.counters.snapshot()).toMatchObject({ rooms: 2 })
  })

  it('mixes all codecs, at 16 kHz as long as a wideband one is there', async () => {
    const { gathering, guests } = await roomOf('PCMU', 'PCMA', 'L16', 'G722', 'L16/16000', 'OPUS')
    for (const speaker of guests) {
      speaker.frequencyHz = 1000
      await gathering.pass(800)
      expect([speaker.codec, hearers(guests, 1000)]).toEqual([
        speaker.codec,
        guests.flatMap((guest, i) => (guest === speaker ? [] : [i])),
      ])
      speaker.frequencyHz = undefined
      await gathering.pass(800)
    }
    guests[4].frequencyHz = 5200
    await gathering.pass(800)
    expect(hearers(guests, 5200)).toEqual([3, 5])
    for (const guest of guests.slice(0, 3)) expect(guest.level(8000 - 5200)).toBeLessThan(-40)
  })

  it('lets those who only wait hear what is theirs, and all that is said as soon as they take part', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU', 'G722')
    const waits = { talk: false, listen: false }
    const tone = [{ tone1: { frequencyHz: 1500, amplitude: 13 }, durationMs: 60_000, add: 'summation' as const }]
    for (const guest of guests) {
      gathering.mix(guest, 1, waits)
      media.send({
        type: 'play',
        leg: guest.leg,
        job: guest.leg,
        source: { kind: 'tone', steps: tone, loop: true },
        bargeIn: false,
      })
    }
    guests[0].frequencyHz = 700
    await gathering.pass(600)
    for (const guest of guests) expect([guest.level(1500) > -20, guest.hears(700)]).toEqual([true, false])
    for (const guest of guests) {
      media.send({ type: 'stopJob', leg: guest.leg, job: guest.leg })
      gathering.mix(guest, 1)
    }
    await gathering.pass(600)
    expect(hearers(guests, 700)).toEqual([1, 2])
    gathering.mix(guests[1], 1, waits)
    gathering.mix(guests[0], 1, { listen: false })
    for (const { heard } of guests) heard.length = 0
    await gathering.pass(600)
    expect(hearers(guests, 700)).toEqual([2])
    gathering.mix(guests[1], 1, { talk: false })
    await gathering.pass(600)
    expect(hearers(guests, 700)).toEqual([1, 2])
    media.send({ type: 'unmix', leg: guests[1].leg })
    gathering.mix(guests[0], 1, waits)
    for (const { heard } of guests) heard.length = 0
    await gathering.pass(600)
    expect(hearers(guests, 700)).toEqual([])
    for (const { leg } of guests) media.send({ type: 'close', leg })
    await gathering.pass(40)
    expect(media.engine.counters.snapshot()).toMatchObject({ rooms: 0, legs: 0, slotsSkipped: 0 })
  })

  it('makes no click for the others when somebody comes and goes in the middle of a word, wideband or not', async () => {
    for (const codec of ['PCMU', 'G722', 'L16/16000'] as const) {
      const { gathering, guests } = await roomOf('L16', 'L16')
      const guest = await gathering.welcome(codec)
      guests[0].frequencyHz = 310
      guest.frequencyHz = 210
      await gathering.pass(400)
      const from = guests[1].heard.length
      for (let i = 0; i < 6; i++) {
        gathering.mix(guest)
        await gathering.pass(300)
        gathering.media.send({ type: 'unmix', leg: guest.leg })
        await gathering.pass(300)
      }
      // Two sines: each may rise by its peak times omega from one sample to the next. A click of the voice would be 4,000 and more.
      const rise = (4000 * 2 * Math.PI * (310 + 210)) / 8000
      expect([codec, steepest(guests[1].heard.slice(from)) / rise]).toEqual([codec, expect.closeTo(1, 1)])
    }
  })

  it('sends all who only listen the same octets, each codec encoded once, and 3 of 300 speak', async () => {
    const gathering = new Gathering()
    for (let i = 0; i < 300; i++) gathering.mix(await gathering.welcome(i % 10 === 0 ? 'PCMA' : 'PCMU'))
    const { guests } = gathering
    for (const [i, frequencyHz] of [500, 800, 1400].entries()) guests[20 * i + 1].frequencyHz = frequencyHz
    await gathering.pass(400)
    for (const frequencyHz of [500, 800, 1400]) expect(hearers(guests, frequencyHz).length).toBe(299)
    for (const guest of guests) guest.say()
    await gathering.media.pass(20)
    const last = guests.map(({ party }) => [...party.heard.splice(0).at(-1)!.payload].join())
    const listeners = guests.filter(({ frequencyHz }) => frequencyHz === undefined)
    const ofListeners = (codec: CodecName) =>
      new Set(listeners.filter((guest) => guest.codec === codec).map((guest) => last[guests.indexOf(guest)]))
    expect([ofListeners('PCMU').size, ofListeners('PCMA').size, new Set(last).size]).toEqual([1, 1, 5])
  })

  it.each([10, 20, 30, 40, 60])('serves packets of %i ms', async (ptimeMs) => {
    const { gathering, guests } = await roomOf('PCMU', 'PCMU')
    gathering.start(guests[1], { ptimeMs })
    guests[0].frequencyHz = 900
    await gathering.pass(1000)
    guests[1].heard.length = 0
    const sequence: number[] = []
    for (let i = 0; i < 60; i++) {
      for (const guest of guests) guest.say()
      await gathering.media.pass(20)
      for (const { payload, sequence: n } of guests[1].party.heard) {
        expect(payload.length).toBe(8 * ptimeMs)
        sequence.push(n)
      }
      for (const guest of guests) guest.listen()
    }
    expect(sequence.length).toBeGreaterThanOrEqual(Math.floor(1200 / ptimeMs) - 1)
    for (let i = 1; i < sequence.length; i++) expect(diff16(sequence[i], sequence[i - 1])).toBe(1)
    expect(steepest(guests[1].heard) / ((4000 * 2 * Math.PI * 900) / 8000)).toBeCloseTo(1, 1)
  })

  it('adds no more than 45 ms from click in to click out, wherever in the tick it comes', async () => {
    const delays: number[] = []
    for (let offsetMs = 0; offsetMs < 20; offsetMs++) {
      const gathering = new Gathering()
      for (let i = 0; i < 5; i++) gathering.mix(await gathering.welcome())
      const { guests, media } = gathering
      await gathering.pass(1200, offsetMs)
      // Also for one that has been here before.
      media.send({ type: 'unmix', leg: 1 })
      await gathering.pass(100)
      gathering.mix(guests[0])
      await gathering.pass(300)
      const saidAt = media.now
      guests[0].frequencyHz = 1000
      guests[0].say()
      await media.pass(100)
      const loud = guests[1].party.heard.find(({ payload }) => payload.some((octet) => (octet & 0x7f) < 0x60))
      delays.push(loud!.at - saidAt)
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(45)
  })
})

describe('what a party may do', () => {
  it('a muted one hears and is not heard, one that does not listen is heard and is sent nothing', async () => {
    const { gathering, guests } = await roomOf('PCMU', 'PCMU', 'PCMU')
    for (const [i, guest] of guests.entries()) guest.frequencyHz = [600, 900, 1300][i]
    gathering.mix(guests[0], 1, { talk: false })
    gathering.mix(guests[1], 1, { listen: false })
    await gathering.pass(600)
    expect([hearers(guests, 600), hearers(guests, 900), hearers(guests, 1300)]).toEqual([[], [0, 2], [0]])
    const before = guests[1].heard.length
    await gathering.pass(200)
    expect(guests[1].heard.length).toBe(before)
    for (const guest of guests.slice(0, 2)) gathering.mix(guest)
    await gathering.pass(600)
    expect([hearers(guests, 600), hearers(guests, 900)]).toEqual([
      [1, 2],
      [0, 2],
    ])
    expect(gathering.media.events.filter(({ type }) => type === 'mixed').length).toBe(7)
  })

  it('one on hold is neither heard nor sent to; one that only sends or only receives does that', async () => {
    const { gathering, guests } = await roomOf('PCMU', 'PCMU', 'PCMU')
    for (const [i, guest] of guests.entries()) guest.frequencyHz = [600, 900, 1300][i]
    for (const [direction, isHeard, isSentTo] of [
      ['inactive', [2], false],
      ['recvonly', [1, 2], false],
      ['sendonly', [2], true],
      ['sendrecv', [1, 2], true],
    ] as const) {
      gathering.start(guests[0], { direction })
      await gathering.pass(600)
      guests[0].heard.length = 0
      await gathering.pass(200)
      expect([direction, guests[0].heard.length > 0]).toEqual([direction, isSentTo])
      expect(hearers(guests, 600)).toEqual(isHeard.filter(() => direction !== 'inactive' && direction !== 'sendonly'))
      if (isSentTo) expect([guests[0].hears(900), guests[0].hears(1300)]).toEqual([true, true])
    }
  })

  it('hears what is played to it in place of the room, which hears it all the same', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU', 'PCMU')
    for (const [i, guest] of guests.entries()) guest.frequencyHz = [600, 900, undefined][i]
    await gathering.pass(400)
    const source = {
      kind: 'tone',
      steps: [{ tone1: { frequencyHz: 2000, amplitude: 10 }, durationMs: 600, add: 'summation' }],
      loop: false,
    } as const
    media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
    await gathering.pass(400)
    expect([guests[0].level(2000) > -15, guests[0].hears(900)]).toEqual([true, false])
    expect(hearers(guests, 600)).toEqual([1, 2])
    await gathering.pass(240)
    expect((await finished(media, 1, 1)).cause).toBe('NORMAL')
    await gathering.pass(240)
    expect([guests[0].level(2000) < -40, guests[0].hears(900)]).toEqual([true, true])
    media.send({ type: 'sendDigits', leg: 1, job: 2, digits: '5' })
    await gathering.pass(100)
    media.send({ type: 'unmix', leg: 1 })
    expect((await finished(media, 1, 2)).cause).toBe('NORMAL')
  })

  it('is recorded and its digits are said as anywhere', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU')
    guests[0].frequencyHz = 600
    media.send({ type: 'record', leg: 1, job: 1, limits: { bargeIn: false, beepOnStart: true, timeoutMs: 800 } })
    await gathering.pass(1600)
    expect((await finished(media, 1, 1)).audioDetected).toBe(true)
    expect(Math.max(...recordingOf(media, 1, 1))).toBeGreaterThan(3800)
    expect(hearers(guests, 600)).toEqual([1])
  })

  it.each(Array.from({ length: 8 }, (_, i) => i + 1))('who hears whom holds after any commands: %i', async (seed) => {
    const random = seededRandom(seed)
    const gathering = new Gathering(opus)
    const names = ['PCMU', 'PCMA', 'G722', 'PCMU', 'L16/16000'] as const
    const frequencies = [500, 800, 1100, 1700, 2300]
    for (const [i, name] of names.entries()) (await gathering.welcome(name)).frequencyHz = frequencies[i]
    const { guests, media } = gathering
    const state = guests.map(() => ({ room: 0, talk: true, listen: true, held: false }))
    for (let step = 0; step < 6; step++) {
      for (let i = 0; i < 3; i++) {
        const index = integerBelow(random, guests.length)
        const [guest, now] = [guests[index], state[index]]
        const flags = { talk: integerBelow(random, 3) > 0, listen: integerBelow(random, 3) > 0 }
        const room = 1 + integerBelow(random, 2)
        switch (integerBelow(random, 4)) {
          case 0:
            media.send({ type: 'unmix', leg: guest.leg })
            now.room = 0
            break
          case 1:
            now.held = !now.held
            gathering.start(guest, now.held ? { direction: 'inactive' } : {})
            break
          default:
            gathering.mix(guest, room, flags)
            if (now.room === 0 || now.room === room) Object.assign(now, { room, ...flags })
        }
        await media.pass(5 * integerBelow(random, 5))
      }
      await gathering.pass(300)
      for (const guest of guests) guest.heard.length = 0
      await gathering.pass(300)
      for (const [i, frequencyHz] of frequencies.entries()) {
        const expected = state.flatMap(({ room, listen, held }, j) => {
          const hears = i !== j && room !== 0 && room === state[i].room && state[i].talk && listen
          return hears && !held && !state[i].held ? [j] : []
        })
        expect([step, frequencyHz, hearers(guests, frequencyHz)]).toEqual([step, frequencyHz, expected])
      }
    }
  })
})

describe('the life of a room', () => {
  it('goes on without a break while nobody speaks', async () => {
    const { gathering, guests } = await roomOf('PCMU', 'G722')
    guests[1].party.heard.length = 0
    for (let i = 0; i < 100; i++) {
      for (const guest of guests) guest.say()
      await gathering.media.pass(20)
    }
    const { heard } = guests[1].party
    expect(heard.length).toBe(100)
    for (let i = 1; i < heard.length; i++) expect(diff32(heard[i].timestamp, heard[i - 1].timestamp)).toBe(160)
    guests[1].listen()
    expect(Math.max(...guests[1].heard.slice(-16_000).map(Math.abs))).toBeLessThan(20)
    guests[0].frequencyHz = 1000
    await gathering.pass(400)
    expect(guests[1].hears(1000)).toBe(true)
  })

  it('skips what a pause of the process has cost, sends no burst, and is in time again', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU', 'PCMU')
    guests[0].frequencyHz = 1000
    await gathering.pass(400)
    guests[1].party.heard.length = 0
    media.lateBy = () => 3000
    media.step(Number.POSITIVE_INFINITY)
    media.lateBy = () => 0
    for (let i = 0; i < 50; i++) {
      for (const guest of guests) guest.say()
      await media.pass(20)
    }
    const { heard } = guests[1].party
    const perInstant = new Map<number, number>()
    for (const { at } of heard) perInstant.set(at, (perInstant.get(at) ?? 0) + 1)
    expect(Math.max(...perInstant.values())).toBe(1)
    const [first, last] = [heard[0], heard.at(-1)!]
    expect(Math.abs(diff32(last.timestamp, first.timestamp) / 8 - (last.at - first.at))).toBeLessThan(25)
    guests[1].listen()
    expect(guests[1].hears(1000)).toBe(true)
  })

  it('ends with its last leg, and costs nothing when all are on hold', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU', 'PCMU')
    for (const guest of guests) gathering.start(guest, { direction: 'inactive' })
    await media.pass(100)
    let datagrams = 0
    const { watch } = media.network
    media.network.watch = (datagram) => {
      datagrams++
      return watch(datagram)
    }
    await media.pass(4000)
    expect(datagrams).toBe(0)
    media.send({ type: 'unmix', leg: 1 })
    media.send({ type: 'close', leg: 2 })
    media.io.breakPort(3)
    await media.pass(20)
    expect(media.events.slice(-3)).toMatchObject([
      { type: 'unmixed', leg: 1, room: 1 },
      { type: 'closed', leg: 2 },
      { type: 'failed', leg: 3 },
    ])
    expect(media.engine.counters.snapshot()).toMatchObject({ rooms: 0, legs: 1 })
    media.send({ type: 'close', leg: 1 })
    expect(media.engine.deadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it('asks next to nothing of the network and of arithmetic while a thousand of them are idle, and wakes at once', async () => {
    const ROOMS = 1000
    let computed = 0
    const media = new InProcessMedia({ kernels: counting(createKernels({ kind: 'twin' }), () => computed++) })
    let looked = 0
    let sent = 0
    const receive = media.io.receive.bind(media.io)
    media.io.receive = (leg, into) => {
      looked++
      return receive(leg, into)
    }
    media.network.watch = () => {
      sent++
      return true
    }
    const stream = (leg: number, direction: 'inactive' | 'sendrecv') =>
      media.send({ type: 'start', leg, stream: { ...streamTo('192.0.2.1', 4000 + leg), direction } })
    for (let leg = 1; leg <= 2 * ROOMS; leg++) {
      await openLeg(media, leg)
      stream(leg, 'inactive')
      media.send({ type: 'mix', leg, room: Math.ceil(leg / 2) })
    }
    await media.pass(1000)
    expect(media.engine.counters.snapshot()).toMatchObject({ rooms: ROOMS, legs: 2 * ROOMS })
    const workOf = async (durationMs: number) => {
      looked = computed = sent = 0
      await media.pass(durationMs)
      return { looked, computed, sent }
    }
    // Twice a second each leg looks at what has come, so that nothing of it waits in the socket for the end of the hold.
    const idle = await workOf(10_000)
    expect(idle).toMatchObject({ computed: 0, sent: 0 })
    expect(idle.looked).toBeLessThanOrEqual(2 * ROOMS * 2 * 10)
    for (const leg of [1, 2]) stream(leg, 'sendrecv')
    const awake = await workOf(1000)
    expect(awake.sent).toBe(2 * 50)
    expect(awake.computed).toBeGreaterThanOrEqual(50)
    for (let leg = 1; leg <= 2 * ROOMS; leg++) media.send({ type: 'close', leg })
    expect(media.engine.counters.snapshot()).toMatchObject({ rooms: 0, legs: 0 })
    expect(media.engine.deadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it('goes on for the others when a leg closes or breaks in the middle of a word', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU', 'PCMU', 'L16')
    for (const [i, guest] of guests.entries()) guest.frequencyHz = [613, 907, 1300, undefined][i]
    await gathering.pass(400)
    const from = guests[3].heard.length
    media.send({ type: 'close', leg: 1 })
    media.io.breakPort(2)
    await gathering.pass(400)
    expect([hearers(guests.slice(2), 1300), hearers(guests.slice(2), 613), hearers(guests.slice(2), 907)]).toEqual([
      [1],
      [],
      [],
    ])
    // What three sines do at most; where one breaks off, another 4,000.
    expect(steepest(guests[3].heard.slice(from))).toBeLessThan((1.05 * 4000 * 2 * Math.PI * (613 + 907 + 1300)) / 8000)
  })

  it('refuses a leg that is not there, has no stream, is bridged or in another room, and leaves it where it is', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU')
    for (let i = 0; i < 2; i++) await gathering.welcome()
    await gathering.pass(300)
    media.send({ type: 'bridge', leg: 3, other: 4 })
    media.send({ type: 'open', leg: 5, localAddress: '127.0.0.1' })
    for (const [leg, room, why] of [
      [9, 1, /leg 9 is not open in this engine/],
      [5, 1, /leg 5 has no stream yet/],
      [3, 1, /leg 3 is bridged/],
      [1, 2, /leg 1 is in room 1/],
    ] as const) {
      media.send({ type: 'mix', leg, room })
      expect(media.events.at(-1)).toEqual({ type: 'mixFailed', leg, room, reason: expect.stringMatching(why) })
    }
    media.send({ type: 'unbridge', leg: 3 })
    media.send({ type: 'bridge', leg: 1, other: 3 })
    expect(eventsOf(media, 'bridgeFailed', 1)).toMatchObject([{ reason: 'leg 1 is in room 1' }])
    media.send({ type: 'unmix', leg: 3 })
    expect(eventsOf(media, 'unmixed', 3)).toEqual([])
    guests[0].frequencyHz = 1000
    await gathering.pass(400)
    expect(hearers(guests, 1000)).toEqual([1])
  })

  it('lets a leg hear the room again that was not to listen any more while it played', async () => {
    const { gathering, guests, media } = await roomOf('PCMU', 'PCMU')
    const source = { kind: 'audio', clip: clipOf(speechLike(600)), loop: true } as const
    guests[0].frequencyHz = 1000
    for (const jobEnds of ['before', 'after'] as const) {
      media.send({ type: 'play', leg: 2, job: 1, source, bargeIn: false })
      gathering.mix(guests[1], 1, { listen: false })
      await gathering.pass(400)
      if (jobEnds === 'before') media.send({ type: 'stopJob', leg: 2, job: 1 })
      gathering.mix(guests[1], 1, { listen: true })
      if (jobEnds === 'after') media.send({ type: 'stopJob', leg: 2, job: 1 })
      await gathering.pass(400)
      expect([jobEnds, guests[1].hears(1000)]).toEqual([jobEnds, true])
    }
  })

  it('takes a leg that plays, whose far end hears the room afterwards', async () => {
    const { gathering, guests, media } = await roomOf('PCMU')
    const guest = await gathering.welcome()
    const source = { kind: 'audio', clip: clipOf(speechLike(600)), loop: false } as const
    media.send({ type: 'play', leg: guest.leg, job: 1, source, bargeIn: false })
    gathering.mix(guest)
    guests[0].frequencyHz = 1000
    await gathering.pass(400)
    expect(guest.hears(1000)).toBe(false)
    await gathering.pass(500)
    expect(guest.hears(1000)).toBe(true)
  })
})
