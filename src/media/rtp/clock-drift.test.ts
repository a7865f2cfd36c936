import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { ClockDrift } from './clock-drift.ts'

/** What is measured of a sender whose clock is off by `ppm`, through up to `jitterMs`, swept each 20 ms. */
function measured(ppm: number, minutes: number, { jitterMs = 0, firstTimestamp = 0 } = {}): number | undefined {
  const drift = new ClockDrift()
  const random = seededRandom(7)
  const origin = 123_456.7
  for (let n = 0; n < minutes * 3000; n++) {
    const sentAt = (n * 20) / (1 + ppm / 1e6)
    const arrivedAt = sentAt + 5 + (random.uint32() / 2 ** 32) * jitterMs
    const now = origin + Math.ceil(arrivedAt / 20) * 20
    const transit = (Math.round(now * 8) - (firstTimestamp + n * 160)) | 0
    if (n === 0) drift.begin(transit, now)
    else drift.note(transit, now)
  }
  return drift.ppm
}

describe('ClockDrift', () => {
  it.each([
    [500, 5],
    [-500, 5],
    [2000, 2],
    [-100, 30],
  ])('finds %i ppm in %i minutes, as precisely as a sweep allows', (ppm, minutes) => {
    const tolerance = (20 / (minutes * 60_000 - 20_000)) * 1e6
    for (const jitterMs of [0, 30]) {
      const found = measured(ppm, minutes, { jitterMs })
      expect(Math.abs(found! - ppm)).toBeLessThanOrEqual(tolerance)
    }
  })

  it.each([0, 3, -3])('invents none in ten minutes of %i ppm', (ppm) => {
    for (const jitterMs of [0, 10, 60]) expect(measured(ppm, 10, { jitterMs })).toBe(0)
  })

  it('says nothing within the first minute', () => {
    expect(measured(5000, 1)).toBeUndefined()
    expect(measured(5000, 2)).toBeDefined()
  })

  it('counts on through the wrap of the timestamp', () => {
    expect(measured(500, 5, { firstTimestamp: 2 ** 32 - 100_000 })).toBe(measured(500, 5))
  })

  it('begins anew where the sender leaps', () => {
    const drift = new ClockDrift()
    drift.begin(0, 0)
    for (let now = 20; now < 120_000; now += 20) drift.note(now < 60_000 ? 0 : 9000, now)
    expect(drift.ppm).toBeUndefined()
    for (let now = 120_000; now < 200_000; now += 20) drift.note(9000, now)
    expect(drift.ppm).toBe(0)
  })
})
