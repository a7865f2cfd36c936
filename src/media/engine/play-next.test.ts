import { describe, expect, it } from 'vitest'
import { createAudioStream, endStream, StreamWriter } from '../file/stream-ring.ts'
import { RtpPacket } from '../rtp/packet.ts'
import { eventsOf, finished, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import type { CodecName, MediaCommand, StreamParameters } from './control.ts'
import type { PlaySource } from './play-source.ts'

const FAR = { address: '192.0.2.1', port: 4000 }
const SILENCE = 0xff

/** A packet as it went over the wire. */
interface Wire {
  readonly at: number
  readonly marker: boolean
  readonly timestamp: number
  readonly payload: Uint8Array
}

async function leg(stream: Partial<StreamParameters> = {}): Promise<{ media: InProcessMedia; wire: Wire[] }> {
  const media = new InProcessMedia()
  const wire: Wire[] = []
  const view = new RtpPacket()
  media.network.watch = ({ bytes, to }) => {
    if (to.port !== FAR.port) return true
    view.parse(bytes)
    const { marker, timestamp, payloadOffset } = view
    wire.push({ at: media.now, marker, timestamp, payload: bytes.slice(payloadOffset) })
    return true
  }
  await openLeg(media, 1)
  media.send({ type: 'start', leg: 1, stream: { ...streamTo(FAR.address, FAR.port), ...stream } })
  await media.pass(500)
  wire.length = 0
  return { media, wire }
}

/** Audio that is one octet over and over: what was heard of it can be told by looking. */
function source(octet: number, ms: number, more: { loop?: boolean; from?: number } = {}): PlaySource {
  const clip = { encoding: 'pcmu', sampleRateHz: 8000, data: new Uint8Array(8 * ms).fill(octet) } as const
  return { kind: 'audio', clip, loop: false, ...more }
}

const play = (media: InProcessMedia, first: PlaySource, more: boolean): void =>
  media.send({ type: 'play', leg: 1, job: 7, source: first, bargeIn: true, more })

type Next = Omit<Extract<MediaCommand, { type: 'playNext' }>, 'type' | 'leg' | 'job'>
const playNext = (media: InProcessMedia, next: Next, job = 7): void =>
  media.send({ type: 'playNext', leg: 1, job, ...next })

/** How many packets of each octet there were, in order: the first octet stands for all of a packet. */
function heard(wire: readonly Wire[]): [octet: number, packets: number][] {
  const runs: [number, number][] = []
  for (const { payload } of wire) {
    const last = runs.at(-1)
    if (last?.[0] === payload[0]) last[1]++
    else runs.push([payload[0]!, 1])
  }
  return runs
}

const begun = (media: InProcessMedia): number => eventsOf(media, 'playingNext', 1).length

describe('playNext', () => {
  it('goes on after what is played without a slot between', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 100), true)
    playNext(media, { source: source(2, 110), when: 'after', more: true })
    await media.pass(60)
    expect(begun(media)).toBe(0)
    await media.pass(60)
    expect(begun(media)).toBe(1)
    playNext(media, { source: source(3, 40), when: 'after' })
    expect((await finished(media, 1, 7)).cause).toBe('NORMAL')
    expect(begun(media)).toBe(2)
    // Half of a packet was left of the second.
    expect(heard(wire)).toEqual([
      [1, 5],
      [2, 6],
      [3, 2],
    ])
    expect([...wire[10]!.payload.subarray(78, 82)]).toEqual([2, 2, SILENCE, SILENCE])
    for (const [i, { at, timestamp, marker }] of wire.entries()) {
      expect(at - wire[0]!.at).toBeCloseTo(20 * i, 6)
      expect((timestamp - wire[0]!.timestamp) >>> 0).toBe(160 * i)
      expect(marker).toBe(i === 0)
    }
    expect(media.engine.counters.get('slotsSkipped')).toBe(0)
  })

  it('is silence until what is late has come, and goes on then', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 40), true)
    await media.pass(200)
    playNext(media, { source: source(2, 40), when: 'after' })
    expect(begun(media)).toBe(1)
    expect((await finished(media, 1, 7)).cause).toBe('NORMAL')
    const [first, gap, second] = heard(wire)
    expect([first, gap?.[0], second]).toEqual([[1, 2], SILENCE, [2, 2]])
    expect(gap?.[1]).toBeGreaterThanOrEqual(6)
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'closed', 1)[0]?.statistics.playerUnderruns).toBe(1)
  })

  it('ends when nothing follows after all, at once or at the end of what is played', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 40), true)
    await media.pass(200)
    playNext(media, { when: 'after' })
    expect(eventsOf(media, 'finished', 1)).toMatchObject([{ job: 7, cause: 'NORMAL' }])
    wire.length = 0
    play(media, source(1, 100), true)
    playNext(media, { when: 'after' })
    await media.pass(60)
    expect(eventsOf(media, 'finished', 1)).toHaveLength(1)
    await media.pass(100)
    expect(eventsOf(media, 'finished', 1)).toHaveLength(2)
    expect(heard(wire)[0]).toEqual([1, 5])
  })

  it('comes now in the place of what is played, and leaves what waits', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 1000), true)
    playNext(media, { source: source(2, 40), when: 'after' })
    await media.pass(90)
    playNext(media, { source: source(3, 1000, { from: 8 * 960 }), when: 'now' })
    expect((await finished(media, 1, 7)).cause).toBe('NORMAL')
    expect(heard(wire)).toEqual([
      [1, 4],
      [3, 2],
      [2, 2],
    ])
    for (const [i, { at, marker }] of wire.entries()) {
      expect(at - wire[0]!.at).toBeCloseTo(20 * i, 6)
      expect(marker).toBe(i === 0)
    }
    expect(begun(media)).toBe(1)
  })

  it('comes now also where nothing is played but silence, and where no other was announced', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 40), true)
    await media.pass(100)
    playNext(media, { source: source(2, 40), when: 'now' })
    await media.pass(100)
    expect(eventsOf(media, 'finished', 1)).toEqual([])
    playNext(media, { when: 'after' })
    expect(eventsOf(media, 'finished', 1)).toHaveLength(1)
    expect(heard(wire).map(([octet]) => octet)).toEqual([1, SILENCE, 2, SILENCE])
    wire.length = 0
    play(media, source(1, 200), false)
    await media.pass(50)
    playNext(media, { source: source(2, 40), when: 'now' })
    await media.pass(100)
    expect(heard(wire).slice(0, 2)).toEqual([
      [1, 2],
      [2, 2],
    ])
    expect(eventsOf(media, 'finished', 1)).toHaveLength(2)
  })

  it('does not come when another source has begun since', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 40), true)
    playNext(media, { source: source(2, 80), when: 'after' })
    await media.pass(100)
    playNext(media, { source: source(3, 40), when: 'now', turn: 0 })
    await media.pass(20)
    playNext(media, { source: source(4, 40), when: 'now', turn: 1 })
    await finished(media, 1, 7)
    expect(heard(wire).map(([octet]) => octet)).toEqual([1, 2, 4])
  })

  it('takes the place of one that waits already', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 60), true)
    playNext(media, { source: source(2, 40), when: 'after', more: true })
    playNext(media, { source: source(3, 40), when: 'after' })
    await finished(media, 1, 7)
    expect(heard(wire)).toEqual([
      [1, 3],
      [3, 2],
    ])
  })

  it('begins a clip in its middle, and a loop again at its beginning', async () => {
    const { media, wire } = await leg()
    const data = Uint8Array.from({ length: 480 }, (_, i) => 1 + Math.floor(i / 160))
    const clip = { encoding: 'pcmu', sampleRateHz: 8000, data } as const
    play(media, { kind: 'audio', clip, loop: true, from: 320 }, false)
    await media.pass(140)
    expect(heard(wire).map(([octet]) => octet)).toEqual([3, 1, 2, 3, 1, 2, 3])
    media.send({ type: 'stopJob', leg: 1, job: 7 })
    wire.length = 0
    play(media, { kind: 'audio', clip, loop: false, from: 99_999 }, false)
    expect((await finished(media, 1, 7)).cause).toBe('ABORTED')
    await media.pass(60)
    expect(eventsOf(media, 'finished', 1)).toMatchObject([{ cause: 'ABORTED' }, { cause: 'NORMAL' }])
    expect(wire.every(({ payload }) => payload[0] === SILENCE)).toBe(true)
  })

  it('is nothing to a job that has ended, to another job, or to a leg that is not there', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 100), true)
    playNext(media, { source: source(2, 40), when: 'now' }, 8)
    media.send({ type: 'stopJob', leg: 1, job: 7 })
    playNext(media, { source: source(2, 40), when: 'now' })
    playNext(media, { source: source(2, 40), when: 'after' })
    media.send({ type: 'playNext', leg: 99, job: 7, source: source(2, 40), when: 'now' })
    await media.pass(400)
    expect(heard(wire).map(([octet]) => octet)).toEqual([SILENCE])
    expect(media.events.filter(({ type }) => type === 'finished' || type === 'playingNext')).toMatchObject([
      { leg: 1, job: 7, cause: 'ABORTED' },
    ])
  })

  it('a list that is stopped or interrupted ends with what waits, and the next play begins anew', async () => {
    const { media, wire } = await leg()
    play(media, source(1, 100), true)
    playNext(media, { source: source(2, 40), when: 'after' })
    media.send({ type: 'stopJob', leg: 1, job: 7 })
    play(media, source(3, 40), false)
    await media.pass(400)
    expect(heard(wire).map(([octet]) => octet)).toEqual([3, SILENCE])
    expect(eventsOf(media, 'finished', 1).map(({ cause }) => cause)).toEqual(['ABORTED', 'NORMAL'])
  })

  it('goes from narrow to wide and back, and to what comes from the disk', async () => {
    const { media, wire } = await leg({ codec: 'G722' as CodecName, payloadType: 9 })
    const wide = { encoding: 'pcm16', sampleRateHz: 16_000, data: new Int16Array(16 * 100).fill(1000) } as const
    const stream = createAudioStream('pcm16', 1024)
    new StreamWriter(stream).write(new Int16Array(8 * 60).fill(3000), 0, 480)
    endStream(stream)
    play(media, source(1, 100), true)
    playNext(media, { source: { kind: 'audio', clip: wide, loop: false }, when: 'after', more: true })
    await media.pass(130)
    playNext(media, { source: { kind: 'stream', stream }, when: 'after' })
    expect((await finished(media, 1, 7)).cause).toBe('NORMAL')
    expect(wire).toHaveLength(5 + 5 + 3)
    expect(new Set(wire.map(({ payload }) => payload.length))).toEqual(new Set([160]))
    for (const [i, { at }] of wire.entries()) expect(at - wire[0]!.at).toBeCloseTo(20 * i, 6)
  })
})
