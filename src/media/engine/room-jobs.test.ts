import { describe, expect, it } from 'vitest'
import { Gathering, type Guest, SAID_DBM0 } from '../test/guests.ts'
import { eventsOf, finished } from '../test/harness.ts'
import { clipOf } from '../test/signals.ts'
import type { CodecName, LegId, MediaEvent, RecordLimits } from './control.ts'

const ID = 900
const JOB = 1
const plain: RecordLimits = { bargeIn: false, beepOnStart: false }

/** Guests of these codecs in room 1, all of whom are silent. */
async function roomOf(...codecs: CodecName[]) {
  const gathering = new Gathering()
  for (const codec of codecs) gathering.mix(await gathering.welcome(codec))
  await gathering.pass(200)
  const { media, guests } = gathering
  const record = (limits: Partial<RecordLimits> = {}, tracks = false): void =>
    media.send({ type: 'recordRoom', leg: ID, room: 1, job: JOB, limits: { ...plain, ...limits }, tracks })
  const stop = (): void => media.send({ type: 'stopJob', leg: ID, job: JOB })
  return { gathering, media, guests, record, stop }
}

const blocks = (media: { readonly events: readonly MediaEvent[] }) =>
  media.events.flatMap((event) => (event.type === 'recorded' && event.leg === ID ? [event] : []))
/** The recording, or one track of it from the beginning of the whole. */
function recorded(media: { readonly events: readonly MediaEvent[] }, of?: LegId): number[] {
  const own = blocks(media).filter(({ track }) => track?.of === of)
  return [...new Array<number>(own[0]?.track?.from ?? 0).fill(0), ...own.flatMap(({ samples }) => [...samples])]
}
/** Where there is sound in it, in milliseconds. */
function heardFrom(samples: readonly number[], rateHz = 8000): [number, number] | undefined {
  const isLoud = (sample: number): boolean => Math.abs(sample) > 1000
  const [first, last] = [samples.findIndex(isLoud), samples.findLastIndex(isLoud)]
  return first < 0 ? undefined : [(first * 1000) / rateHz, (last * 1000) / rateHz]
}

describe('a room that is recorded', () => {
  it('is recorded as those hear it who only listen, with what it is played, for as long as it took', async () => {
    const { gathering, media, guests, record, stop } = await roomOf('PCMU', 'PCMA', 'PCMU')
    record()
    await gathering.pass(200)
    guests[0].frequencyHz = 600
    guests[1].frequencyHz = 900
    await gathering.pass(400)
    for (const guest of guests) guest.frequencyHz = undefined
    const clip = clipOf(Int16Array.from({ length: 1600 }, (_, i) => 4000 * Math.sin((2 * Math.PI * 1300 * i) / 8000)))
    await gathering.pass(200)
    media.send({ type: 'playToRoom', leg: 901, room: 1, job: 2, source: { kind: 'audio', clip, loop: false } })
    await gathering.pass(400)
    stop()
    expect(await finished(media, ID, JOB)).toMatchObject({ cause: 'ABORTED', audioDetected: true })
    const samples = recorded(media)
    expect(samples.length / 8).toBeCloseTo(1200, -1.5)
    const both = samples.slice(8 * 300, 8 * 500)
    const ear = guests[2].heard.slice(-samples.length)
    const loudest = (of: readonly number[]): number => Math.max(...of)
    expect(loudest(both)).toBeGreaterThan(7000)
    expect(loudest(both) / loudest(ear)).toBeCloseTo(1, 1)
    expect(heardFrom(samples.slice(8 * 700))).toEqual([expect.closeTo(100, -2), expect.closeTo(300, -2)])
  })

  it('has a track for each who was heard, in step: who comes later, or speaks later, begins later', async () => {
    const { gathering, media, guests, record, stop } = await roomOf('PCMU', 'PCMU', 'PCMU')
    record({}, true)
    await gathering.pass(400)
    guests[0].frequencyHz = 600
    await gathering.pass(400)
    guests[0].frequencyHz = undefined
    const late = await gathering.welcome('PCMU')
    late.frequencyHz = 900
    gathering.mix(late)
    await gathering.pass(400)
    media.send({ type: 'unmix', leg: late.leg })
    guests[0].frequencyHz = 600
    await gathering.pass(400)
    stop()
    await finished(media, ID, JOB)
    const of = (guest: Guest): number[] => recorded(media, guest.leg)
    expect([of(guests[1]).length, of(guests[2]).length, recorded(media).length]).toEqual([0, 0, 0])
    const first = heardFrom(of(guests[0]))
    const second = heardFrom(of(late))
    expect(first).toEqual([expect.closeTo(430, -2), expect.closeTo(1600, -2)])
    expect(second).toEqual([expect.closeTo(850, -2), expect.closeTo(1200, -2)])
    // The gap stays a gap: what was said first begins again when the second has left.
    const gap = of(guests[0]).slice(8 * 950, 8 * 1150)
    expect(Math.max(...gap.map(Math.abs))).toBe(0)
    const last = blocks(media).filter(({ track }) => track?.isLast)
    expect(last.map(({ track }) => track?.of)).toEqual([late.leg, guests[0].leg])
  })

  it('pauses as other recordings do, and no track begins with what was said meanwhile', async () => {
    for (const isCut of [false, true]) {
      const { gathering, media, guests, record, stop } = await roomOf('PCMU', 'PCMU')
      record({}, true)
      guests[0].frequencyHz = 600
      await gathering.pass(400)
      media.send({ type: 'pauseRecording', leg: ID, job: JOB, isCut })
      guests[0].frequencyHz = undefined
      guests[1].frequencyHz = 900
      await gathering.pass(400)
      guests[1].frequencyHz = undefined
      media.send({ type: 'resumeRecording', leg: ID, job: JOB })
      await gathering.pass(300)
      guests[0].frequencyHz = 600
      await gathering.pass(300)
      stop()
      await finished(media, ID, JOB)
      const track = recorded(media, guests[0].leg)
      expect([isCut, heardFrom(recorded(media, guests[1].leg))]).toEqual([isCut, undefined])
      expect([isCut, track.length / 8]).toEqual([isCut, expect.closeTo(isCut ? 950 : 1400, -2)])
    }
  })

  it('is held to limits of time, size and silence, on the sound of all', async () => {
    for (const [limits, cause, ms] of [
      [{ timeoutMs: 500 }, 'TIMEOUT', 500],
      [{ maxSamples: 3200 }, 'SIZE', 400],
      [{ maxSilenceMs: 300 }, 'SILENCE', 740],
      [{ initialSilenceMs: 1000, timeoutMs: 2000 }, 'TIMEOUT', 2000],
    ] as const) {
      const { gathering, media, guests, record } = await roomOf('PCMU', 'PCMU')
      guests[1].frequencyHz = 600
      await gathering.pass(200)
      record(limits)
      await gathering.pass(400)
      if (cause === 'SILENCE') guests[1].frequencyHz = undefined
      await gathering.pass(2000)
      expect(eventsOf(media, 'finished', ID)).toMatchObject([{ cause }])
      expect([cause, recorded(media).length / 8]).toEqual([cause, expect.closeTo(ms, -2)])
    }
  })

  it('is recorded wideband where that is asked for, also what telephones say', async () => {
    const { gathering, media, guests, record, stop } = await roomOf('L16/16000', 'PCMU')
    record({ sampleRateHz: 16_000 }, true)
    for (const guest of guests) guest.frequencyHz = 700
    await gathering.pass(400)
    stop()
    await finished(media, ID, JOB)
    const turns = (samples: readonly number[]): number =>
      samples.slice(3200, 4800).filter((sample, i, all) => i > 0 && sample >= 0 && all[i - 1] < 0).length
    for (const guest of guests) expect(turns(recorded(media, guest.leg))).toBeCloseTo(70, -0.5)
  })

  it('keeps its time through a stall, and ends with the room', async () => {
    const { gathering, media, guests, record } = await roomOf('PCMU', 'PCMU')
    record()
    await gathering.pass(200)
    media.lateBy = (now) => (now > 1700 && now < 1800 ? 300 : 0)
    await gathering.pass(1000)
    for (const guest of guests) media.send({ type: 'unmix', leg: guest.leg })
    expect(eventsOf(media, 'finished', ID)).toMatchObject([{ cause: 'ABORTED' }])
    expect(recorded(media).length / 8).toBeCloseTo(1200, -1.5)
  })
})

describe('a room that is watched', () => {
  const said = (media: { readonly events: readonly MediaEvent[] }) =>
    media.events.flatMap((event) => (event.type === 'talkers' ? event.changes : []))

  it('says who talks and how loud, when it changes, and not who is muted or clicks', async () => {
    const { gathering, media, guests, stop } = await roomOf('PCMU', 'L16/16000', 'PCMU')
    media.send({ type: 'watchRoom', leg: ID, room: 1, job: JOB })
    guests[0].frequencyHz = 600
    gathering.mix(guests[2], 1, { talk: false })
    guests[2].frequencyHz = 1100
    await gathering.pass(1000)
    const level = expect.closeTo(SAID_DBM0, -0.5)
    expect(said(media)).toEqual([{ of: guests[0].leg, what: 'began', levelDbm0: level }])
    guests[1].frequencyHz = 900
    await gathering.pass(600)
    guests[0].frequencyHz = undefined
    await gathering.pass(1200)
    guests[2].frequencyHz = undefined
    expect(said(media).slice(1)).toEqual([
      { of: guests[1].leg, what: 'began', levelDbm0: level },
      { of: guests[0].leg, what: 'ended', levelDbm0: level },
    ])
    guests[0].frequencyHz = 600
    await gathering.pass(20)
    guests[0].frequencyHz = undefined
    await gathering.pass(1000)
    expect(said(media).length).toBe(3)
    media.send({ type: 'unmix', leg: guests[1].leg })
    expect(said(media).at(-1)).toEqual({ of: guests[1].leg, what: 'ended', levelDbm0: level })
    stop()
    expect(eventsOf(media, 'finished', ID)).toMatchObject([{ cause: 'ABORTED' }])
    guests[0].frequencyHz = 600
    await gathering.pass(400)
    expect(said(media).length).toBe(4)
  })

  it('says so five times a second at most, for all at once', async () => {
    const { gathering, media, guests } = await roomOf('PCMU', 'PCMU', 'PCMU')
    media.send({ type: 'watchRoom', leg: ID, room: 1, job: JOB })
    const before = media.now
    for (let i = 0; i < 50; i++) {
      for (const [n, guest] of guests.entries()) guest.frequencyHz = i % 14 < 4 + n ? 600 + 100 * n : undefined
      await gathering.pass(100)
    }
    const messages = eventsOf(media, 'talkers', ID)
    const changes = said(media).length
    expect(changes).toBeGreaterThan(3 * 2 * 3)
    expect(messages.length).toBeLessThan(changes)
    expect(messages.length).toBeLessThanOrEqual((media.now - before) / 200)
  })
})

it('a job of a room that is not there, or under an id that is in use, is refused', async () => {
  const { media, guests, record } = await roomOf('PCMU')
  media.send({ type: 'recordRoom', leg: ID, room: 2, job: 7, limits: plain })
  expect(await finished(media, ID, 7)).toMatchObject({ cause: 'ERROR', detail: 'nobody is in room 2' })
  media.send({ type: 'watchRoom', leg: guests[0].leg, room: 1, job: 8 })
  expect(await finished(media, guests[0].leg, 8)).toMatchObject({ detail: `the id ${guests[0].leg} is in use` })
  record()
  media.send({ type: 'watchRoom', leg: ID, room: 1, job: 9 })
  expect(await finished(media, ID, 9)).toMatchObject({ cause: 'ERROR', detail: 'the id 900 is in use' })
})
