import { expect, test } from 'vitest'
import { UsageError } from '../kit/index.ts'
import { type ToneDefinition, ToneManager } from './tone-manager.ts'

test('the presets are there and RINGBACK is the default', () => {
  const tones = new ToneManager()
  expect(tones.default).toBe('RINGBACK')
  expect(tones.steps('RINGBACK_EU').map((step) => step.durationMs)).toEqual([1000, 4000])
})

test('the tones of countries are there by their codes, and can be the default or be replaced', () => {
  const tones = new ToneManager()
  expect(tones.steps('BUSY_DE').map((step) => step.durationMs)).toEqual([480, 480])
  expect(tones.steps('RINGBACK_SE').map((step) => step.durationMs)).toEqual([1000, 5000])
  tones.setDefault('RINGBACK_FR')
  expect(tones.steps(tones.default)[0]?.tone1).toEqual({ frequencyHz: 440, amplitude: 13 })
  tones.createTone('BUSY_DE', [{ how: { durationMs: 7 } }])
  expect(tones.steps('BUSY_DE').map((step) => step.durationMs)).toEqual([7])
  expect(tones.steps('BUSY_AT').map((step) => step.durationMs)).toEqual([400, 400])
  expect(() => tones.steps('BUSY_XX')).toThrow(/known: RINGBACK, .*, and such as BUSY_DE of AT, .*, ZA$/)
})

test('a tone can be created and made the default', () => {
  const tones = new ToneManager()
  tones.createTone('mine', [{ tone1: { frequency: 440, amplitude: 13 }, how: { durationMs: 200 } }])
  tones.setDefault('mine')
  expect(tones.steps(tones.default)).toEqual([
    { tone1: { frequencyHz: 440, amplitude: 13 }, durationMs: 200, add: 'summation' },
  ])
})

test.each([
  [{ tone1: { frequency: 10_000, amplitude: 1 }, how: { durationMs: 1 } }, /frequency must be 0 to 9999, not 10000/],
  [{ tone1: { frequency: 1, amplitude: 100 }, how: { durationMs: 1 } }, /amplitude must be 0 to 99/],
  [{ how: { durationMs: -1 } }, /durationMs must be 0 to 9999/],
  [{ how: { durationMs: Number.NaN } }, /durationMs must be 0 to 9999/],
  [{ how: { durationMs: 1, add: 'product' as 'summation' } }, /add must be 'summation' or 'modulation', not "product"/],
  [{} as ToneDefinition, /durationMs must be 0 to 9999, not undefined/],
])('values out of range are refused by name', (step, message) => {
  expect(() => new ToneManager().createTone('t', [step])).toThrow(message)
})

test('a thousand tones can be added, and each of them changed', () => {
  const tones = new ToneManager()
  const silence = [{ how: { durationMs: 1 } }]
  for (let i = 0; i < 1000; i++) tones.createTone(`tone${i}`, silence)
  expect(() => tones.createTone('another', silence)).toThrow(/1000 tones were added already/)
  tones.createTone('tone7', [{ how: { durationMs: 2 } }])
  tones.createTone('BUSY', silence)
  expect(tones.steps('tone7')[0]?.durationMs).toBe(2)
})

test('an unknown tone is an error that lists those that exist', () => {
  expect(() => new ToneManager().steps('NOPE')).toThrow(/no tone is called "NOPE"; known: .*RINGBACK_UK/)
  expect(() => new ToneManager().setDefault('NOPE')).toThrow(UsageError)
  expect(() => new ToneManager().createTone('a b', [{ how: { durationMs: 1 } }])).toThrow(/not a tone name/)
  expect(() => new ToneManager().createTone('empty', [])).toThrow(/1 to 64 steps/)
})
