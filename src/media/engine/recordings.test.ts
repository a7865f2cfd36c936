import { describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../kit/index.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { levelDbm0 } from '../dsp/level.ts'
import { connectLegs, eventsOf, finished, openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import type { Datagram } from '../test/memory-network.ts'
import { bestMatch, clipOf, correlationAt, speechLike } from '../test/signals.ts'
import type { RecordLimits, StreamParameters } from './control.ts'
import type { PlaySource } from './play-source.ts'

const BOTH: RecordLimits = { bargeIn: false, beepOnStart: false, sides: 'stereo' }
const JOB = 9

function tone(frequencyHz: number, seconds: number): PlaySource {
  const samples = Int16Array.from({ length: seconds * 8000 }, (_, i) =>
    Math.round(6000 * Math.sin((2 * Math.PI * frequencyHz * i) / 8000)),
  )
  return { kind: 'audio', clip: clipOf(samples), loop: false }
}

/** Two legs that hear each other; the first of them is recorded. */
async function call(stream: Partial<StreamParameters> = {}): Promise<InProcessMedia> {
  const media = new InProcessMedia()
  await connectLegs(media, 1, 2, stream)
  await media.pass(300)
  return media
}

const play = (media: InProcessMedia, leg: number, job: number, source: PlaySource): void =>
  media.send({ type: 'play', leg, job, source, bargeIn: false })
const record = (media: InProcessMedia, limits: Partial<RecordLimits> = {}): void =>
  media.send({ type: 'record', leg: 1, job: JOB, limits: { ...BOTH, ...limits } })

async function stop(media: InProcessMedia): Promise<{ left: Int16Array; right: Int16Array; all: Int16Array }> {
  media.send({ type: 'stopJob', leg: 1, job: JOB })
  await finished(media, 1, JOB)
  const all = recordingOf(media, 1, JOB)
  return { left: all.filter((_, i) => i % 2 === 0), right: all.filter((_, i) => i % 2 === 1), all }
}

describe('a recording of both sides', () => {
  it('has the far end on the left and what it is sent on the right', async () => {
    const media = await call()
    record(media)
    play(media, 1, 1, tone(500, 1))
    await media.pass(1500)
    play(media, 2, 2, tone(1300, 1))
    await media.pass(1500)
    const { left, right } = await stop(media)
    expect(Math.abs(left.length - 24_000)).toBeLessThanOrEqual(160)
    const [first, second] = [
      [1600, 7200],
      [13_600, 19_200],
    ]
    expect(toneLevelDbm0(right.subarray(...first), 500)).toBeGreaterThan(-20)
    expect(toneLevelDbm0(left.subarray(...second), 1300)).toBeGreaterThan(-20)
    expect(levelDbm0(left.subarray(...first))).toBeLessThan(-60)
    expect(levelDbm0(right.subarray(...second))).toBeLessThan(-60)
  })

  it('is mixed where that is asked for', async () => {
    const media = await call()
    record(media, { sides: 'mixed' })
    play(media, 1, 1, tone(500, 1))
    play(media, 2, 2, tone(1300, 1))
    await media.pass(1200)
    const { all } = await stop(media)
    expect(Math.abs(all.length - 9600)).toBeLessThanOrEqual(160)
    for (const hz of [500, 1300]) expect(toneLevelDbm0(all.subarray(1600, 7200), hz)).toBeGreaterThan(-20)
  })

  it.each(['G722', 'L16', 'L16/16000', 'PCMA'] as const)('decodes %s, at the rate that is wanted', async (codec) => {
    for (const sampleRateHz of [8000, 16_000] as const) {
      const media = await call({ codec, payloadType: 96 })
      record(media, { sampleRateHz })
      play(media, 1, 1, tone(500, 1))
      play(media, 2, 2, tone(1300, 1))
      await media.pass(1200)
      const { left, right } = await stop(media)
      const cut = sampleRateHz / 5
      for (const [side, hz] of [
        [left, 1300],
        [right, 500],
      ] as const) {
        expect(Math.abs(side.length - 1.2 * sampleRateHz)).toBeLessThanOrEqual(sampleRateHz / 50)
        const narrow = sampleRateHz === 8000 ? side : side.filter((_, i) => i % 2 === 0)
        expect(toneLevelDbm0(narrow.subarray(cut / 2, 4800), hz)).toBeGreaterThan(-21)
      }
    }
  })

  it('goes on while the leg is bridged: the other party is on the right', async () => {
    for (const codec of ['PCMU', 'PCMA'] as const) {
      const media = new InProcessMedia()
      await connectLegs(media, 1, 2)
      await connectLegs(media, 3, 4, codec === 'PCMU' ? {} : { codec, payloadType: 8 })
      await media.pass(300)
      record(media)
      await media.pass(500)
      media.send({ type: 'bridge', leg: 1, other: 3 })
      expect(media.events.at(-1)?.type).toBe('bridged')
      play(media, 4, 4, tone(700, 1))
      await media.pass(1500)
      media.send({ type: 'unbridge', leg: 1 })
      play(media, 1, 1, tone(500, 1))
      await media.pass(1100)
      const { right } = await stop(media)
      const loud = (from: number, to: number, hz: number) => toneLevelDbm0(right.subarray(from, to), hz) > -20
      expect([loud(5600, 11_200, 700), loud(17_600, 23_000, 500), loud(17_600, 23_000, 700)]).toEqual([
        true,
        true,
        false,
      ])
    }
  })

  it('goes on in a room, where the others are on the right', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    await connectLegs(media, 3, 4)
    await media.pass(300)
    record(media)
    for (const leg of [1, 3]) media.send({ type: 'mix', leg, room: 1 })
    play(media, 4, 4, tone(700, 1))
    await media.pass(1200)
    const { left, right } = await stop(media)
    expect(toneLevelDbm0(right.subarray(3200, 7200), 700)).toBeGreaterThan(-20)
    expect(levelDbm0(left.subarray(3200, 7200))).toBeLessThan(-60)
  })

  it('goes on when the codec changes, and while the far end is on hold', async () => {
    const media = new InProcessMedia()
    const ports = [await openLeg(media, 1), await openLeg(media, 2)]
    const start = (stream: Partial<StreamParameters>): void => {
      for (const leg of [1, 2])
        media.send({ type: 'start', leg, stream: { ...streamTo(media.address, ports[2 - leg]), ...stream } })
    }
    start({})
    await media.pass(300)
    record(media)
    play(media, 2, 2, tone(500, 1))
    await media.pass(1500)
    start({ direction: 'inactive' })
    await media.pass(3000)
    start({ codec: 'G722', payloadType: 9 })
    play(media, 2, 3, tone(700, 1))
    await media.pass(1500)
    const { left } = await stop(media)
    expect(Math.abs(left.length - 48_000)).toBeLessThanOrEqual(160)
    expect(toneLevelDbm0(left.subarray(1600, 7200), 500)).toBeGreaterThan(-20)
    expect(levelDbm0(left.subarray(13_000, 35_000))).toBeLessThan(-60)
    expect(toneLevelDbm0(left.subarray(38_400, 43_000), 700)).toBeGreaterThan(-21)
  })

  it('begins with the beep where one is said', async () => {
    const media = await call()
    record(media, { beepOnStart: true })
    await media.pass(1000)
    expect(eventsOf(media, 'beeped', 1)).toEqual([{ type: 'beeped', leg: 1, job: JOB }])
    // The place of the transmitter is free again.
    play(media, 1, 1, tone(500, 1))
    await media.pass(1000)
    const { right } = await stop(media)
    expect(eventsOf(media, 'finished', 1).filter(({ job }) => job === JOB)).toMatchObject([{ cause: 'ABORTED' }])
    expect(levelDbm0(right.subarray(400, 1200))).toBeGreaterThan(-20)
    expect(toneLevelDbm0(right.subarray(9600, 15_000), 500)).toBeGreaterThan(-20)
  })

  it('does not begin where the beep cannot be said', async () => {
    const media = await call()
    play(media, 1, 1, tone(500, 1))
    record(media, { beepOnStart: true })
    expect(await finished(media, 1, JOB)).toMatchObject({ cause: 'ERROR', detail: 'another job is transmitting' })
    expect(recordingOf(media, 1, JOB).length).toBe(0)
  })

  it('ends by its limits', async () => {
    for (const [limits, cause, samples] of [
      [{ timeoutMs: 1000 }, 'TIMEOUT', 8000],
      [{ maxSamples: 5000 }, 'SIZE', 5000],
      [{ initialSilenceMs: 500 }, 'SILENCE', 4000],
    ] as const) {
      const media = await call()
      record(media, limits)
      expect((await finished(media, 1, JOB, 3000)).cause).toBe(cause)
      expect(recordingOf(media, 1, JOB).length).toBe(2 * samples)
    }
  })

  it('has what was said until the leg was closed, and can be made twice at once', async () => {
    const media = await call()
    record(media)
    await media.pass(200)
    media.send({ type: 'record', leg: 1, job: 10, limits: BOTH })
    play(media, 2, 2, tone(1300, 2))
    await media.pass(1000)
    media.send({ type: 'close', leg: 1 })
    const lengths = [JOB, 10].map((job) => recordingOf(media, 1, job).length / 2)
    expect(Math.abs(lengths[0] - 9600)).toBeLessThanOrEqual(160)
    expect(Math.abs(lengths[1] - 8000)).toBeLessThanOrEqual(160)
    const last = recordingOf(media, 1, 10).filter((_, i) => i % 2 === 0)
    expect(toneLevelDbm0(last.subarray(-1600, -400), 1300)).toBeGreaterThan(-20)
  })
})

describe('a paused recording', () => {
  const sides = ['farEnd', 'stereo'] as const
  it.each(sides)('holds silence in the place of what was said, and nothing of it: %s', async (of) => {
    const media = await call()
    record(media, { sides: of })
    play(media, 2, 2, tone(500, 1))
    await media.pass(1300)
    media.send({ type: 'pauseRecording', leg: 1, job: JOB, isCut: false })
    play(media, 2, 3, tone(1300, 1.9))
    await media.pass(2000)
    media.send({ type: 'resumeRecording', leg: 1, job: JOB })
    await media.pass(300)
    play(media, 2, 4, tone(700, 1))
    await media.pass(1500)
    const { left, all } = await stop(media)
    const heard = of === 'stereo' ? left : all
    expect(Math.abs(heard.length - 8 * 5100)).toBeLessThan(8 * 250)
    const secret = Array.from({ length: Math.floor(heard.length / 160) }, (_, n) =>
      toneLevelDbm0(heard.subarray(160 * n, 160 * (n + 1)), 1300),
    )
    expect(Math.max(...secret.slice(30))).toBeLessThan(-40)
    expect(toneLevelDbm0(heard.subarray(1600, 7200), 500)).toBeGreaterThan(-20)
    expect(toneLevelDbm0(heard.subarray(31_000, 35_000), 700)).toBeGreaterThan(-20)
  })

  it.each(sides)('leaves the pause out where that is asked for: %s', async (of) => {
    const media = await call()
    record(media, { sides: of })
    await media.pass(1000)
    media.send({ type: 'pauseRecording', leg: 1, job: JOB, isCut: true })
    await media.pass(3000)
    media.send({ type: 'resumeRecording', leg: 1, job: JOB })
    await media.pass(1000)
    const { all } = await stop(media)
    expect(Math.abs(all.length / (of === 'stereo' ? 2 : 1) - 16_000)).toBeLessThan(8 * 250)
  })

  it('is not ended by silence or by digits, only by its time', async () => {
    const media = await call()
    record(media, { sides: 'farEnd', bargeIn: true, maxSilenceMs: 500, initialSilenceMs: 500, timeoutMs: 5000 })
    await media.pass(100)
    media.send({ type: 'pauseRecording', leg: 1, job: JOB, isCut: true })
    media.send({ type: 'sendDigits', leg: 2, job: 5, digits: '12' })
    await media.pass(4000)
    expect(eventsOf(media, 'digit', 1).length).toBe(2)
    expect(eventsOf(media, 'finished', 1)).toEqual([])
    expect(await finished(media, 1, JOB, 1500)).toMatchObject({ cause: 'TIMEOUT' })
  })

  it('ends with a digit again when it goes on', async () => {
    const media = await call()
    record(media, { sides: 'farEnd', bargeIn: true })
    for (const type of ['pauseRecording', 'resumeRecording'] as const)
      media.send({ type, leg: 1, job: JOB, isCut: false })
    media.send({ type: 'sendDigits', leg: 2, job: 5, digits: '1' })
    expect((await finished(media, 1, JOB)).cause).toBe('BARGEIN')
    media.send({ type: 'pauseRecording', leg: 1, job: JOB, isCut: false })
    expect(eventsOf(media, 'finished', 1).length).toBe(1)
  })
})

describe('keys', () => {
  const loudestTone = (sound: Int16Array): number => {
    let loudest = -100
    for (let at = 0; at + 160 <= sound.length; at += 40)
      for (const hz of [697, 770, 852, 941, 1209, 1336, 1477])
        loudest = Math.max(loudest, toneLevelDbm0(sound.subarray(at, at + 160), hz))
    return loudest
  }

  it.each([
    ['farEnd', 8000],
    ['stereo', 8000],
    ['mixed', 16_000],
  ] as const)('in the sound are taken out from their beginning: %s at %d Hz', async (sides, sampleRateHz) => {
    const noEvents = { telephoneEventPayloadType: undefined } as unknown as Partial<StreamParameters>
    for (const dtmfElimination of [true, false]) {
      const media = await call(noEvents)
      record(media, { sides, sampleRateHz, dtmfElimination })
      media.send({ type: 'sendDigits', leg: 2, job: 5, digits: '123456789*0#' })
      await finished(media, 2, 5)
      await media.pass(500)
      play(media, 2, 6, tone(500, 1))
      await media.pass(1500)
      const { left, all } = await stop(media)
      let heard = sides === 'stereo' ? left : all
      if (sampleRateHz === 16_000) heard = heard.filter((_, i) => i % 2 === 0)
      const keys = heard.subarray(0, heard.length - 14_000)
      if (dtmfElimination) expect(loudestTone(keys)).toBeLessThan(-55)
      else expect(loudestTone(keys)).toBeGreaterThan(-15)
      // What is no key stays.
      expect(toneLevelDbm0(heard.subarray(-8000, -6000), 500)).toBeGreaterThan(-20)
    }
  })

  it('that come as events are taken out with what a gateway lets through of their beginning', async () => {
    const media = await call()
    record(media, { sides: 'farEnd', dtmfElimination: true })
    // 30 ms of a tone, too short to be heard as a key, then the event.
    const steps = [{ tone1: { frequencyHz: 697, amplitude: 10 }, durationMs: 30, add: 'summation' }] as const
    play(media, 2, 1, { kind: 'tone', steps, loop: false })
    await media.pass(30)
    media.send({ type: 'stopJob', leg: 2, job: 1 })
    media.send({ type: 'sendDigits', leg: 2, job: 5, digits: '1' })
    await media.pass(1000)
    const { all } = await stop(media)
    expect(eventsOf(media, 'digit', 1).length).toBe(1)
    expect(loudestTone(all)).toBeLessThan(-55)
  })
})

/** A network that holds packets up: those for which `delayOf` gives a time, NEVER to lose them. */
function slowNetwork(media: InProcessMedia, delayOf: (datagram: Datagram, now: number) => number): void {
  const held: { at: number; datagram: Datagram }[] = []
  let isReleasing = false
  media.network.watch = (datagram) => {
    if (isReleasing) return true
    const delayMs = delayOf(datagram, media.now)
    if (delayMs > 0 && delayMs !== Infinity) held.push({ at: media.now + delayMs, datagram })
    return delayMs === 0
  }
  media.onTime = (now) => {
    isReleasing = true
    for (let i = 0; i < held.length; )
      if (held[i].at <= now) media.network.inject(held.splice(i, 1)[0].datagram)
      else i++
    isReleasing = false
  }
}

describe('over thirty minutes', () => {
  it.each(['lost', 'held up and delivered in a burst'])(
    'both sides stay in step within a millisecond, with jitter, loss and a stall of two seconds: %s',
    async (stall) => {
      const media = await call()
      const random = seededRandom(7)
      const begun = media.now
      let port = 0
      slowNetwork(media, ({ to, bytes }, now) => {
        port = Math.max(port, to.port)
        // To the leg that is recorded, and only RTP.
        if (to.port === port || bytes[1] > 127) return 0
        const elapsed = now - begun
        const stallsAt = 900_000
        if (elapsed > stallsAt && elapsed < stallsAt + 2000)
          return stall === 'lost' ? Infinity : stallsAt + 2000 - elapsed
        return integerBelow(random, 50) === 0 ? Infinity : integerBelow(random, 40)
      })
      // Both say the same at the same time.
      const speech = speechLike(3700)
      const source = { kind: 'audio', clip: clipOf(speech), loop: true } as const
      record(media)
      play(media, 1, 1, source)
      play(media, 2, 2, source)
      const minutes: { left: Int16Array; right: Int16Array }[] = []
      for (let minute = 0; minute < 30; minute++) {
        await media.pass(60_000)
        const all = recordingOf(media, 1, JOB)
        media.events.length = 0
        minutes.push({ left: all.filter((_, i) => i % 2 === 0), right: all.filter((_, i) => i % 2 === 1) })
      }
      const total = minutes.reduce((sum, { left }) => sum + left.length, 0)
      expect(Math.abs(total / 8 - 30 * 60_000)).toBeLessThan(600)
      const offsets: number[] = []
      for (const { left, right } of minutes)
        for (const second of [2, 20, 40, 56]) {
          const at = second * 8000
          // A piece of what was sent, looked for around its place in what came.
          const piece = right.subarray(at, at + 4000)
          const { offset, correlation } = bestMatch(left.subarray(at - 800, at + 4800), piece)
          if (correlation < 0.8) continue
          offsets.push(offset - 800)
        }
      expect(offsets.length).toBeGreaterThan(100)
      expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(8)
      media.send({ type: 'close', leg: 1 })
      const { recordedTooLateMs } = eventsOf(media, 'closed', 1)[0].statistics
      if (stall === 'lost') expect(recordedTooLateMs).toBe(0)
      else expect(Math.abs(recordedTooLateMs - 1600)).toBeLessThan(100)
      // In the stall there is a gap as long as the stall, and what came after is back at once.
      const { left, right } = minutes[15]
      // What is recorded is half a second behind what is said.
      const gap = left.subarray(8 * 700, 8 * 1900)
      expect(levelDbm0(gap)).toBe(Number.NEGATIVE_INFINITY)
      expect(
        correlationAt(left.subarray(8 * 3000), right.subarray(8 * 3000 - offsets[0], 8 * 4000), 0),
      ).toBeGreaterThan(0.8)
    },
    60_000,
  )
})
