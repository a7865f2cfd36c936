import { describe, expect, it } from 'vitest'
import { eventsOf, finished, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { clipOf, speechLike } from '../test/signals.ts'
import { TONE_PRESETS, type TonePreset } from '../tone/presets.ts'
import type { CodecName, StreamParameters } from './control.ts'

/** Leg 1 plays to leg 2, which listens for what a network says. */
async function listening(stream: Partial<StreamParameters> = {}): Promise<InProcessMedia> {
  const media = new InProcessMedia()
  const ports = [await openLeg(media, 1), await openLeg(media, 2)]
  for (const [leg, remotePort] of [
    [1, ports[1]],
    [2, ports[0]],
  ])
    media.send({ type: 'start', leg, stream: { ...streamTo(media.address, remotePort), ...stream } })
  media.send({ type: 'detect', leg: 2, job: 9 })
  return media
}

const heard = (media: InProcessMedia): string[] => eventsOf(media, 'heard', 2).map(({ sound }) => sound)

function hum(media: InProcessMedia, tone: TonePreset, job = 1): void {
  media.send({
    type: 'play',
    leg: 1,
    job,
    source: { kind: 'tone', steps: TONE_PRESETS[tone], loop: true },
    bargeIn: false,
  })
}

describe('detecting the tones of a network', () => {
  it.each<[TonePreset, string]>([
    ['BUSY', 'busy'],
    ['BUSY_UK', 'busy'],
    ['CONGESTION', 'congestion'],
    ['CONGESTION_EU', 'congestion'],
    ['RINGBACK', 'ringback'],
    ['RINGBACK_UK', 'ringback'],
    ['SIT', 'specialInformation'],
  ])('hears %s in a stream, in packets of every length with a twentieth lost', async (tone, sound) => {
    for (const ptimeMs of [10, 20, 30, 40, 60]) {
      const media = await listening({ ptimeMs })
      let count = 0
      media.network.watch = () => ++count % 20 !== 7
      hum(media, tone)
      await media.pass(12_000)
      expect(heard(media), `${ptimeMs} ms`).toEqual([sound])
    }
  })

  it.each<[CodecName, number]>([
    ['PCMA', 8],
    ['G722', 9],
  ])('hears it in a stream of %s', async (codec, payloadType) => {
    const media = await listening({ codec, payloadType })
    hum(media, 'CONGESTION_EU')
    await media.pass(4000)
    expect(eventsOf(media, 'heard', 2)).toMatchObject([{ job: 9, sound: 'congestion' }])
    expect(eventsOf(media, 'heard', 2)[0].startedMsAgo).toBeCloseTo(1600, -2)
  })

  it('hears sound that is no tone, after ringback', async () => {
    const media = await listening()
    hum(media, 'RINGBACK_EU')
    await media.pass(6000)
    media.send({ type: 'stopJob', leg: 1, job: 1 })
    media.send({
      type: 'play',
      leg: 1,
      job: 2,
      source: { kind: 'audio', clip: clipOf(speechLike(2000)), loop: false },
      bargeIn: false,
    })
    await media.pass(2000)
    expect(heard(media)).toEqual(['ringback', 'audio'])
  })

  it('listens from its command to its end only', async () => {
    const media = await listening()
    media.send({ type: 'stopJob', leg: 2, job: 9 })
    expect((await finished(media, 2, 9)).cause).toBe('ABORTED')
    hum(media, 'BUSY')
    await media.pass(5000)
    expect(heard(media)).toEqual([])
    media.send({ type: 'detect', leg: 2, job: 10 })
    media.send({ type: 'close', leg: 2 })
    expect((await finished(media, 2, 10)).cause).toBe('ABORTED')
    media.send({ type: 'detect', leg: 3, job: 11 })
    expect((await finished(media, 3, 11)).cause).toBe('ERROR')
  })
})
