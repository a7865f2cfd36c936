import { expect, test } from 'vitest'
import { babble, joined, silence } from './audio.ts'
import { correlate, correlateParts, SAME_SOUND } from './correlate.ts'

const sent = babble(3, 1)

test('finds a sound that comes late, quieter and with a packet missing', () => {
  const quieter = sent.map((sample) => sample / 3)
  quieter.fill(0, 12_000, 12_160)
  const match = correlate(sent, joined(silence(0.4), quieter, silence(0.2)))
  expect(match.offset).toBe(3200)
  expect(match.overlap).toBe(sent.length)
  expect(match.correlation).toBeGreaterThan(SAME_SOUND)
})

test('finds a sound whose beginning is missing', () => {
  const match = correlate(sent, sent.subarray(800))
  expect(match).toEqual({ correlation: 1, offset: -800, overlap: sent.length - 800 })
})

test.each([
  ['another voice', babble(3, 2)],
  ['silence', silence(3)],
  ['the sound with a packet doubled in the middle', joined(sent.subarray(0, 16_000), sent.subarray(15_840))],
  ['the sound with a packet left out in the middle', joined(sent.subarray(0, 16_000), sent.subarray(16_160))],
])('does not take %s for the sound', (_, heard) => {
  expect(correlate(sent, heard).correlation).toBeLessThan(0.9)
})

test('finds the parts of a sound that lacks a packet each 400 ms, and not those of another voice', () => {
  const shifted = Array.from({ length: 7 }, (_, i) => sent.subarray(3200 * i, 3200 * (i + 1) - 160))
  expect(correlate(sent, joined(...shifted)).correlation).toBeLessThan(0.9)
  expect(correlateParts(sent, joined(...shifted))).toBeGreaterThan(SAME_SOUND)
  expect(correlateParts(sent, babble(3, 2))).toBeLessThan(0.7)
  expect(correlateParts(sent, silence(3))).toBe(0)
})
