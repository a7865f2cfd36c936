import { beforeAll, describe, expect, it } from 'vitest'
import { diff16, diff32 } from '../../kit/index.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import { levelDbm0 } from '../dsp/level.ts'
import { eventOfDigit } from '../dtmf/digits.ts'
import { writeEventPayload } from '../dtmf/event-payload.ts'
import { Gathering, type Guest, SAID_DBM0 } from '../test/guests.ts'
import { eventsOf } from '../test/harness.ts'
import { opusForTests } from '../test/opus.ts'
import type { CodecName, MediaCommand } from './control.ts'

type Mix = Omit<Extract<MediaCommand, { type: 'mix' }>, 'type' | 'leg' | 'room'>

let opus: OpusLibrary

beforeAll(async () => {
  opus = await opusForTests()
})

const TONES = [500, 700, 1100, 1500, 1900, 2300, 2700, 3100]

/** Guests of these codecs, all in room 1, each of whom has a tone of his own. */
async function roomOf(...codecs: CodecName[]) {
  const gathering = new Gathering(opus)
  for (const codec of codecs) gathering.mix(await gathering.welcome(codec))
  await gathering.pass(200)
  const { guests } = gathering
  const mix = (guest: number, how: Mix): void => gathering.mix(guests[guest], 1, how)
  /** Who hears whom: the listeners of each, when all say their tones at once. */
  const whoHears = async (speakers: readonly number[] = guests.map((_, i) => i)): Promise<string[]> => {
    for (const i of speakers) guests[i].frequencyHz = TONES[i]
    await gathering.pass(500)
    const heard = speakers.map((i) => guests.flatMap((guest, k) => (guest.hears(TONES[i]) ? [k] : [])).join(' '))
    for (const guest of guests) guest.frequencyHz = undefined
    await gathering.pass(700)
    return heard
  }
  return { gathering, guests, mix, whoHears }
}

function toneOf(frequencyHz: number, amplitude: number) {
  const steps = [{ tone1: { frequencyHz, amplitude }, durationMs: 400, add: 'summation' as const }]
  return { kind: 'tone', steps, loop: false } as const
}

/** The greatest step from one sample to the next. */
const steepest = (samples: readonly number[]): number =>
  samples.reduce((most, sample, i) => (i === 0 ? most : Math.max(most, Math.abs(sample - samples[i - 1]))), 0)

const level = (guest: Guest, samples = 1600): number => levelDbm0(Int16Array.from(guest.heard.slice(-samples)))

describe('who hears whom in a room', () => {
  it.each([
    ['PCMU', 'PCMU', 'PCMU', 'PCMU'],
    ['PCMU', 'G722', 'PCMA', 'OPUS'],
    ['L16/16000', 'PCMU', 'PCMU', 'L16'],
  ] as const)(
    'a coach hears all and is heard by one, a supervisor hears all and by nobody: %s %s %s %s',
    async (...codecs) => {
      const { whoHears, mix, guests, gathering } = await roomOf(...codecs)
      expect(await whoHears()).toEqual(['1 2 3', '0 2 3', '0 1 3', '0 1 2'])
      // 0 is the customer, 1 the agent, 2 coaches him, 3 looks on.
      mix(2, { audience: [guests[1].leg] })
      mix(3, { audience: [] })
      expect(await whoHears()).toEqual(['1 2 3', '0 2 3', '1', ''])
      // Two who whisper to the same, one of them to two; one hears nothing of the room and is spoken to all the same.
      mix(3, { audience: [guests[1].leg, guests[2].leg] })
      mix(1, { talk: false })
      expect(await whoHears()).toEqual(['1 2 3', '', '1', '1 2'])
      mix(1, {})
      mix(2, {})
      // The one who was spoken to goes and comes back.
      gathering.media.send({ type: 'unmix', leg: guests[1].leg })
      expect(await whoHears([0, 2, 3])).toEqual(['2 3', '0 3', '2'])
      mix(1, {})
      expect(await whoHears()).toEqual(['1 2 3', '0 2 3', '0 1 3', '1 2'])
      mix(3, {})
      expect(await whoHears()).toEqual(['1 2 3', '0 2 3', '0 1 3', '0 1 2'])
    },
  )

  it('says the same to packets of another length', async () => {
    const { whoHears, mix, guests, gathering } = await roomOf('PCMU', 'PCMU', 'PCMU')
    gathering.start(guests[1], { ptimeMs: 30 })
    mix(2, { audience: [guests[1].leg] })
    expect(await whoHears()).toEqual(['1 2', '0 2', '1'])
  })

  it('makes no click when one turns from all to some, and back', async () => {
    const { gathering, guests, mix } = await roomOf('L16', 'L16', 'L16')
    guests[0].frequencyHz = 310
    guests[2].frequencyHz = 210
    await gathering.pass(400)
    const from = guests[1].heard.length
    for (let i = 0; i < 4; i++) {
      mix(2, { audience: i % 2 === 0 ? [guests[0].leg] : [guests[1].leg] })
      await gathering.pass(180)
      mix(2, {})
      await gathering.pass(240)
    }
    const rise = (4000 * 2 * Math.PI * (310 + 210)) / 8000
    expect(steepest(guests[1].heard.slice(from)) / rise).toBeLessThan(1.1)
  })
})

describe('how a room is mixed', () => {
  it('has each as loud as was asked for, without a step', async () => {
    const { gathering, guests, mix } = await roomOf('L16', 'L16', 'PCMU')
    guests[0].frequencyHz = 500
    for (const volumeDb of [0, 6, -20, 0]) {
      mix(0, { volumeDb })
      await gathering.pass(500)
      expect(guests[1].level(500) - SAID_DBM0).toBeCloseTo(volumeDb, 0)
      // Nobody hears himself, however loud.
      expect(guests[0].level(500)).toBeLessThan(-45)
    }
    expect(steepest(guests[1].heard) / ((8000 * 2 * Math.PI * 500) / 8000)).toBeLessThan(1.05)
  })

  it('lets the loudest be heard, and changes them only for one who is clearly louder', async () => {
    const { whoHears, mix, gathering, guests } = await roomOf('PCMU', 'PCMU', 'PCMU', 'PCMU', 'PCMU')
    mix(0, { mixing: { mostTalkers: 2 } })
    const speak = async (...speakers: number[]): Promise<number[]> => {
      for (const [i, guest] of guests.entries()) guest.frequencyHz = speakers.includes(i) ? TONES[i] : undefined
      await gathering.pass(500)
      return TONES.flatMap((hz, i) => (guests[4].hears(hz) ? [i] : []))
    }
    expect(await speak(0, 1)).toEqual([0, 1])
    // As loud as they are: who talks already is heard on.
    expect(await speak(0, 1, 2, 3)).toEqual([0, 1])
    // When one of them is silent, another comes in soon.
    expect((await speak(0, 2, 3)).length).toBe(2)
    await speak()
    await gathering.pass(800)
    expect(await speak(3)).toEqual([3])
    expect(await speak(0, 3)).toEqual([0, 3])
    guests[2].loudness = 3
    guests[2].frequencyHz = TONES[2]
    await gathering.pass(500)
    expect(guests[4].level(TONES[2])).toBeGreaterThan(SAID_DBM0 + 6)
    expect([0, 3].filter((i) => guests[4].hears(TONES[i])).length).toBe(1)
    // One who is left out hears all who are not, and those nobody twice.
    mix(0, { mixing: { mostTalkers: 8 } })
    guests[2].loudness = 1
    expect(await whoHears()).toEqual(['1 2 3 4', '0 2 3 4', '0 1 3 4', '0 1 2 4', '0 1 2 3'])
  })

  it('makes no click of those who come into the mix or are left out of it, lets them hear all who are, and announcements always', async () => {
    const { gathering, guests, mix } = await roomOf('L16', 'L16', 'L16')
    guests[0].frequencyHz = 310
    guests[2].frequencyHz = 210
    guests[2].loudness = 3
    await gathering.pass(400)
    const from = guests[1].heard.length
    for (let i = 0; i < 4; i++) {
      mix(1, { mixing: { mostTalkers: 1 } })
      // Wherever in its turns the tone is then.
      await gathering.pass(280 + 20 * i)
      expect([guests[0].level(310) < -40, guests[1].level(310) < -40, guests[0].level(210) > -15]).toEqual([
        true,
        true,
        true,
      ])
      mix(1, { mixing: { mostTalkers: 2 } })
      await gathering.pass(220)
      expect(Math.abs(guests[1].level(310) - SAID_DBM0)).toBeLessThan(3)
    }
    const rise = (2 * Math.PI * (4000 * 310 + 12_000 * 210)) / 8000
    expect(steepest(guests[1].heard.slice(from)) / rise).toBeLessThan(1.1)
    mix(1, { mixing: { mostTalkers: 1 } })
    gathering.media.send({ type: 'playToRoom', leg: 90, room: 1, job: 1, source: toneOf(1900, 30) })
    await gathering.pass(300)
    expect(guests[1].level(1900)).toBeGreaterThan(-32)
  })

  it('brings soft and loud talkers nearer to the others, within bounds, and nobody whom that was not asked for', async () => {
    for (const [loudness, expected] of [
      [0.05, 9],
      [0.025, 0],
      [0.5, 0],
      [4, -9],
    ] as const) {
      const { gathering, guests, mix } = await roomOf('L16', 'L16')
      guests[0].frequencyHz = 500
      guests[0].loudness = loudness
      await gathering.pass(400)
      const before = guests[1].level(500)
      mix(0, { automaticLevel: true })
      await gathering.pass(5000)
      const gained = guests[1].level(500) - before
      expect([loudness, Math.sign(Math.round(gained))]).toEqual([loudness, Math.sign(expected)])
      expect(Math.abs(gained - expected)).toBeLessThan(2.5)
    }
  })

  it('has a soft noise while nobody speaks, in both bands, where that is asked for', async () => {
    const { gathering, guests, mix } = await roomOf('L16', 'L16', 'L16/16000')
    expect(level(guests[1])).toBe(Number.NEGATIVE_INFINITY)
    mix(0, { mixing: { comfortNoise: true } })
    await gathering.pass(600)
    for (const guest of guests) expect(Math.abs(level(guest) + 68)).toBeLessThan(2.5)
    // No two seconds of it are alike.
    const [last, before] = [guests[1].heard.slice(-160), guests[1].heard.slice(-1600, -1440)]
    expect(last).not.toEqual(before)
    mix(0, { mixing: { comfortNoise: false } })
    await gathering.pass(400)
    expect(level(guests[1])).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('two who talk and want to be passed on directly', () => {
  const DIRECT = { direct: true } as const

  /** How long after it was said a payload of ours arrives as it is, in packets; `undefined` when it does not. */
  const passes = async (gathering: Gathering, from: Guest, to: Guest, payload: Uint8Array): Promise<boolean> => {
    from.party.say(payload, { payloadType: 0 })
    await gathering.media.pass(20)
    const hasCome = to.party.heard.some((packet) => packet.payload.join() === payload.join())
    for (const guest of gathering.guests) guest.listen()
    return hasCome
  }
  const noise = Uint8Array.from({ length: 160 }, (_, i) => (i * 37) & 0xff)

  it('are, at once and unmixed, until a third may talk, something is played, or one of them leaves', async () => {
    const { gathering, guests, mix } = await roomOf('PCMU', 'PCMU', 'PCMU')
    const isDirect = () => passes(gathering, guests[0], guests[1], noise)
    expect(await isDirect()).toBe(false)
    mix(0, DIRECT)
    mix(1, DIRECT)
    mix(2, { talk: false })
    await gathering.pass(40)
    expect([await isDirect(), await passes(gathering, guests[1], guests[0], noise)]).toEqual([true, true])
    // Who listens hears both.
    guests[0].frequencyHz = 500
    guests[1].frequencyHz = 1100
    await gathering.pass(500)
    expect(guests.map((guest) => [guest.hears(500), guest.hears(1100)])).toEqual([
      [false, true],
      [true, false],
      [true, true],
    ])
    mix(2, {})
    await gathering.pass(40)
    guests[2].frequencyHz = 1500
    await gathering.pass(500)
    expect(guests.map((guest) => [guest.hears(500), guest.hears(1100), guest.hears(1500)])).toEqual([
      [false, true, true],
      [true, false, true],
      [true, true, false],
    ])
    expect(await isDirect()).toBe(false)
    gathering.media.send({ type: 'unmix', leg: guests[2].leg })
    await gathering.pass(40)
    expect(await isDirect()).toBe(true)
    // An announcement, and something that only one hears.
    const source = toneOf(1900, 15)
    gathering.media.send({ type: 'playToRoom', leg: 90, room: 1, job: 1, source })
    await gathering.pass(300)
    for (const guest of guests.slice(0, 2))
      expect([guest.level(1900) > -20, guest.level(500) > -20 || guest.level(1100) > -20]).toEqual([true, true])
    await gathering.pass(300)
    expect(await isDirect()).toBe(true)
    gathering.media.send({ type: 'play', leg: guests[1].leg, job: 2, source, bargeIn: false })
    await gathering.pass(300)
    expect([guests[1].level(1900) > -20, guests[1].level(500) > -20, guests[0].hears(1100)]).toEqual([
      true,
      false,
      true,
    ])
    await gathering.pass(300)
    expect(await isDirect()).toBe(true)
    // Whose keys may come as tones, and are not for the others, is not passed on as he is.
    gathering.start(guests[0], { inBandDigits: true })
    mix(0, { direct: true, privateKeys: '5' })
    await gathering.pass(100)
    expect(await isDirect()).toBe(false)
    mix(0, DIRECT)
    await gathering.pass(100)
    expect(await isDirect()).toBe(true)
    mix(1, { direct: true, volumeDb: -6 })
    await gathering.pass(300)
    expect(await isDirect()).toBe(false)
    mix(1, DIRECT)
    await gathering.pass(100)
    expect(await isDirect()).toBe(true)
    gathering.media.send({ type: 'unmix', leg: guests[1].leg })
    await gathering.pass(300)
    expect([await isDirect(), await passes(gathering, guests[1], guests[0], noise)]).toEqual([false, false])
    expect(guests[0].level(1100)).toBeLessThan(-45)
  })

  it('hear no key of each other, one stream without a break, and cost the mixer nothing', async () => {
    const { gathering, guests, mix } = await roomOf('PCMU', 'PCMU')
    const [ann, ben] = guests
    const wire: { sequence: number; timestamp: number; ssrc: number; payloadType: number }[] = []
    const keep = (): void => {
      wire.push(...ben.party.heard)
      ben.listen()
    }
    for (let i = 0; i < 60; i++) {
      if (i === 20) for (const guest of [0, 1]) mix(guest, DIRECT)
      if (i === 40) mix(0, {})
      ann.frequencyHz = 500
      ann.say()
      await gathering.media.pass(20)
      keep()
    }
    expect([
      new Set(wire.map(({ ssrc }) => ssrc)).size,
      new Set(wire.map(({ payloadType }) => payloadType)).size,
    ]).toEqual([1, 1])
    for (let i = 1; i < wire.length; i++) {
      expect(diff16(wire[i].sequence, wire[i - 1].sequence)).toBe(1)
      const ticks = diff32(wire[i].timestamp, wire[i - 1].timestamp)
      expect(ticks).toBeGreaterThan(0)
      expect(ticks).toBeLessThanOrEqual(480)
    }
    mix(0, DIRECT)
    await gathering.pass(40)
    const key = new Uint8Array(4)
    writeEventPayload(key, 0, eventOfDigit('5'), false, 10, 160)
    ann.party.say(key, { payloadType: 101, marker: true, units: 0 })
    await gathering.media.pass(40)
    expect(ben.party.heard.filter(({ payloadType }) => payloadType !== 0)).toEqual([])
    expect(eventsOf(gathering.media, 'digit', ann.leg).length).toBe(1)
    // Nobody is decoded for a mix that nobody hears: so nobody misses what is lost.
    await gathering.pass(400)
    ann.party.sequence += 3
    ann.party.timestamp += 480
    await gathering.pass(400)
    gathering.media.send({ type: 'close', leg: ann.leg })
    const { packetsLost, concealedMs } = eventsOf(gathering.media, 'closed', ann.leg)[0].statistics
    expect([packetsLost, concealedMs]).toEqual([3, 0])
  })

  it('hear each other through codecs of their own, too', async () => {
    const { gathering, guests, mix } = await roomOf('PCMU', 'G722')
    for (const guest of [0, 1]) mix(guest, DIRECT)
    guests[0].frequencyHz = 500
    guests[1].frequencyHz = 1100
    await gathering.pass(600)
    expect(guests.map((guest) => [guest.hears(500), guest.hears(1100)])).toEqual([
      [false, true],
      [true, false],
    ])
  })
})

describe('who comes, goes, is muted or spoken to by some', () => {
  /** What a steady tone does not explain: the greatest sample of the rest, in dBFS, of 20 ms at a time. */
  const clickDbfs = (samples: readonly number[], frequencyHz: number): number => {
    let most = 0
    for (let at = 0; at + 160 <= samples.length; at += 160) {
      const frame = samples.slice(at, at + 160)
      const [cosines, sines] = [Math.cos, Math.sin].map((wave) =>
        frame.map((_, i) => wave((2 * Math.PI * frequencyHz * i) / 8000)),
      )
      const along = (basis: number[]): number => frame.reduce((sum, sample, i) => sum + sample * basis[i], 0) / 80
      const [a, b] = [along(cosines), along(sines)]
      for (const [i, sample] of frame.entries()) most = Math.max(most, Math.abs(sample - a * cosines[i] - b * sines[i]))
    }
    return 20 * Math.log10(most / 32_768)
  }

  it('makes no click for the others above -40 dBFS', async () => {
    const { gathering, guests, mix } = await roomOf('L16', 'L16')
    // A whole number of turns in 20 ms.
    guests[0].frequencyHz = 300
    const others = [await gathering.welcome('L16'), await gathering.welcome('PCMA'), await gathering.welcome('L16')]
    await gathering.pass(400)
    const from = guests[1].heard.length
    for (const [i, other] of others.entries()) {
      mix(other.leg - 1, { mixing: { comfortNoise: i === 1 } })
      await gathering.pass(100)
      mix(other.leg - 1, { audience: [guests[0].leg] })
      mix(0, { automaticLevel: i !== 1 })
      await gathering.pass(100)
      mix(other.leg - 1, { talk: false, volumeDb: 6 })
      await gathering.pass(100)
      gathering.media.send({ type: 'unmix', leg: other.leg })
      await gathering.pass(100)
    }
    expect(guests[1].hears(300)).toBe(true)
    expect(clickDbfs(guests[1].heard.slice(from), 300)).toBeLessThan(-40)
  })

  it.each([
    { codec: 'L16', peakDbfs: -18 },
    { codec: 'L16', peakDbfs: -9 },
    { codec: 'G722', peakDbfs: -18 },
    { codec: 'G722', peakDbfs: -9 },
  ] as const)(
    'makes none either when who talks at $peakDbfs dBFS comes and goes ($codec)',
    async ({ codec, peakDbfs }) => {
      const { gathering, guests, mix } = await roomOf('L16', 'L16', codec)
      const [, listener, speaker] = guests
      for (const guest of [0, 1, 2]) mix(guest, { mixing: { comfortNoise: false } })
      gathering.media.send({ type: 'unmix', leg: speaker.leg })
      speaker.frequencyHz = 437
      speaker.loudness = (32_768 * 10 ** (peakDbfs / 20)) / 4000
      await gathering.pass(400)
      const clicks = { entering: 0, leaving: 0, muted: 0, unmuted: 0, whispering: 0 }
      const watch = async (what: keyof typeof clicks, act: () => void) => {
        // With what was heard just before: the seam is looked at as well.
        const from = Math.max(listener.heard.length - 400, 0)
        act()
        await gathering.pass(300)
        clicks[what] = Math.max(clicks[what], peakAbove2200Hz(listener.heard.slice(from)))
      }
      // The period of the tone does not fit the rounds: each time it is caught in another place.
      for (let i = 0; i < 5; i++) {
        await watch('entering', () => mix(2, {}))
        expect(listener.level(437)).toBeGreaterThan(peakDbfs + 2)
        await watch('muted', () => mix(2, { talk: false }))
        await watch('unmuted', () => mix(2, {}))
        await watch('whispering', () => mix(2, { audience: [guests[0].leg] }))
        await watch('unmuted', () => mix(2, {}))
        await watch('leaving', () => gathering.media.send({ type: 'unmix', leg: speaker.leg }))
      }
      const dbfs = Object.entries(clicks).map(([what, peak]) => [what, 20 * Math.log10(peak / 32_768)] as const)
      expect(dbfs.filter(([, click]) => !(click < -40))).toEqual([])
    },
  )

  it.each([20, 30, 40, 60])(
    'who has packets of %i ms hears nothing old when a room that was stopped starts again',
    async (ptimeMs) => {
      const { gathering, guests, mix } = await roomOf('L16', 'L16', 'L16')
      const all = (how: Mix): void => {
        for (const i of guests.keys()) mix(i, { ...how, mixing: { comfortNoise: false } })
      }
      gathering.start(guests[1], { ptimeMs })
      all({})
      for (let course = 0; course < 12; course++) {
        for (const guest of guests) guest.frequencyHz = undefined
        guests[0].frequencyHz = 700
        await gathering.pass(600 + 20 * course)
        expect(guests[1].hears(700)).toBe(true)
        guests[0].frequencyHz = undefined
        all({ talk: false, listen: false })
        await gathering.pass(300)
        guests[1].heard.length = 0
        all({})
        await gathering.pass(400)
        expect(Math.max(...guests[1].heard.map(Math.abs))).toBeLessThan(100)
      }
    },
  )
})

/** The greatest sample of what stands above the voice: a windowed-sinc high-pass, 60 dB down at 1.8 kHz and below. */
function peakAbove2200Hz(samples: readonly number[]): number {
  const middle = 75
  const taps = Array.from({ length: 2 * middle + 1 }, (_, i) => {
    const sinc =
      i === middle ? (2 * 2200) / 8000 : Math.sin((2 * Math.PI * 2200 * (i - middle)) / 8000) / (Math.PI * (i - middle))
    const turn = (Math.PI * i) / middle
    return (i === middle ? 1 : 0) - sinc * (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn))
  })
  let most = 0
  for (let at = 0; at + taps.length <= samples.length; at++)
    most = Math.max(most, Math.abs(taps.reduce((sum, tap, i) => sum + tap * (samples[at + i] ?? 0), 0)))
  return most
}
