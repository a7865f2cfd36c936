import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chance, integerBelow, seededRandom, uniform } from '../../kit/index.ts'
import { bestMatch, speechLike } from '../test/signals.ts'
import { endlessLine, energies, greatestStep, type Line, listen, talk, vowel } from './test/listen.ts'

const jitter = (upToMs: number, seed = 1): ((i: number) => number) => {
  const random = seededRandom(seed)
  return () => uniform(random) * upToMs
}

describe('FrameReader on a good line', () => {
  it.each([10, 20, 30, 40, 60])('hears packets of %i ms as they were said, 20 to 40 ms later', (ptimeMs) => {
    const sound = speechLike(4800)
    const { heard, concealedMs, stretchedMs, maxWaitMs, buffer } = listen({ sound, ptimeMs })
    expect(bestMatch(heard, sound.subarray(0, 24_000), 1000).correlation).toBeGreaterThan(0.999)
    expect({ stretchedMs, concealedMs, late: buffer.counts.late }).toEqual({ stretchedMs: 0, concealedMs: 0, late: 0 })
    expect(maxWaitMs).toBeLessThanOrEqual(40)
  })

  it('comes down to the least delay in the first pause', () => {
    const { endWaitMs, buffer } = listen({ sound: talk(10_000) })
    expect(endWaitMs).toBeLessThan(40)
    expect(buffer.target).toBe(160)
  })
})

describe('FrameReader with jitter', () => {
  interface Promise {
    readonly name: string
    readonly line: Omit<Line, 'sound'>
    readonly maxWaitMs: number
    readonly concealedMs: number
  }
  const bursts = (i: number): number => (i % 100 < 5 ? 100 - 20 * (i % 100) : 0)
  const promises: readonly Promise[] = [
    { name: 'up to 20 ms', line: { delayMs: jitter(20) }, maxWaitMs: 60, concealedMs: 0 },
    { name: 'up to 40 ms', line: { delayMs: jitter(40) }, maxWaitMs: 80, concealedMs: 20 },
    { name: 'up to 80 ms', line: { delayMs: jitter(80) }, maxWaitMs: 120, concealedMs: 80 },
    { name: 'up to 150 ms', line: { delayMs: jitter(150) }, maxWaitMs: 200, concealedMs: 200 },
    { name: 'a stall of 100 ms every two seconds', line: { delayMs: bursts }, maxWaitMs: 140, concealedMs: 100 },
    { name: '60 ms packets, up to 50 ms', line: { delayMs: jitter(50), ptimeMs: 60 }, maxWaitMs: 100, concealedMs: 60 },
    { name: '10 ms packets, up to 50 ms', line: { delayMs: jitter(50), ptimeMs: 10 }, maxWaitMs: 100, concealedMs: 60 },
  ]

  it.each(promises)('$name: waits $maxWaitMs ms at most, conceals $concealedMs ms of a minute', (promise) => {
    const { concealedMs, maxWaitMs, buffer } = listen({ sound: talk(60_000), ...promise.line })
    expect(maxWaitMs).toBeLessThanOrEqual(promise.maxWaitMs)
    expect(concealedMs).toBeLessThanOrEqual(promise.concealedMs)
    // Packets that overtake each other before anything is known of the network.
    expect(buffer.counts.late).toBeLessThanOrEqual(2)
    expect(buffer.counts.restarts).toBe(0)
  })

  it('waits less again when the network has calmed down', () => {
    const random = seededRandom(3)
    const { endWaitMs } = listen({ sound: talk(60_000), delayMs: (i) => (i < 1000 ? uniform(random) * 120 : 0) })
    expect(endWaitMs).toBeLessThanOrEqual(40)
  })
})

describe('FrameReader with two clocks', () => {
  it.each([-500, -100, 100, 500])('follows a sender %i ppm fast for five minutes without a gap', (fastPpm) => {
    const { concealedMs, stretchedMs, maxWaitMs, endWaitMs, buffer } = listen({ sound: talk(300_000), fastPpm })
    expect(concealedMs).toBe(0)
    expect(Math.max(maxWaitMs, endWaitMs)).toBeLessThanOrEqual(60)
    expect(endWaitMs).toBeGreaterThanOrEqual(0)
    expect(stretchedMs).toBeLessThan(Math.abs(fastPpm) * 0.3 + 40)
    expect(buffer.counts).toMatchObject({ late: 0, restarts: 0, movedBack: 0 })
  })

  it.each([-500, 500])('follows a sender %i ppm fast who never pauses', (fastPpm) => {
    const sound = vowel(120_000)
    const { heard, concealedMs, maxWaitMs, buffer } = listen({ sound, fastPpm })
    expect(concealedMs).toBe(0)
    expect(maxWaitMs).toBeLessThanOrEqual(80)
    expect(greatestStep(heard.subarray(800, 950_000))).toBeLessThan(1.1 * greatestStep(sound))
    expect(buffer.counts).toMatchObject({ late: 0, restarts: 0, movedBack: 0 })
  })
})

describe('FrameReader with losses', () => {
  it('lets one lost packet of a vowel pass without a click or a hole', () => {
    const sound = vowel(2000)
    const { heard, concealedMs } = listen({ sound, delayMs: (i) => (i === 50 ? undefined : 0) })
    expect(concealedMs).toBe(20)
    const spoken = heard.subarray(800, 15_000)
    expect(greatestStep(spoken)).toBeLessThan(1.3 * greatestStep(sound))
    const [least, greatest] = [Math.min(...energies(sound)), Math.max(...energies(sound))]
    for (const energy of energies(spoken)) {
      expect(energy).toBeGreaterThan(0.5 * least)
      expect(energy).toBeLessThan(1.5 * greatest)
    }
  })

  it('fades to silence within 60 ms, and back when sound comes again', () => {
    const sound = vowel(2000)
    const { heard } = listen({ sound, delayMs: (i) => (i >= 50 && i < 60 ? undefined : 0) })
    const lossAt = heard.findIndex((_, i) => i > 1000 && heard.subarray(i, i + 400).every((sample) => sample === 0))
    expect(lossAt).toBeGreaterThan(50 * 160)
    expect(lossAt).toBeLessThanOrEqual(50 * 160 + (60 + 60) * 8)
    expect(greatestStep(heard.subarray(800))).toBeLessThan(1.3 * greatestStep(sound))
  })

  it('never clicks, whatever is lost or late', () => {
    const sound = vowel(3000, 110)
    const limit = 2 * greatestStep(sound)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 0, max: 30 }), (seed, percent) => {
        const random = seededRandom(seed)
        const delayMs = (): number | undefined =>
          chance(random, percent / 100) ? undefined : chance(random, 0.05) ? integerBelow(random, 150) : 0
        const { heard, maxWaitMs } = listen({ sound, delayMs })
        expect(greatestStep(heard.subarray(640, 23_000))).toBeLessThan(limit)
        expect(maxWaitMs).toBeLessThanOrEqual(220)
      }),
      { numRuns: 50 },
    )
  })
})

describe('FrameReader on the hot path', () => {
  it('allocates nothing, frame after frame', () => {
    const { step } = endlessLine()
    for (let i = 0; i < 20_000; i++) step()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 100_000; i++) step()
    // A single number on the heap for each frame would be 1.2 MB and more.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000)
  })
})

describe('FrameReader with DTX', () => {
  it('conceals nothing that was never said, and comes to the right delay in the pauses', () => {
    const random = seededRandom(5)
    const line: Line = {
      sound: talk(60_000),
      isSilent: (i) => i % 75 >= 52,
      delayMs: () => uniform(random) * 60,
    }
    const { maxWaitMs, buffer, stretchedMs } = listen(line)
    expect(maxWaitMs).toBeLessThanOrEqual(100)
    expect(buffer.counts).toMatchObject({ late: 0, restarts: 0 })
    expect(stretchedMs).toBeLessThan(40)
  })
})
