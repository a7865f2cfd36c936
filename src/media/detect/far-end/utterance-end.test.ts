import { describe, expect, it } from 'vitest'
import { UtteranceEnd } from './utterance-end.ts'

function fallOf(levelsDb: readonly number[]): number {
  const end = new UtteranceEnd()
  end.begin()
  for (const level of levelsDb) end.hear(10 ** (level / 10))
  return end.fallDb
}

const voice = (frames: number, levelDb = 60): number[] =>
  Array.from({ length: frames }, (_, i) => levelDb + 3 * Math.sin(i))

describe('UtteranceEnd', () => {
  it('hears a voice that is held', () => {
    expect(fallOf(voice(60))).toBeCloseTo(0, 0)
  })

  it('hears a voice that falls, however loud it is', () => {
    for (const level of [40, 60]) expect(fallOf([...voice(60, level), ...voice(8, level - 8)])).toBeCloseTo(-7.6, 0)
  })

  it('takes the noise that follows for no part of the voice', () => {
    expect(fallOf([...voice(60), ...voice(6, 30)])).toBeCloseTo(0, 0)
  })

  it('begins anew, and says nothing of nothing', () => {
    const end = new UtteranceEnd()
    expect(end.fallDb).toBe(0)
    for (const level of [...voice(30), ...voice(8, 50)]) end.hear(10 ** (level / 10))
    expect(end.fallDb).toBeLessThan(-5)
    end.begin()
    expect(end.fallDb).toBe(0)
  })
})
