import { describe, expect, it } from 'vitest'
import { PCMU_TO_PCM16 } from '../codec/g711.ts'
import { energyAtLevel, levelDbm0 } from '../dsp/level.ts'
import { eventsOf, finished, openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { recordedVoices } from '../test/recorded-voices.ts'
import { bestMatch, clipOf } from '../test/signals.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import type { CodecName, ListenFor, StreamParameters } from './control.ts'
import type { PlaySource } from './play-source.ts'

const [amelia, athena] = recordedVoices() as [Voice, Voice]
type Voice = ReturnType<typeof recordedVoices>[number]

/** Leg 1 is the far end, leg 2 is ours. */
async function connected(stream: Partial<StreamParameters> = {}): Promise<InProcessMedia> {
  const media = new InProcessMedia()
  const ports = [await openLeg(media, 1), await openLeg(media, 2)]
  for (const [leg, remotePort] of [
    [1, ports[1]],
    [2, ports[0]],
  ])
    media.send({ type: 'start', leg, stream: { ...streamTo(media.address, remotePort), ...stream } })
  await media.pass(500)
  return media
}

let nextJob = 100

/** The far end says it, as loud as it is or so many dB louder. */
function say(media: InProcessMedia, voice: Voice, louderBy = 0): void {
  const samples = voice.samples.map((value) => value * 10 ** (louderBy / 20))
  play(media, 1, { kind: 'audio', clip: clipOf(samples), loop: false })
}

function play(
  media: InProcessMedia,
  leg: number,
  source: PlaySource,
  bargeInOnSpeech = false,
  bargeIn = false,
): number {
  const job = nextJob++
  media.send({ type: 'play', leg, job, source, bargeIn, bargeInOnSpeech })
  return job
}

function listen(media: InProcessMedia, wanted: Partial<ListenFor> = {}): number {
  const job = nextJob++
  media.send({ type: 'listen', leg: 2, job, for: { bargeIn: false, ...wanted } })
  return job
}

const voices = (media: InProcessMedia) => eventsOf(media, 'voice', 2).map(({ state }) => state)
const melody: PlaySource = { kind: 'tone', steps: TONE_PRESETS.DIAL, loop: true }

describe('listening for speech', () => {
  it.each<[CodecName, number]>([
    ['PCMU', 0],
    ['PCMA', 8],
    ['G722', 9],
    ['L16/16000', 97],
  ])('says when it begins and ends, in a stream of %s', async (codec, payloadType) => {
    const media = await connected({ codec, payloadType })
    listen(media)
    await media.pass(300)
    const saidAt = media.now
    say(media, amelia)
    await media.waitUntil(() => voices(media).length > 0, 1000)
    const [began] = eventsOf(media, 'voice', 2)
    // A packet, the jitter buffer, and what it takes to tell.
    expect(media.now - saidAt - amelia.beginsAtMs).toBeLessThanOrEqual(200)
    expect(Math.abs(media.now - began!.msAgo - saidAt - amelia.beginsAtMs)).toBeLessThanOrEqual(100)
    await media.waitUntil(() => voices(media).length > 1, 2000)
    const ended = eventsOf(media, 'voice', 2)[1]
    expect(ended).toMatchObject({ state: 'ended', msAgo: 300 })
    expect(Math.abs(media.now - 300 - saidAt - amelia.endsAtMs)).toBeLessThanOrEqual(250)
    await media.pass(3000)
    expect(voices(media)).toEqual(['began', 'ended'])
  })

  it('ends with NORMAL when somebody speaks, and not before speech is as long as it has to be', async () => {
    const media = await connected()
    const any = listen(media, { until: 'speech' })
    const long = listen(media, { until: 'speech', minSpeechMs: 400 })
    const longer = listen(media, { until: 'speech', minSpeechMs: 1500, timeoutMs: 4000 })
    say(media, amelia)
    expect((await finished(media, 2, any)).cause).toBe('NORMAL')
    const anyAt = media.now
    expect((await finished(media, 2, long)).cause).toBe('NORMAL')
    expect(media.now - anyAt).toBeGreaterThanOrEqual(200)
    expect((await finished(media, 2, longer)).cause).toBe('TIMEOUT')
  })

  it('waits for silence: what there is already, or what comes', async () => {
    const media = await connected()
    const startedAt = media.now
    expect((await finished(media, 2, listen(media, { until: 'silence', silenceMs: 800 }))).cause).toBe('NORMAL')
    expect(Math.abs(media.now - startedAt - 800)).toBeLessThanOrEqual(45)
    const loop = play(media, 1, { kind: 'audio', clip: clipOf(amelia.samples), loop: true })
    await media.pass(1000)
    const never = listen(media, { until: 'silence', silenceMs: 800, timeoutMs: 3000 })
    expect((await finished(media, 2, never)).cause).toBe('TIMEOUT')
    const then = listen(media, { until: 'silence', silenceMs: 800 })
    await media.pass(500)
    media.send({ type: 'stopJob', leg: 1, job: loop })
    const stoppedAt = media.now
    expect((await finished(media, 2, then)).cause).toBe('NORMAL')
    expect(media.now - stoppedAt).toBeLessThan(1300)
  })

  it('waits for an utterance: its first word for so long, and its end', async () => {
    const media = await connected()
    const job = listen(media, { until: 'utterance', initialSilenceMs: 1000, silenceMs: 600 })
    await media.pass(700)
    say(media, amelia)
    const saidAt = media.now
    expect((await finished(media, 2, job)).cause).toBe('NORMAL')
    expect(Math.abs(media.now - saidAt - amelia.endsAtMs - 600)).toBeLessThanOrEqual(300)
    const startedAt = media.now
    const nobody = listen(media, { until: 'utterance', initialSilenceMs: 1000 })
    expect((await finished(media, 2, nobody)).cause).toBe('TIMEOUT')
    expect(Math.abs(media.now - startedAt - 1000)).toBeLessThanOrEqual(45)
  })

  it('has patience with a far end that listens to what we play', async () => {
    const media = await connected()
    const prompt = play(media, 2, melody)
    const job = listen(media, { until: 'utterance', initialSilenceMs: 500 })
    await media.pass(3000)
    expect(eventsOf(media, 'finished', 2)).toEqual([])
    media.send({ type: 'stopJob', leg: 2, job: prompt })
    const stoppedAt = media.now
    expect((await finished(media, 2, job)).cause).toBe('TIMEOUT')
    expect(Math.abs(media.now - stoppedAt - 500)).toBeLessThanOrEqual(45)
  })

  it('ends with BARGEIN at a digit where that is asked for, and with the leg', async () => {
    const media = await connected()
    const [interrupted, patient] = [listen(media, { bargeIn: true }), listen(media)]
    media.send({ type: 'sendDigits', leg: 1, job: nextJob++, digits: '5' })
    expect((await finished(media, 2, interrupted)).cause).toBe('BARGEIN')
    const stopped = listen(media)
    media.send({ type: 'stopJob', leg: 2, job: stopped })
    expect((await finished(media, 2, stopped)).cause).toBe('ABORTED')
    media.send({ type: 'close', leg: 2 })
    expect((await finished(media, 2, patient)).cause).toBe('ABORTED')
    expect((await finished(media, 2, listen(media))).cause).toBe('ERROR')
  })

  it.each<[CodecName, number, 8000 | 16_000]>([
    ['PCMU', 0, 8000],
    ['PCMU', 0, 16_000],
    ['G722', 9, 16_000],
    ['G722', 9, 8000],
  ])(
    'hands over speech in %s, and only that, from before its first sound',
    async (codec, payloadType, sampleRateHz) => {
      const media = await connected({ codec, payloadType })
      const job = listen(media, { sound: { sampleRateHz }, silenceMs: 400 })
      await media.pass(1500)
      say(media, amelia)
      await media.pass(4000)
      const heard = recordingOf(media, 2, job)
      const perMs = sampleRateHz / 1000
      const narrow = perMs === 8 ? heard : heard.filter((_, i) => i % 2 === 0)
      const speech = amelia.samples.subarray(amelia.beginsAtMs * 8, amelia.endsAtMs * 8)
      const { offset, correlation } = bestMatch(narrow, speech.subarray(0, 2400), narrow.length - 2400)
      expect(correlation).toBeGreaterThan(0.9)
      expect(offset / 8).toBeGreaterThan(80)
      expect(offset / 8).toBeLessThan(350)
      expect(heard.length / perMs).toBeGreaterThan(660 + 100)
      expect(heard.length / perMs).toBeLessThan(660 + 200 + 400 + 300)
    },
  )
})

describe('barge-in on speech', () => {
  it('empties our side within 40 ms of speech being told', async () => {
    for (const voice of [amelia, athena]) {
      const media = await connected()
      const job = play(media, 2, melody, true)
      const watcher = listen(media)
      await media.pass(1000)
      let lastSoundAt = 0
      media.network.watch = ({ bytes, from }) => {
        if (from.port === portOf(media, 2) && bytes.length > 100 && loudness(bytes) > -50) lastSoundAt = media.now
        return true
      }
      const saidAt = media.now
      say(media, voice)
      expect((await finished(media, 2, job)).cause).toBe('BARGEIN')
      const bargedInAt = media.now
      await media.pass(1000)
      expect(lastSoundAt - bargedInAt).toBeLessThanOrEqual(40)
      expect(bargedInAt - saidAt - voice.beginsAtMs).toBeLessThanOrEqual(300)
      // Whoever else listens is told of the same speech.
      expect(eventsOf(media, 'voice', 2)[0]).toMatchObject({ job: watcher, state: 'began' })
    }
  })

  it('is not made by an echo of what we play, by keys or by tones, nor by speech where nobody asked for it', async () => {
    const media = await connected()
    const prompt: PlaySource = { kind: 'audio', clip: clipOf(athena.samples), loop: true }
    const [guarded] = [play(media, 2, prompt, true)]
    // The echo is what we say, 24 dB softer.
    for (let i = 0; i < 6; i++) {
      say(media, athena, -24)
      await media.pass(1000)
    }
    play(media, 1, { kind: 'tone', steps: TONE_PRESETS.RINGBACK, loop: false })
    await media.pass(7000)
    media.send({ type: 'sendDigits', leg: 1, job: nextJob++, digits: '123' })
    await media.pass(2000)
    expect(eventsOf(media, 'finished', 2)).toEqual([])
    media.send({ type: 'stopJob', leg: 2, job: guarded })
    const deaf = play(media, 2, prompt)
    say(media, amelia)
    await media.pass(2000)
    expect(eventsOf(media, 'finished', 2).filter(({ job }) => job === deaf)).toEqual([])
  })

  it('can be had beside barge-in on a digit', async () => {
    const media = await connected()
    const job = play(media, 2, melody, true, true)
    media.send({ type: 'sendDigits', leg: 1, job: nextJob++, digits: '1' })
    expect((await finished(media, 2, job)).cause).toBe('BARGEIN')
    const other = play(media, 2, melody, true, true)
    await media.pass(1000)
    say(media, amelia)
    expect((await finished(media, 2, other)).cause).toBe('BARGEIN')
  })
})

function portOf(media: InProcessMedia, leg: number): number {
  return eventsOf(media, 'opened', leg)[0]!.port
}

function loudness(packet: Uint8Array): number {
  const samples = Int16Array.from(packet.subarray(12), (octet) => PCMU_TO_PCM16[octet]!)
  return samples.every((value) => value * value <= energyAtLevel(-70, 1))
    ? Number.NEGATIVE_INFINITY
    : levelDbm0(samples)
}
