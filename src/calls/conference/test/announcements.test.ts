import { describe, expect, test } from 'vitest'
import { exchange, type Phone, SyntheticSpeech } from '../../../testing/index.ts'
import { type Channel, type ConferencePartyMediaSettings, conferenceService, outbound } from '../../index.ts'
import { hears, meeting, settings } from './meeting.ts'

/** Everybody is announced by name. */
function named(name: string, channel: Channel): { conferencePartyMediaSettings: ConferencePartyMediaSettings } {
  const media = settings(channel)
  media.prefixMedia.textToSay(name)
  media.onEntryMedia.textToSay('has come')
  media.onExitMedia.textToSay('has gone')
  return { conferencePartyMediaSettings: media }
}

const spoken = (phone: { ears: { speech: readonly { utterance: { text?: string } }[] } }) =>
  phone.ears.speech.map(({ utterance }) => utterance.text)

/** It has heard these texts in this order and nothing else, each from its beginning to its end. */
function expectWhole({ ears }: Phone, texts: readonly string[]): void {
  const heard = ears.speech.map(({ utterance: { text, lengthMs }, heardMs, reachedMs, startedAt, endedAt }) => ({
    text,
    missingMs: lengthMs - heardMs,
    isToItsEnd: reachedMs >= lengthMs,
    // Packets are of 20 ms, and pieces begin and end within them.
    isAsLong: Math.abs(endedAt - startedAt - lengthMs) <= 40,
  }))
  expect(heard).toEqual(texts.map((text) => ({ text, missingMs: 0, isToItsEnd: true, isAsLong: true })))
}

describe('announcements', () => {
  test('of two who come at once are heard by all, each whole, in order and without a break', async () => {
    const meet = meeting(named)
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await alice.expectSpeech(/has come/)
    const [carol, dave] = [meet.pbx.phone('carol'), meet.pbx.phone('dave')]
    carol.dial('1000')
    dave.dial('1000')
    await meet.pbx.sleep(6000)
    for (const phone of [alice, bob]) expectWhole(phone, ['bob', 'has come', 'carol', 'has come', 'dave', 'has come'])
    for (const [before, after] of alice.ears.speech.flatMap((piece, i, all) =>
      i % 2 === 0 ? [[piece, all[i + 1]]] : [],
    ))
      expect((after?.startedAt ?? 0) - (before?.endedAt ?? 0)).toBeLessThan(60)
    await meet.over()
  })

  test('are mixed with those who talk, and cut nobody off', async () => {
    const meet = meeting((name, channel) =>
      name === 'carol' ? named(name, channel) : { conferencePartyMediaSettings: settings(channel) },
    )
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    const humming = alice.hum([{ tone1: { frequencyHz: 1500, amplitude: 20 }, durationMs: 4000, add: 'summation' }])
    await meet.pbx.sleep(500)
    await meet.join('carol')
    await bob.expectSpeech(/carol/)
    await humming
    await meet.pbx.sleep(200)
    expect(bob.ears.lastSoundAt).toBeGreaterThan(meet.pbx.sim.now - 400)
    await meet.over()
  })

  test('scenario 28: of one who just hangs up, the rest hear that he has gone, and then who it was', async () => {
    const meet = meeting(named)
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    const carol = await meet.join('carol')
    await meet.pbx.sleep(3000)
    await carol.hangUp()
    await meet.pbx.sleep(2500)
    for (const phone of [alice, bob]) expectWhole(phone, ['bob', 'has come', 'carol', 'has come', 'has gone', 'carol'])
    await meet.over()
  })

  test('never reach a stopped room: what is said when it stops ends there', async () => {
    const meet = meeting(named)
    const alice = await meet.join('alice')
    await meet.pbx.sleep(2000)
    expect(spoken(alice)).toEqual([])
    const bob = await meet.join('bob')
    await alice.expectSpeech(/bob/)
    await bob.hangUp()
    await meet.pbx.sleep(1000)
    expect(alice.hasHeard(/has come/)).toBe(false)
    expect(alice.hasHeard(/has gone/)).toBe(false)
    await alice.hears.tone('ringback')
    await meet.over()
  })

  test('of applications are heard by all after what is announced; files too, and a missing one is passed over', async () => {
    const meet = meeting(named, { files: { 'jingle.wav': 'Ding dong.' } })
    const alice = await meet.join('alice')
    const nobody = meet.room
    expect(await meet.until(nobody.announce({ textToSay: 'Is anybody there?' }))).toBe(false)
    const bob = await meet.join('bob')
    expect(await meet.until(meet.room.announce({ fileToPlay: 'missing.wav' }))).toBe(true)
    expect(await meet.until(meet.room.announce({ fileToPlay: 'jingle.wav' }))).toBe(true)
    expect(await meet.until(meet.room.announce({ textToSay: 'The meeting is recorded.' }))).toBe(true)
    await meet.pbx.sleep(6000)
    for (const phone of [alice, bob]) expectWhole(phone, ['bob', 'has come', 'Ding dong.', 'The meeting is recorded.'])
    await expect(meet.room.announce({ textToSay: 'a|b' })).rejects.toThrow(/must not contain/)
    await meet.over()
  })

  test('stop in a room of more than so many, and a file that does not exist is a ringback tone for who waits', async () => {
    const meet = meeting(
      (name, channel) => {
        const { conferencePartyMediaSettings } = named(name, channel)
        conferencePartyMediaSettings.onConferenceStoppedFile = 'missing.wav'
        return { conferencePartyMediaSettings }
      },
      { exchange: { rooms: { quietAfterParties: 2 } } },
    )
    const alice = await meet.join('alice')
    await alice.hears.tone('ringback')
    await meet.join('bob')
    await meet.pbx.sleep(2000)
    const carol = await meet.join('carol')
    await meet.pbx.sleep(2000)
    expect(spoken(alice)).toEqual(['bob', 'has come'])
    expect(await hears(alice, carol, 'Nobody has told you of me.')).toBe(true)
    await meet.over()
  })

  test('come without text-to-speech as files only, and a text is refused at once', async () => {
    const meet = meeting(
      (name, channel) => {
        const media = settings(channel)
        media.onEntryMedia.fileToPlay('somebody-has-come.wav')
        return { conferencePartyMediaSettings: name === 'bob' ? media : settings(channel) }
      },
      { speech: null, files: { 'somebody-has-come.wav': 'Somebody has come.' } },
    )
    const alice = await meet.join('alice')
    await meet.join('bob')
    await alice.expectSpeech(/somebody has come/i)
    const { channel, other } = meet.of('alice')
    await meet.until(channel.retrieveTransfer())
    await expect(channel.transferToConferenceRoom(other, 'r', named('alice', channel))).rejects.toThrow(
      /has no text-to-speech/,
    )
    expect(channel.state()).toBe('ANSWERED')
    await meet.over()
  })

  test('are rendered beforehand at the rate at which the party hears them', async () => {
    const rendered = new Set<string>()
    class Notes extends SyntheticSpeech {
      override async prepare(text: string, how: Parameters<SyntheticSpeech['prepare']>[1]): Promise<void> {
        rendered.add(`${text} before, for ${how.mostHz}`)
      }
      override say(text: string, how: Parameters<SyntheticSpeech['say']>[1]): ReturnType<SyntheticSpeech['say']> {
        rendered.add(`${text}, for ${how.mostHz}`)
        return super.say(text, how)
      }
    }
    const pbx = exchange({
      apps: { '*': conferenceService('r') },
      speech: new Notes(),
      exchange: { codecs: ['G722', 'PCMU'] },
    })
    const bob = pbx.phone('bob')
    await bob.call('1000')
    await pbx.sleep(100)
    const running = pbx.start(
      outbound(async (channel) => {
        expect(await channel.callConferenceRoom('r', named('alice', channel))).toBe('ANSWERED')
        expect(channel.details?.codec).toBe('G722')
        await channel.waitForIdle({ timeoutMs: 5000 })
      }),
    )
    expect((await running).error).toBeUndefined()
    await bob.hangUp()
    await pbx.done()
    for (const text of ['alice', 'has come'])
      expect([...rendered].filter((each) => each.startsWith(text))).toEqual([
        `${text} before, for 16000`,
        `${text}, for 16000`,
      ])
  })
})
