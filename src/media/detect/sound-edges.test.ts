import { expect, it } from 'vitest'
import { energyAtLevel } from '../dsp/level.ts'
import { SoundEdges } from './sound-edges.ts'

it('a tone that is modulated goes on where its soft frames lie on both sides of lost ones', () => {
  const edges = new SoundEdges(energyAtLevel(-43, 1))
  const powers = [-70, -9, -12, -7, -22, 'lost', 'lost', -24, -9, -8, -12, -70, -70] as const
  const heard = powers.map((level, n) => {
    if (level === 'lost') return edges.miss(20)
    return edges.hear(energyAtLevel(level, 1), n * 20, 20)
  })
  expect(heard.filter((edge) => edge !== 'none' && edge !== undefined)).toEqual(['begins', 'ends'])
  expect(edges.endedAtMs).toBeGreaterThan(200)
})
