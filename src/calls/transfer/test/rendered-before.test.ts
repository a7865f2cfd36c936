import { describe, expect, test } from 'vitest'
import { phones } from '../../../testing/index.ts'
import type { ManagedTransferOptions } from '../../index.ts'
import { SlowSpeech } from '../../test/slow-speech.ts'
import { desk } from './desk.ts'
import { longestGapMs } from './gaps.ts'

/** Of an announcement that takes 1,500 ms to be rendered, for a target that rings for so long: how late it is. */
async function announcementIsLateMs(ringsMs: number, options: ManagedTransferOptions, isPrivate = false) {
  const speech = new SlowSpeech(1500)
  let answeredAt = 0
  const { pbx, expectClean } = await desk(
    async (channel) => {
      const announce = { textToSay: 'A call from Alice.', private: isPrivate }
      await channel.managedTransfer('sip:bob@bob', { ...options, announce })
    },
    (around) => {
      speech.pbx = around
      around.phone(
        'bob',
        phones.scripted(async (phone) => {
          phone.ring()
          await phone.sleep(ringsMs)
          await phone.answer()
          answeredAt = phone.now
          await phone.expectSpeech(/a call from alice/i)
          await phone.hangUp()
        }),
      )
    },
    { speech },
  )
  await expectClean()
  const [heard] = pbx.phones[0]!.ears.speech
  return heard === undefined ? undefined : heard.startedAt - answeredAt
}

describe('an announcement to the target', () => {
  test('is rendered while it rings, and heard as soon as it has answered', async () => {
    expect(await announcementIsLateMs(2000, {})).toBeLessThan(100)
  })

  test('is rendered for the codec that is offered first, and heard at once by one who answers with another', async () => {
    expect(await announcementIsLateMs(2000, { codecs: ['G722', 'PCMU'] })).toBeLessThan(100)
  })

  test('that is not ready yet is not rendered twice', async () => {
    const lateMs = await announcementIsLateMs(1000, {})
    expect(lateMs).toBeGreaterThan(400)
    expect(lateMs).toBeLessThan(700)
  })

  test('that is private is kept nowhere, and so is rendered when it is heard', async () => {
    expect(await announcementIsLateMs(2000, {}, true)).toBeGreaterThan(1400)
  })
})

test.each([
  ['takes long: the default tone until then, and nothing is missing between', 1500, ['440,480']],
  ['was ready when the far end had taken the hold: no tone', 10, []],
])('a text for who is held, which %s', async (_, takesMs, tones) => {
  const speech = new SlowSpeech(takesMs)
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      await pbx.sleep(500)
      expect(await channel.hold({ media: { textToSay: 'Please hold.' } })).toBe('HOLDING')
      await pbx.sleep(6000)
      expect(await channel.retrieve()).toBe('ANSWERED')
      await channel.hangUp()
    },
    (around) => {
      speech.pbx = around
    },
    { speech },
  )
  await pbx.sleep(600)
  expect(await longestGapMs(alice, 5000)).toBeLessThanOrEqual(60)
  expect(alice.ears.tones.map(({ frequencies }) => frequencies.join())).toEqual(tones)
  expect(alice.hasHeard(/please hold/i)).toBe(true)
  await alice.expectHangUp()
  await expectClean()
  expect(speech.closed).toBe(1)
})
