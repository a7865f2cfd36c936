import { expect, test } from 'vitest'
import { exchange } from '../../testing/index.ts'
import { inbound } from '../index.ts'

test('a channel says when the far end begins to speak and has fallen silent, while somebody listens to it', async () => {
  const seen: string[] = []
  const pbx = exchange(
    inbound(async (channel) => {
      const off = channel.on('speechBegan', () => seen.push('began'))
      const offEnded = channel.on('speechEnded', () => seen.push('ended'))
      await channel.answer()
      expect(await channel.dtmfDetector.getDigits({ count: 1 })).toBe('1')
      off()
      offEnded()
      expect(await channel.dtmfDetector.getDigits({ count: 1 })).toBe('2')
      channel.on('speechEnded', () => seen.push('ended again'))
      await channel.waitForIdle()
    }),
  )
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.sleep(500)
  for (let times = 0; times < 2; times++) {
    await alice.say('Is anybody there?')
    await alice.sleep(1000)
  }
  expect(seen).toEqual(['began', 'ended', 'began', 'ended'])
  await alice.press('1')
  await alice.say('Nobody hears this.')
  await alice.sleep(1000)
  await alice.press('2')
  await alice.sleep(1000)
  await alice.say('And this?')
  await alice.sleep(1000)
  await alice.hangUp()
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
  expect(seen.slice(4)).toEqual(['ended again'])
  expect(pbx.exchange.alive).toBe(0)
})
