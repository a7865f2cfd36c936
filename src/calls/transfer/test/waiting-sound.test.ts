import { describe, expect, test } from 'vitest'
import { SpeechError } from '../../../kit/index.ts'
import { phones } from '../../../testing/index.ts'
import { SlowSpeech } from '../../test/slow-speech.ts'
import { type Desk, desk } from './desk.ts'
import { longestGapMs } from './gaps.ts'

/** Alice is transferred to bob, and is to hear a text until he answers. */
function waiting(speech: SlowSpeech, timeoutMs: number): Promise<Desk> {
  return desk(
    async (channel) => {
      await channel.managedTransfer('sip:bob@bob', { media: { textToSay: 'Please wait.' }, timeoutMs })
    },
    (pbx) => {
      speech.pbx = pbx
      pbx.phone(
        'bob',
        phones.scripted(async () => {}),
      )
    },
    { speech },
  )
}

describe('a text for who waits', () => {
  test('that takes long to be rendered: ringback until then, and nothing is missing between', async () => {
    const speech = new SlowSpeech(1500)
    const all = await waiting(speech, 9000)
    const { pbx, alice } = all
    const beganAt = pbx.sim.now
    expect(await longestGapMs(all.alice, 3000)).toBeLessThanOrEqual(60)
    const { startedAt, durationMs, frequencies } = alice.ears.tones[0]!
    expect(frequencies).toEqual([440, 480])
    expect(startedAt - beganAt).toBeLessThanOrEqual(60)
    // It stops where the text begins, in the middle of its two seconds.
    expect(durationMs).toBeGreaterThan(1300)
    expect(durationMs).toBeLessThan(1600)
    await alice.expectSpeech(/please wait/i)
    // It is said again and again.
    await pbx.sleep(5000)
    expect(pbx.sim.now - alice.ears.lastSoundAt).toBeLessThan(1000)
    expect(alice.ears.tones).toHaveLength(1)
    await all.expectClean()
    expect(speech.closed).toBe(1)
  })

  test('that is ready at once: no ringback', async () => {
    const speech = new SlowSpeech(10)
    const all = await waiting(speech, 9000)
    expect(await longestGapMs(all.alice, 1000)).toBeLessThanOrEqual(60)
    await all.alice.expectSpeech(/please wait/i)
    expect(all.alice.ears.tones).toEqual([])
    await all.expectClean()
    expect(speech.closed).toBe(1)
  })

  test('that cannot be spoken after all: ringback goes on', async () => {
    const all = await waiting(new SlowSpeech(3000, new SpeechError('the engine has no words')), 15_000)
    const { alice } = all
    expect(await longestGapMs(all.alice, 12_000)).toBeLessThanOrEqual(60)
    const ringing = alice.ears.tones.map(({ frequencies }) => frequencies.join())
    expect(ringing.length).toBeGreaterThanOrEqual(2)
    expect(new Set(ringing)).toEqual(new Set(['440,480']))
    await all.expectClean()
  })

  test('that comes when the target has answered is not heard, and was given up', async () => {
    const speech = new SlowSpeech(3000)
    const all = await waiting(speech, 9000)
    const { pbx, alice } = all
    const bob = pbx.phones[0]!
    await bob.expectCall()
    await pbx.sleep(1000)
    await bob.answer()
    await pbx.sleep(4000)
    await bob.say('Bob speaking.')
    await alice.expectSpeech(/bob speaking/i)
    expect(alice.hasHeard(/please wait/i)).toBe(false)
    expect([speech.wasWanted, speech.closed]).toEqual([false, 1])
    await bob.hangUp()
    await alice.expectHangUp()
    await all.expectClean()
  })
})
