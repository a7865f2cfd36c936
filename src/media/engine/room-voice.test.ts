import { describe, expect, it } from 'vitest'
import { Gathering, type Guest } from '../test/guests.ts'
import { eventsOf, finished } from '../test/harness.ts'
import { clipOf } from '../test/signals.ts'
import type { CodecName } from './control.ts'
import type { AudioClip, PlaySource } from './play-source.ts'

/** Guests of these codecs in room 1, all of whom are silent. */
async function roomOf(...codecs: CodecName[]) {
  const gathering = new Gathering()
  for (const codec of codecs) gathering.mix(await gathering.welcome(codec))
  await gathering.pass(200)
  const { media, guests } = gathering
  const play = (source: PlaySource, leg = 900) => media.send({ type: 'playToRoom', leg, room: 1, job: 1, source })
  return { gathering, media, guests, play }
}

const sine = (hz: number, ms: number, rateHz: 8000 | 16_000 = 8000): Int16Array =>
  Int16Array.from({ length: (ms * rateHz) / 1000 }, (_, i) => 4000 * Math.sin((2 * Math.PI * hz * i) / rateHz))
const file = (clip: AudioClip): PlaySource => ({ kind: 'audio', clip, loop: false })
const hearers = (guests: readonly Guest[], hz: number): number[] =>
  guests.flatMap((guest, index) => (guest.hears(hz) ? [index] : []))

describe('what a room is played', () => {
  it('is heard by all beside what they say, once and whole, whatever the codec', async () => {
    const { gathering, media, guests, play } = await roomOf('PCMU', 'PCMA', 'L16', 'PCMU')
    guests[0].frequencyHz = 700
    gathering.mix(guests[3], 1, { listen: false })
    const heardBefore = guests[2].heard.length
    play(file(clipOf(sine(1300, 600))))
    await gathering.pass(500)
    expect([hearers(guests, 1300), hearers(guests, 700)]).toEqual([
      [0, 1, 2],
      [1, 2],
    ])
    await gathering.pass(500)
    expect([hearers(guests, 1300), hearers(guests, 700)]).toEqual([[], [1, 2]])
    expect(eventsOf(media, 'finished', 900)).toEqual([{ type: 'finished', leg: 900, job: 1, cause: 'NORMAL' }])
    const heard = Int16Array.from(guests[2].heard.slice(heardBefore))
    const frames = Array.from({ length: Math.floor(heard.length / 160) }, (_, i) =>
      heard.subarray(160 * i, 160 * i + 160),
    )
    // Both together are much louder than one alone: for 600 ms, but for a frame that begins or ends in between.
    const loud = frames.filter((frame) => Math.max(...frame) > 5500).length
    expect(loud).toBeGreaterThanOrEqual(29)
    expect(loud).toBeLessThanOrEqual(31)
  })

  it('is wideband in a wideband room, and telephones hear it too', async () => {
    const { gathering, guests, play } = await roomOf('L16/16000', 'L16/16000', 'PCMU')
    guests[0].frequencyHz = 900
    await gathering.pass(200)
    play(file({ encoding: 'pcm16', sampleRateHz: 16_000, data: sine(5200, 600, 16_000) }))
    await gathering.pass(400)
    expect(hearers(guests, 5200)).toEqual([0, 1])
    await gathering.pass(400)
    play(file({ encoding: 'pcm16', sampleRateHz: 16_000, data: sine(1300, 600, 16_000) }), 901)
    await gathering.pass(400)
    expect(hearers(guests, 1300)).toEqual([0, 1, 2])
  })

  it('can be two things at once, each of which stops by its own id', async () => {
    const { gathering, media, guests, play } = await roomOf('PCMU', 'PCMU')
    const tone = (frequencyHz: number): PlaySource => ({
      kind: 'tone',
      steps: [{ tone1: { frequencyHz, amplitude: 15 }, durationMs: 1000, add: 'summation' }],
      loop: true,
    })
    play(tone(500), 900)
    play(tone(1500), 901)
    await gathering.pass(400)
    const levels = () => [500, 1500].map((hz) => Math.round(guests[0].level(hz)))
    expect(levels()).toEqual([-15, -15])
    media.send({ type: 'stopJob', leg: 900, job: 1 })
    await gathering.pass(400)
    expect(levels()[0]).toBeLessThan(-40)
    expect(levels()[1]).toBe(-15)
    expect(eventsOf(media, 'finished', 900)).toMatchObject([{ cause: 'ABORTED' }])
  })

  it('wakes a room whose parties all are on hold, and comes to its end there', async () => {
    const { gathering, media, guests, play } = await roomOf('PCMU', 'PCMU')
    for (const guest of guests) gathering.start(guest, { direction: 'inactive' })
    await gathering.pass(2000)
    play(file(clipOf(sine(1300, 300))))
    expect((await finished(media, 900, 1, 400)).cause).toBe('NORMAL')
  })

  it('ends with the room; and where nobody is, there is no room', async () => {
    const { gathering, media, play } = await roomOf('PCMU', 'PCMU')
    play(file(clipOf(sine(1300, 600))))
    await gathering.pass(100)
    media.send({ type: 'unmix', leg: 1 })
    media.send({ type: 'close', leg: 2 })
    expect(eventsOf(media, 'finished', 900)).toMatchObject([{ cause: 'ABORTED' }])
    play(file(clipOf(sine(1300, 600))), 902)
    expect(eventsOf(media, 'finished', 902)).toMatchObject([{ cause: 'ERROR', detail: 'nobody is in room 1' }])
    media.send({ type: 'stopJob', leg: 900, job: 1 })
    media.send({ type: 'close', leg: 1 })
    expect(media.engine.deadline()).toBe(Number.POSITIVE_INFINITY)
  })
})
