import { describe, expect, test } from 'vitest'
import type { Phone } from '../../../testing/index.ts'
import type { Channel } from '../../index.ts'
import { hears, meeting, settings } from './meeting.ts'

const MUSIC = { files: { 'music.wav': 'La la la la la la la la la la. ' } }
const plain = (_: string, channel: Channel) => ({ conferencePartyMediaSettings: settings(channel) })

describe('a conference', () => {
  test('lets its parties wait with a ringback tone, then hear each other and not themselves', async () => {
    const meet = meeting()
    const alice = await meet.join('alice')
    await alice.hears.tone('ringback')
    expect(meet.room.state()).toBe('stopped')
    const bob = await meet.join('bob')
    await alice.hears.beep()
    await bob.hears.beep()
    expect([meet.of('alice').result, meet.of('bob').other.state(), meet.room.state()]).toEqual([
      'TRANSFERRED',
      'TRANSFERRED',
      'started',
    ])
    expect(meet.room.parties).toMatchObject([
      { who: expect.stringMatching(/^sip:alice@/), isTalker: true, isMuted: false, isHeld: false },
      { who: expect.stringMatching(/^sip:bob@/), callId: meet.of('bob').channel.details?.callId },
    ])
    expect(await hears(bob, alice, 'Good morning everybody.')).toBe(true)
    expect(alice.hasHeard(/good morning/i)).toBe(false)
    await bob.hangUp()
    await alice.hears.tone('ringback')
    expect(meet.of('bob').channel.transferCause()).toBe('NORMAL')
    await meet.over()
  })

  test.each([
    ['carol', 'alice', 'bob'],
    ['alice', 'carol', 'bob'],
    ['alice', 'bob', 'carol'],
  ])(
    'scenario 20: two who start it and a listener come within 10 ms (%s, %s, %s): one start, and the music stops for all',
    async (...order) => {
      const meet = meeting(
        (name, channel) => ({
          talkerAndListener: name !== 'carol',
          conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ startOnEntry: name !== 'carol' }),
          conferencePartyMediaSettings: settings(channel, { onConferenceStoppedFile: 'music.wav' }),
        }),
        MUSIC,
      )
      const dialled = order.map((name) => meet.pbx.phone(name))
      for (const [i, phone] of dialled.entries()) {
        phone.dial('1000')
        if (i < 2) await meet.pbx.sleep(4)
      }
      await meet.pbx.sleep(500)
      // Of those who were in when it started; the last one came into a room that was started.
      const starts = order.map((name) => meet.of(name).news.filter((what) => /st(art|opp)ed/.test(what)))
      expect(starts.toSorted()).toEqual([[], ['started'], ['started']])
      const startedAt = meet.pbx.sim.now - 500
      await meet.pbx.sleep(3000)
      // What was on its way, and no more.
      for (const { ears } of dialled) expect(ears.lastSoundAt).toBeLessThan(startedAt + 200)
      const [carol, alice, bob] = ['carol', 'alice', 'bob'].map((name) =>
        dialled.find((phone) => phone.name === name),
      ) as [Phone, Phone, Phone]
      expect(await hears(bob, carol, 'I only listen.')).toBe(false)
      expect(await hears(carol, alice, 'I may talk.')).toBe(true)
      await meet.over()
    },
  )

  test('lets each party wait with the tone of its own, or the one of the exchange', async () => {
    const meet = meeting((name, channel) => ({
      conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ startOnEntry: false }),
      conferencePartyMediaSettings: settings(channel, name === 'alice' ? { ringbackTone: 'RINGBACK_UK' } : {}),
    }))
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await alice.hears.tone('RINGBACK_UK')
    await bob.hears.tone('RINGBACK')
    await meet.pbx.sleep(6000)
    const tonesOf = ({ ears }: Phone) => new Set(ears.tones.map(({ frequencies }) => frequencies.join()))
    expect([tonesOf(alice), tonesOf(bob)]).toEqual([new Set(['400,450']), new Set(['440,480'])])
    // Twice 0.4 s with 0.2 s between, every 3 s.
    const starts = alice.ears.tones.map(({ startedAt }) => startedAt)
    const gaps = starts.slice(1, 5).map((at, i) => Math.round((at - (starts[i] ?? 0)) / 100))
    expect(gaps).toEqual([6, 24, 6, 24])
    await meet.over()
  })

  test('scenario 21: the starter leaves and returns: the music starts and stops again', async () => {
    const meet = meeting(
      (name, channel) => ({
        conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ startOnEntry: name === 'boss' }),
        conferencePartyMediaSettings: settings(channel, { onConferenceStoppedFile: 'music.wav' }),
      }),
      MUSIC,
    )
    const alice = await meet.join('alice')
    await alice.expectSpeech(/la la/i)
    const bob = await meet.join('bob')
    const boss = await meet.join('boss')
    expect(await hears(alice, boss, 'Here I am.')).toBe(true)
    await boss.hangUp()
    await alice.expectSpeech(/la la/i)
    await bob.expectSpeech(/la la/i)
    expect(await hears(bob, alice, 'Is he gone?')).toBe(false)
    await boss.call('1000')
    await meet.pbx.sleep(100)
    expect(await hears(alice, boss, 'Here I am again.')).toBe(true)
    expect(await hears(bob, alice, 'We have missed you.')).toBe(true)
    expect(meet.of('alice').news.filter((what) => /started|stopped/.test(what))).toEqual([
      'started',
      'stopped',
      'started',
    ])
    await meet.over()
  })

  test('goes with its last party; one that ends it hangs the rest up', async () => {
    const meet = meeting((name, channel) => ({
      conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ destroyOnExit: name === 'boss' }),
      conferencePartyMediaSettings: settings(channel),
    }))
    const boss = await meet.join('boss')
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await boss.press('#')
    await alice.expectHangUp()
    await bob.expectHangUp()
    expect(meet.of('alice').news.at(-1)).toBe('I left destroyed')
    expect(meet.of('boss').channel.state()).toBe('ANSWERED')
    expect(meet.of('alice').app.rooms.list()).toEqual([])
    await meet.over()
  })
})

describe('who leaves a conference', () => {
  test('by his exit digit is with the application again, and can come back', async () => {
    const meet = meeting(plain, {}, async (channel) => {
      await channel.filePlayer.say('You have left the conference.')
      await channel.dtmfDetector.getDigits({ count: 1 })
      expect(await channel.joinConferenceRoom('r')).toBe('hangUp')
    })
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await alice.press('#')
    await alice.expectSpeech(/you have left/i)
    expect(bob.hasHeard(/you have left/i)).toBe(false)
    expect([meet.of('alice').channel.state(), meet.of('alice').other.state(), meet.of('alice').news.at(-1)]).toEqual([
      'ANSWERED',
      'IDLE',
      'I left exitDigit',
    ])
    await bob.hears.tone('ringback')
    await alice.press('5')
    await meet.pbx.sleep(200)
    expect(await hears(bob, alice, 'I am back.')).toBe(true)
    await meet.over()
  })

  test('is retrieved by his application, or because the other channel is hung up', async () => {
    const meet = meeting(plain)
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    const { channel, other } = meet.of('alice')
    const states: string[] = []
    channel.on('state', ({ state }) => states.push(state))
    await expect(channel.filePlayer.say('Hello?')).rejects.toThrow(
      /needs a channel in state ANSWERED; this one is TRANSFERRED/,
    )
    expect(await meet.until(channel.retrieveTransfer())).toBe('ANSWERED')
    await expect(channel.retrieveTransfer()).rejects.toThrow(
      /needs a channel in state TRANSFERRED; this one is ANSWERED/,
    )
    expect([states, other.state(), other.cause()]).toEqual([['RECONNECTING', 'ANSWERED'], 'IDLE', 'NORMAL'])
    expect(await meet.until(channel.filePlayer.say('You are mine again.'))).toBe('NORMAL')
    expect([alice.hasHeard(/mine again/), bob.hasHeard(/mine again/)]).toEqual([true, false])
    expect(await meet.until(channel.transferToConferenceRoom(other, 'r', {}))).toBe('TRANSFERRED')
    expect(await hears(bob, alice, 'Once more.')).toBe(true)
    await meet.until(other.hangUp())
    expect(channel.state()).toBe('ANSWERED')
    await meet.over()
  })

  test('is ejected and hung up, or moved to another room with his settings', async () => {
    const meet = meeting(plain)
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    const carol = await meet.join('carol')
    const { room } = meet
    const [first, second, third] = room.parties.map(({ id }) => id) as [number, number, number]
    expect(await meet.until(room.eject(second))).toBe(true)
    await bob.expectHangUp()
    expect([meet.of('bob').news.at(-1), await meet.until(room.eject(second))]).toEqual(['I left ejected', false])
    expect(await meet.until(room.move(third, 'elsewhere'))).toBe(true)
    await expect(room.move(first, 'r')).rejects.toThrow(/is in room r already/)
    const elsewhere = meet.of('alice').app.rooms.get('elsewhere')
    expect(elsewhere?.parties).toMatchObject([{ who: expect.stringMatching(/carol/) }])
    expect(await hears(carol, alice, 'Where are you?')).toBe(false)
    expect(await meet.until(room.move(first, 'elsewhere'))).toBe(true)
    expect(room.state()).toBe('destroyed')
    expect(await hears(carol, alice, 'There you are.')).toBe(true)
    await carol.press('#')
    expect([meet.of('carol').channel.state(), meet.of('carol').other.state()]).toEqual(['ANSWERED', 'IDLE'])
    await meet.over()
  })
})

test('who holds his telephone in a conference hears and says nothing meanwhile, and is in the room all the same', async () => {
  const meet = meeting(plain)
  const alice = await meet.join('alice')
  const bob = await meet.join('bob')
  const events: string[] = []
  const { channel } = meet.of('alice')
  channel.on('farEndHold', () => events.push('hold'))
  channel.on('farEndRetrieve', () => events.push('retrieve'))
  await alice.hold()
  expect([await hears(alice, bob, 'Are you there?'), channel.state(), events]).toEqual([false, 'TRANSFERRED', ['hold']])
  await alice.resume()
  expect([await hears(alice, bob, 'Now you are.'), await hears(bob, alice, 'Yes.'), events]).toEqual([
    true,
    true,
    ['hold', 'retrieve'],
  ])
  await alice.hold()
  await meet.until(channel.retrieveTransfer())
  expect(channel.state()).toBe('ON_HOLD')
  await alice.resume()
  await meet.pbx.sleep(100)
  expect(channel.state()).toBe('ANSWERED')
  await meet.over()
})

describe('who is muted', () => {
  test('by his keys, which nobody else gets to hear or to collect', async () => {
    const meet = meeting(plain)
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await alice.press('0')
    expect(await hears(bob, alice, 'Nobody hears this.')).toBe(false)
    await alice.press('1')
    expect(await hears(bob, alice, 'Everybody hears this.')).toBe(true)
    await alice.press('12')
    expect(bob.ears.digits).toEqual([])
    await meet.until(meet.of('alice').channel.retrieveTransfer())
    expect(
      await meet.until(meet.of('alice').channel.dtmfDetector.getDigits({ count: 5, predigitsTimeoutMs: 500 })),
    ).toBe('2')
    expect(meet.of('bob').news).toEqual(['I entered', 'started', 'muted', 'unmuted', 'left retrieved', 'stopped'])
    await meet.over()
  })

  test('by one key that mutes and unmutes, in turn', async () => {
    const meet = meeting((_, channel) => {
      const media = new channel.ConferencePartyMediaSettings({ beepOnEntry: false })
      media.muteOnDtmfDigits.setDigits({ mute: '6' })
      return { conferencePartyMediaSettings: media }
    })
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    for (const isHeard of [false, true, false, true]) {
      await alice.press('6')
      expect(await hears(bob, alice, `Heard: ${isHeard}, ${meet.pbx.sim.now}.`)).toBe(isHeard)
    }
    expect(meet.of('alice').news.slice(-4)).toEqual(['I muted', 'I unmuted', 'I muted', 'I unmuted'])
    expect(bob.ears.digits).toEqual([])
    await meet.over()
  })

  test('is told so where he was configured so, and nobody else is; what he hears alone he hears one after the other', async () => {
    const meet = meeting((name, channel) => {
      const media = settings(channel)
      if (name === 'alice') media.onMutedMedia.textToSay('You are muted.')
      if (name === 'alice') media.onUnmutedMedia.textToSay('You can be heard.')
      return { conferencePartyMediaSettings: media }
    })
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await alice.press('0')
    await alice.press('1')
    await alice.expectSpeech(/you are muted/i)
    await alice.expectSpeech(/can be heard/i)
    await meet.pbx.sleep(300)
    expect([await hears(alice, bob, 'Between us all.'), bob.hasHeard(/you/i)]).toEqual([true, false])
    const [first] = meet.room.parties
    const telling = meet.room.tell(first?.id ?? 0, { textToSay: 'Only for your ears.' })
    expect(await meet.until(meet.room.tell(0, { textToSay: 'Nobody.' }))).toBe(false)
    expect(await meet.until(telling)).toBe(true)
    expect([alice.hasHeard(/only for/i), bob.hasHeard(/only for/i)]).toEqual([true, false])
    await bob.hangUp()
    await alice.hears.tone('ringback')
    expect(await meet.until(meet.room.tell(first?.id ?? 0, { textToSay: 'You are alone.' }))).toBe(true)
    await alice.hears.tone('ringback')
    const cut = meet.room.tell(first?.id ?? 0, { textToSay: 'You will not hear all of this, I am afraid.' })
    await alice.expectSpeech(/you will not/i)
    await alice.hangUp()
    expect(await meet.until(cut)).toBe(false)
    await meet.over()
  })

  test('scenario 18: in a locked room, whatever he presses', async () => {
    const meet = meeting(plain)
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    await meet.until(meet.room.lock())
    for (const keys of ['0', '1', '01', '1010']) {
      await alice.press(keys)
      expect(await hears(bob, alice, `Locked ${keys}.`)).toBe(false)
    }
    const carol = await meet.join('carol')
    expect(await hears(bob, carol, 'I came late.')).toBe(false)
    await meet.until(meet.room.unlock())
    await alice.press('1')
    expect(await hears(bob, alice, 'At last.')).toBe(true)
    expect(await hears(bob, carol, 'Good.')).toBe(true)
    await meet.over()
  })

  test('scenario 19: by a moderator, until he unmutes him, or as the policy says', async () => {
    for (const partiesMayUnmute of [false, true]) {
      const meet = meeting(plain, { exchange: { rooms: { partiesMayUnmute } } })
      const alice = await meet.join('alice')
      const bob = await meet.join('bob')
      const [party] = meet.room.parties
      expect(await meet.until(meet.room.mute(party?.id ?? 0))).toBe(true)
      expect(await hears(bob, alice, 'Muted.')).toBe(false)
      await alice.press('1')
      expect(await hears(bob, alice, 'May I?')).toBe(partiesMayUnmute)
      await meet.until(meet.room.unmute(party?.id ?? 0))
      expect(await hears(bob, alice, 'Thank you.')).toBe(true)
      await meet.over()
    }
  })

  test('who is held hears his music instead of the others, and is not heard', async () => {
    const meet = meeting(
      (_, channel) => ({ conferencePartyMediaSettings: settings(channel, { onConferenceStoppedFile: 'music.wav' }) }),
      MUSIC,
    )
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    const carol = await meet.join('carol')
    const [party] = meet.room.parties
    await meet.until(meet.room.hold(party?.id ?? 0))
    await alice.expectSpeech(/la la la/i)
    expect([
      await hears(bob, alice, 'Hello?'),
      await hears(alice, bob, 'We talk about you.'),
      await hears(carol, bob, 'Yes.'),
    ]).toEqual([false, false, true])
    await meet.until(meet.room.retrieve(party?.id ?? 0))
    expect(await hears(alice, bob, 'Welcome back.')).toBe(true)
    await meet.over()
  })
})
