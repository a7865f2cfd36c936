import { expect, it } from 'vitest'
import { fadingInto } from './seam.ts'

it('who talks louder than can be said ends without a turn to the other side', () => {
  const [last, into] = [new Int16Array(160), new Int16Array(160)]
  for (let frequencyHz = 100; frequencyHz < 1000; frequencyHz += 7)
    for (let phase = 0; phase < 6; phase += 0.1) {
      for (let i = 0; i < 160; i++)
        last[i] = Math.max(-32_768, Math.min(32_767, 60_000 * Math.sin((2 * Math.PI * frequencyHz * i) / 8000 + phase)))
      fadingInto(last, into, 160)
      expect(Math.abs(into[0]! - last[159]!)).toBeLessThan(50_000)
    }
})
