import { expect, test } from 'vitest'
import { babble, joined, silence } from './audio.ts'
import { correlate } from './correlate.ts'
import { asSent } from './skipped-slots.ts'

const file = babble(3, 1)
const gap = silence(0.02)
const withTwoGaps = joined(file.subarray(0, 8000), gap, file.subarray(8000, 16_000), gap, file.subarray(16_000))

test('finds the slots that were skipped', () => {
  const heard = joined(silence(0.5), withTwoGaps, silence(0.5))
  expect(asSent(file, heard, 5)).toEqual({ samples: withTwoGaps, skipped: 2 })
})

test('where none was skipped, what was sent is the file', () => {
  const heard = joined(silence(0.5), withTwoGaps, silence(0.5))
  expect(asSent(file, heard, 0)).toEqual({ samples: file, skipped: 0 })
})

test('whatever else went wrong still shows', () => {
  const shifted = joined(file.subarray(0, 8000), silence(0.005), file.subarray(8000), silence(0.5))
  const lost = joined(file.subarray(0, 8000), silence(0.2), file.subarray(9600), silence(0.5))
  for (const heard of [shifted, lost])
    expect(correlate(asSent(file, heard, 5).samples, heard).correlation).toBeLessThan(0.98)
})
