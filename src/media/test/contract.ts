import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { levelDbm0 } from '../dsp/level.ts'
import type { RecordLimits } from '../engine/control.ts'
import { OPENING_PACKETS } from '../engine/leg.ts'
import type { AudioClip, PlaySource } from '../engine/play-source.ts'
import { createAudioStream, endStream, StreamWriter } from '../file/stream-ring.ts'
import { createLiveAudio, LiveWriter } from '../live/live-audio.ts'
import { createTapRing, TapReader } from '../live/tap-ring.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import { connectLegs, eventsOf, finished, type MediaHarness, openLeg, recordingOf, streamTo } from './harness.ts'
import { bestMatch, clipOf, speechLike } from './signals.ts'

const plain: RecordLimits = { bargeIn: false, beepOnStart: false }
const music = (durationMs: number): AudioClip => clipOf(speechLike(durationMs))

/**
 * What every media port does, whichever thread its engine runs in and whichever network is under it. Legs 1 and 2
 * talk to each other. Times leave room for a busy machine; exact ones are the business of the tests in virtual time.
 */
export function mediaContract(name: string, create: () => Promise<MediaHarness>): void {
  describe(`media port: ${name}`, () => {
    let media: MediaHarness
    beforeEach(async () => {
      media = await create()
    })
    afterEach(() => media.close())

    it('opens a leg on an even port and closes it with its statistics', async () => {
      const port = await openLeg(media, 1)
      expect(port % 2).toBe(0)
      expect(eventsOf(media, 'opened', 1)[0].address).toBe(media.address)
      media.send({ type: 'close', leg: 1 })
      await media.waitUntil(() => eventsOf(media, 'closed', 1).length > 0, 2000)
      expect(eventsOf(media, 'closed', 1)[0].statistics).toMatchObject({ packetsSent: 0, packetsReceived: 0 })
    })

    it('says failed for an address that is not ours', async () => {
      media.send({ type: 'open', leg: 1, localAddress: media.foreignAddress })
      await media.waitUntil(() => media.events.length > 0, 2000)
      expect(media.events).toEqual([{ type: 'failed', leg: 1, reason: expect.stringMatching(/./) }])
    })

    it('plays a clip that the other leg records', async () => {
      await connectLegs(media, 1, 2)
      media.send({ type: 'record', leg: 2, job: 21, limits: plain })
      const speech = speechLike(1000)
      media.send({
        type: 'play',
        leg: 1,
        job: 11,
        source: { kind: 'audio', clip: clipOf(speech), loop: false },
        bargeIn: false,
      })
      expect((await finished(media, 1, 11)).cause).toBe('NORMAL')
      await media.pass(200)
      media.send({ type: 'stopJob', leg: 2, job: 21 })
      expect(await finished(media, 2, 21)).toMatchObject({ cause: 'ABORTED', audioDetected: true })
      const { correlation } = bestMatch(recordingOf(media, 2, 21), speech.subarray(1600, 4800))
      expect(correlation).toBeGreaterThan(0.99)
    })

    it('plays what is written meanwhile; where that comes late is a gap, and time passes all the same', async () => {
      await connectLegs(media, 1, 2)
      const speech = speechLike(2000)
      const stream = createAudioStream('pcm16', 8192)
      const writer = new StreamWriter(stream)
      writer.write(speech, 0, 8000)
      media.send({ type: 'record', leg: 2, job: 21, limits: plain })
      media.send({ type: 'play', leg: 1, job: 11, source: { kind: 'stream', stream }, bargeIn: false })
      await media.pass(1600)
      expect(writer.room).toBe(8192)
      writer.write(speech, 8000, 8000)
      endStream(stream)
      expect((await finished(media, 1, 11)).cause).toBe('NORMAL')
      await media.pass(200)
      media.send({ type: 'close', leg: 1 })
      media.send({ type: 'close', leg: 2 })
      await media.waitUntil(() => eventsOf(media, 'closed', 2).length > 0, 2000)
      const recording = recordingOf(media, 2, 21)
      const before = bestMatch(recording, speech.subarray(1600, 4800))
      const after = bestMatch(recording, speech.subarray(9600, 12_800))
      expect(Math.min(before.correlation, after.correlation)).toBeGreaterThan(0.99)
      const gapMs = (after.offset - before.offset - 8000) / 8
      expect(gapMs).toBeGreaterThan(300)
      const { playerUnderruns, packetsSent } = eventsOf(media, 'closed', 1)[0].statistics
      expect(playerUnderruns).toBe(1)
      // Silence is sent in the gap: as many packets as time has passed, and what follows at the end.
      expect(Math.abs(packetsSent - (2000 + gapMs) / 20 - 10)).toBeLessThanOrEqual(5)
    })

    it('goes on with another clip without a seam', async () => {
      await connectLegs(media, 1, 2)
      media.send({ type: 'record', leg: 2, job: 21, limits: plain })
      const speech = speechLike(1000)
      const part = (from: number, to?: number): PlaySource => {
        return { kind: 'audio', clip: clipOf(speech.slice(from, to)), loop: false }
      }
      media.send({ type: 'play', leg: 1, job: 11, source: part(0, 4000), bargeIn: false, more: true })
      media.send({ type: 'playNext', leg: 1, job: 11, source: part(4000), when: 'after' })
      expect((await finished(media, 1, 11)).cause).toBe('NORMAL')
      expect(eventsOf(media, 'playingNext', 1)).toMatchObject([{ job: 11 }])
      await media.pass(200)
      media.send({ type: 'stopJob', leg: 2, job: 21 })
      await finished(media, 2, 21)
      expect(bestMatch(recordingOf(media, 2, 21), speech.subarray(2400, 5600)).correlation).toBeGreaterThan(0.99)
    })

    it('plays what somebody says at the moment to one who listens, is told where it is, and forgets what is cleared', async () => {
      await connectLegs(media, 1, 2)
      const ring = createTapRing()
      const reader = new TapReader(ring)
      media.send({ type: 'tap', leg: 2, job: 21, ring })
      const audio = createLiveAudio('pcm16', 16_384)
      const writer = new LiveWriter(audio)
      media.send({ type: 'play', leg: 1, job: 11, source: { kind: 'live', audio }, bargeIn: false })
      await media.pass(200)
      const speech = speechLike(2000)
      writer.write(speech, 0, 16_000)
      writer.tellAt(4000)
      await media.waitUntil(() => eventsOf(media, 'reached', 1).length > 0, 2000)
      expect(eventsOf(media, 'tapped', 2)).toEqual([{ type: 'tapped', leg: 2, job: 21 }])
      await media.pass(100)
      writer.clear()
      await media.pass(200)
      const heard: Int16Array[] = []
      for (let block = reader.read(); block !== undefined; block = reader.read()) heard.push(block)
      const all = new Int16Array(160 * heard.length)
      for (const [i, block] of heard.entries()) all.set(block, 160 * i)
      expect(bestMatch(all, speech.subarray(1600, 3200)).correlation).toBeGreaterThan(0.99)
      expect(bestMatch(all, speech.subarray(9600, 12_800)).correlation).toBeLessThan(0.9)
      expect(writer.room).toBe(16_384)
      media.send({ type: 'close', leg: 1 })
      media.send({ type: 'close', leg: 2 })
      expect((await finished(media, 1, 11)).cause).toBe('ABORTED')
      expect((await finished(media, 2, 21)).cause).toBe('ABORTED')
    })

    it('plays a tone in a loop until it is stopped', async () => {
      await connectLegs(media, 1, 2)
      media.send({ type: 'record', leg: 2, job: 21, limits: plain })
      media.send({
        type: 'play',
        leg: 1,
        job: 11,
        source: { kind: 'tone', steps: TONE_PRESETS.DIAL, loop: true },
        bargeIn: false,
      })
      await media.pass(600)
      media.send({ type: 'stopJob', leg: 1, job: 11 })
      expect((await finished(media, 1, 11)).cause).toBe('ABORTED')
      media.send({ type: 'stopJob', leg: 2, job: 21 })
      await finished(media, 2, 21)
      const heard = recordingOf(media, 2, 21).subarray(2400, 3200)
      expect(toneLevelDbm0(heard, 350)).toBeGreaterThan(-14)
      expect(toneLevelDbm0(heard, 440)).toBeGreaterThan(-14)
    })

    it('sends digits as events and says each once', async () => {
      await connectLegs(media, 1, 2)
      media.send({ type: 'sendDigits', leg: 1, job: 11, digits: '159#11' })
      expect((await finished(media, 1, 11)).cause).toBe('NORMAL')
      await media.pass(100)
      expect(eventsOf(media, 'digit', 2).map(({ digit }) => digit)).toEqual([...'159#11'])
    })

    it('sends and hears digits in-band where events were not agreed on', async () => {
      const port = [await openLeg(media, 1), await openLeg(media, 2)]
      const { telephoneEventPayloadType: _, ...inBand } = streamTo(media.address, port[1])
      media.send({ type: 'start', leg: 1, stream: inBand })
      media.send({ type: 'start', leg: 2, stream: { ...inBand, remotePort: port[0] } })
      media.send({ type: 'record', leg: 2, job: 21, limits: plain })
      media.send({ type: 'sendDigits', leg: 1, job: 11, digits: '5' })
      await finished(media, 1, 11)
      await media.pass(200)
      media.send({ type: 'stopJob', leg: 2, job: 21 })
      await finished(media, 2, 21)
      expect(eventsOf(media, 'digit', 2).map(({ digit }) => digit)).toEqual(['5'])
      const frames = recordingOf(media, 2, 21)
      const loudest = Math.max(
        ...Array.from({ length: Math.floor(frames.length / 160) }, (_, i) =>
          toneLevelDbm0(frames.subarray(i * 160, i * 160 + 160), 770),
        ),
      )
      expect(loudest).toBeGreaterThan(-12)
    })

    it('mixes legs in a room: each hears the others', async () => {
      const streams = [1, 2, 3, 4, 5, 6]
      const ports = await Promise.all(streams.map((leg) => openLeg(media, leg)))
      // 1 to 3 are far ends, 4 to 6 what they talk to.
      for (const leg of streams)
        media.send({ type: 'start', leg, stream: streamTo(media.address, ports[(leg + 2) % 6]) })
      for (const leg of [4, 5, 6]) media.send({ type: 'mix', leg, room: 1 })
      for (const [i, frequencyHz] of [500, 800].entries()) {
        const steps = [{ tone1: { frequencyHz, amplitude: 15 }, durationMs: 100, add: 'summation' }] as const
        media.send({ type: 'play', leg: i + 1, job: i, source: { kind: 'tone', steps, loop: true }, bargeIn: false })
      }
      for (const leg of [1, 2, 3]) media.send({ type: 'record', leg, job: 10 + leg, limits: plain })
      await media.pass(1200)
      for (const leg of [1, 2, 3]) {
        media.send({ type: 'stopJob', leg, job: 10 + leg })
        await finished(media, leg, 10 + leg)
      }
      expect(media.events.flatMap((event) => (event.type === 'mixed' ? [[event.leg, event.room]] : []))).toEqual([
        [4, 1],
        [5, 1],
        [6, 1],
      ])
      const hears = [1, 2, 3].map((leg) =>
        [500, 800].map((frequencyHz) => {
          const recording = recordingOf(media, leg, 10 + leg)
          return toneLevelDbm0(recording.subarray(recording.length - 1600), frequencyHz) > -20
        }),
      )
      expect(hears).toEqual([
        [false, true],
        [true, false],
        [true, true],
      ])
    })

    it('stops a player and a recorder at a digit when they barge in', async () => {
      await connectLegs(media, 1, 2)
      media.send({
        type: 'play',
        leg: 2,
        job: 22,
        source: { kind: 'audio', clip: music(20_000), loop: false },
        bargeIn: true,
      })
      media.send({ type: 'record', leg: 2, job: 23, limits: { ...plain, bargeIn: true } })
      media.send({ type: 'record', leg: 2, job: 24, limits: { ...plain, timeoutMs: 800 } })
      media.send({ type: 'sendDigits', leg: 1, job: 11, digits: '7' })
      expect((await finished(media, 2, 22)).cause).toBe('BARGEIN')
      expect((await finished(media, 2, 23)).cause).toBe('BARGEIN')
      expect((await finished(media, 2, 24)).cause).toBe('TIMEOUT')
      expect(recordingOf(media, 2, 24).length).toBe(6400)
    })

    it('ends a recording for its size and for silence', async () => {
      await connectLegs(media, 1, 2)
      media.send({
        type: 'play',
        leg: 1,
        job: 11,
        source: { kind: 'audio', clip: music(400), loop: false },
        bargeIn: false,
      })
      media.send({ type: 'record', leg: 2, job: 21, limits: { ...plain, maxSamples: 1234 } })
      media.send({ type: 'record', leg: 2, job: 22, limits: { ...plain, maxSilenceMs: 300 } })
      media.send({ type: 'record', leg: 1, job: 12, limits: { ...plain, initialSilenceMs: 300 } })
      expect(await finished(media, 2, 21)).toMatchObject({ cause: 'SIZE' })
      expect(recordingOf(media, 2, 21).length).toBe(1234)
      expect(await finished(media, 2, 22)).toMatchObject({ cause: 'SILENCE', audioDetected: true })
      expect(await finished(media, 1, 12)).toMatchObject({ cause: 'SILENCE', audioDetected: false })
    })

    it('says a beep before it records', async () => {
      await connectLegs(media, 1, 2)
      media.send({ type: 'record', leg: 1, job: 11, limits: plain })
      media.send({ type: 'record', leg: 2, job: 21, limits: { ...plain, beepOnStart: true, timeoutMs: 200 } })
      expect((await finished(media, 2, 21)).cause).toBe('TIMEOUT')
      media.send({ type: 'stopJob', leg: 1, job: 11 })
      await finished(media, 1, 11)
      const beeps = recordingOf(media, 1, 11)
      const loudest = Math.max(
        ...Array.from({ length: Math.floor(beeps.length / 400) }, (_, i) =>
          toneLevelDbm0(beeps.subarray(i * 400, i * 400 + 400), 1000),
        ),
      )
      expect(loudest).toBeGreaterThan(-11)
      expect(levelDbm0(recordingOf(media, 2, 21))).toBeLessThan(-60)
    })

    it('refuses what cannot be done with ERROR and a reason', async () => {
      const port = await openLeg(media, 1)
      const tone = { kind: 'tone', steps: TONE_PRESETS.DIAL, loop: true } as const
      media.send({ type: 'play', leg: 1, job: 1, source: tone, bargeIn: false })
      media.send({ type: 'play', leg: 99, job: 2, source: tone, bargeIn: false })
      media.send({ type: 'start', leg: 1, stream: streamTo(media.address, port) })
      media.send({ type: 'play', leg: 1, job: 3, source: tone, bargeIn: false })
      media.send({ type: 'play', leg: 1, job: 4, source: tone, bargeIn: false })
      media.send({ type: 'sendDigits', leg: 1, job: 5, digits: '1x' })
      for (const [leg, job, why] of [
        [1, 1, /no stream/],
        [99, 2, /not open/],
        [1, 4, /another job/],
        [1, 5, /"x"/],
      ] as const)
        expect(await finished(media, leg, job, 2000)).toMatchObject({
          cause: 'ERROR',
          detail: expect.stringMatching(why),
        })
      expect(eventsOf(media, 'finished', 1).some(({ job }) => job === 3)).toBe(false)
    })

    it('aborts every job when the leg is closed, and says closed last', async () => {
      await connectLegs(media, 1, 2)
      media.send({
        type: 'play',
        leg: 1,
        job: 11,
        source: { kind: 'audio', clip: music(20_000), loop: true },
        bargeIn: false,
      })
      media.send({ type: 'record', leg: 1, job: 12, limits: plain })
      await media.pass(300)
      media.send({ type: 'close', leg: 1 })
      await media.waitUntil(() => eventsOf(media, 'closed', 1).length > 0, 2000)
      expect(eventsOf(media, 'finished', 1).map(({ job, cause }) => [job, cause])).toEqual([
        [11, 'ABORTED'],
        [12, 'ABORTED'],
      ])
      expect(media.events.filter(({ leg }) => leg === 1).at(-1)?.type).toBe('closed')
      const { packetsSent } = eventsOf(media, 'closed', 1)[0].statistics
      expect(packetsSent).toBeGreaterThanOrEqual(10)
      expect(packetsSent).toBeLessThanOrEqual(20)
    })

    it('opens the way with a little silence and is quiet then', async () => {
      await connectLegs(media, 1, 2)
      await media.pass(500)
      media.send({ type: 'close', leg: 1 })
      media.send({ type: 'close', leg: 2 })
      await media.waitUntil(() => eventsOf(media, 'closed', 2).length > 0, 2000)
      expect(eventsOf(media, 'closed', 1)[0].statistics.packetsSent).toBe(OPENING_PACKETS)
      expect(eventsOf(media, 'closed', 2)[0].statistics).toMatchObject({ packetsRefused: 0, packetsLost: 0 })
    })
  })
}
