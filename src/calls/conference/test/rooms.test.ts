import { describe, expect, test } from 'vitest'
import { exchange, type Phone, type TestExchange, type TestExchangeOptions } from '../../../testing/index.ts'
import { type Channel, ConferencePartyMediaSettings, conferenceService, inbound, outbound } from '../../index.ts'
import { hears, meeting, settings } from './meeting.ts'

async function over(pbx: TestExchange): Promise<void> {
  for (const phone of pbx.phones) if (phone.state === 'ANSWERED') await phone.hangUp()
  await pbx.done()
  expect(pbx.runs.flatMap(({ error }) => error ?? [])).toEqual([])
  expect([pbx.exchange.alive, pbx.exchange.exchange.sizes().rooms]).toEqual([0, 0])
}

const withoutBeep = { conferencePartyMediaSettings: new ConferencePartyMediaSettings({ beepOnEntry: false }) }

describe('the limits of rooms', () => {
  test('one party more than a room may have is told BUSY and why; it and the room go on', async () => {
    const meet = meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }), {
      exchange: { rooms: { mostParties: 2 } },
    })
    const alice = await meet.join('alice')
    const bob = await meet.join('bob')
    const carol = await meet.join('carol')
    const { channel, other, result } = meet.of('carol')
    expect([result, channel.transferCause(), other.cause(), other.details]).toMatchObject([
      'ANSWERED',
      'TARGETREJECT',
      'BUSY',
      { target: 'room:r', reason: { text: 'conference room r is full: 2 parties are in it' } },
    ])
    expect(await meet.until(channel.filePlayer.say('Sorry, it is full.'))).toBe('NORMAL')
    expect(carol.hasHeard(/full/)).toBe(true)
    expect(await hears(bob, alice, 'Nobody has noticed.')).toBe(true)
    await alice.hangUp()
    expect(await meet.until(channel.transferToConferenceRoom(other, 'r', {}))).toBe('TRANSFERRED')
    expect(meet.pbx.exchange.exchange.counters.snapshot()).toMatchObject({ roomsRefusedFull: 1 })
    await meet.over()
  })

  test('of two who call for the last place at once one is told BUSY before it is answered; who gives up frees it', async () => {
    const pbx = exchange({
      apps: { '*': conferenceService('r', withoutBeep, { pin: '4711' }) },
      exchange: { rooms: { mostParties: 2, mostRooms: 1 } },
    })
    const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((name) => pbx.phone(name)) as Phone[]
    await alice?.call('1000')
    await pbx.sleep(500)
    await alice?.press('4711')
    await pbx.sleep(200)
    expect(await Promise.all([bob?.call('1000'), carol?.call('1000')])).toEqual([200, 486])
    expect(carol?.ended).toMatchObject({ status: 486 })
    expect(pbx.story()).toMatch(/486 conference room r is full: 2 parties are in it/)
    await bob?.hangUp()
    expect(await dave?.call('1000')).toBe(200)
    await pbx.sleep(500)
    await dave?.press('4711')
    await pbx.sleep(200)
    expect(await hears(alice as Phone, dave as Phone, 'I have got the place.')).toBe(true)
    expect(pbx.exchange.exchange.counters.snapshot()).toMatchObject({ roomsRefusedFull: 1 })
    await over(pbx)
  })

  test('where no room more may be made, a new one is refused and the others are not', async () => {
    const pbx = exchange({
      apps: { one: conferenceService('one'), two: conferenceService('two') },
      exchange: { rooms: { mostRooms: 1 } },
    })
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => pbx.phone(name)) as [Phone, Phone, Phone]
    await alice.call('one')
    await pbx.sleep(100)
    expect(await bob.call('two')).toBe(486)
    expect(bob.ended).toMatchObject({ status: 486 })
    expect(await carol.call('one')).toBe(200)
    await over(pbx)
  })

  test.each(['', 'a b', 'a/b', 'x'.repeat(49), 'sales!', 7 as unknown as string])(
    '%j is no name of a room',
    async (name) => {
      const meet = meeting()
      await meet.join('alice')
      const { channel, app } = meet.of('alice')
      const [idle] = app.extraChannels.slice(1) as [Channel]
      await meet.until(channel.retrieveTransfer())
      const wrong = /the name of a conference room is 1 to 48 letters, digits and - _ \./
      await expect(channel.transferToConferenceRoom(idle, name)).rejects.toThrow(wrong)
      await expect(channel.joinConferenceRoom(name)).rejects.toThrow(wrong)
      await expect(idle.callConferenceRoom(name)).rejects.toThrow(wrong)
      expect(channel.state()).toBe('ANSWERED')
      await meet.over()
    },
  )

  test.each(['7', 'Sales', 'board-room_2.west', 'x'.repeat(48), '...'])(
    '%s is one, by which a room is found, called and moved to',
    async (name) => {
      const pbx = exchange({ apps: { '*': conferenceService(name, withoutBeep) } })
      const alice = pbx.phone('alice')
      await alice.call('1000')
      await pbx.sleep(100)
      const running = pbx.start(
        outbound(async (channel, { rooms }) => {
          expect([rooms.list().map((room) => room.name), rooms.get(name)?.parties.length]).toEqual([[name], 1])
          expect(await channel.callConferenceRoom(name, withoutBeep)).toBe('ANSWERED')
          await channel.filePlayer.say('Hello.')
          expect([channel.details?.target, rooms.get(name)?.parties.length]).toEqual([`room:${name}`, 2])
          const [first] = rooms.get(name)?.parties ?? []
          expect(await rooms.get(name)?.move(first?.id ?? 0, `${name.slice(1)}0`)).toBe(true)
          expect(rooms.list().map((room) => room.name)).toEqual([name, `${name.slice(1)}0`])
          await channel.hangUp()
        }),
      )
      expect((await running).error).toBeUndefined()
      expect(alice.hasHeard(/hello/i)).toBe(true)
      await over(pbx)
    },
  )

  test('scenario 30: a thousand rooms in which somebody waits have no timer between them', async () => {
    const app = inbound(async (channel) => {
      await channel.answer()
      await channel.joinConferenceRoom(/sip:(\w+)/.exec(channel.details?.to ?? '')?.[1] ?? '')
    })
    const pbx = exchange({ apps: { '*': app } })
    const phones = Array.from({ length: 1000 }, (_, i) =>
      pbx.phone(`p${i}`, { set: { sendsSilence: false, hearsTones: false } }),
    )
    for (const [i, phone] of phones.entries()) phone.dial(`room${i}`)
    await pbx.sleep(200)
    const { rooms, timers, calls } = pbx.exchange.exchange.sizes()
    expect({ rooms, timers, calls }).toEqual({ rooms: 1000, timers: 0, calls: 1000 })
    for (const phone of phones) void phone.hangUp()
    await pbx.sleep(1000)
    expect(pbx.exchange.exchange.sizes()).toMatchObject({ rooms: 0, calls: 0 })
  })
})

describe('callConferenceRoom', () => {
  /** Alice is in room `r`, and an application with an idle channel does something with it. */
  async function beside(app: (channel: Channel) => Promise<void>, options: TestExchangeOptions = {}) {
    const pbx = exchange({ apps: { '*': conferenceService('r', withoutBeep) }, ...options })
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await pbx.sleep(100)
    const running = pbx.start(outbound(app))
    return { pbx, alice, running }
  }

  test('lets an idle channel be a party: what it plays the room hears, and it hears the room', async () => {
    const { pbx, alice, running } = await beside(async (channel) => {
      expect(await channel.callConferenceRoom('r', withoutBeep)).toBe('ANSWERED')
      expect(channel.details).toMatchObject({ direction: 'outbound', target: 'room:r' })
      channel.fileRecorder.start('meeting.wav')
      await channel.filePlayer.say('This is the application.')
      await channel.waitForIdle({ timeoutMs: 4000 })
      await channel.hangUp()
    })
    await alice.expectSpeech(/this is the application/i)
    await alice.say('I hear you.')
    await running
    expect(pbx.recording('meeting.wav').said.join()).toMatch(/I hear you/)
    await over(pbx)
  })

  test('obeys the settings: a listener is not heard, and its exit digit ends the call', async () => {
    const { pbx, alice, running } = await beside(async (channel) => {
      const state = await channel.callConferenceRoom('r', {
        talkerAndListener: false,
        conferencePartyMediaSettings: settings(channel),
      })
      expect(state).toBe('ANSWERED')
      await channel.filePlayer.say('Nobody hears this.')
      await channel.dtmfPlayer.play('#')
      expect(await channel.waitForIdle({ timeoutMs: 2000 })).toBe('IDLE')
    })
    await running
    expect(alice.hasHeard(/nobody/i)).toBe(false)
    expect(alice.ears.digits).toEqual([])
    await over(pbx)
  })

  test('of a full room is BUSY, and says why', async () => {
    const { pbx, running } = await beside(
      async (channel) => {
        expect(await channel.callConferenceRoom('r')).toBe('IDLE')
        expect([channel.cause(), channel.details?.reason?.text]).toEqual([
          'BUSY',
          'conference room r is full: 1 party is in it',
        ])
      },
      { exchange: { rooms: { mostParties: 1 } } },
    )
    expect(await running).toMatchObject({ returnCode: 0 })
    await over(pbx)
  })

  test('is started and waited for; room:NAME can be called like anybody else', async () => {
    const { pbx, alice, running } = await beside(async (channel) => {
      expect(await channel.startCallConferenceRoom('r', withoutBeep)).toBe('CALL_OUTGOING')
      expect(await channel.waitForAnswer()).toBe('ANSWERED')
      await channel.hangUp()
      expect(await channel.call('room:r')).toBe('ANSWERED')
      await channel.waitForIdle({ timeoutMs: 500 })
      await channel.filePlayer.say('Here I am again.')
    })
    await alice.hears.beep()
    await alice.expectSpeech(/again/)
    await running
    await over(pbx)
  })

  test('refuses settings that cannot be', async () => {
    const { pbx, running } = await beside(async (channel) => {
      const media = settings(channel)
      expect(() => media.muteOnDtmfDigits.setDigits({ mute: '12' })).toThrow(/must be one of 1234567890\*#, not "12"/)
      media.exitOnDtmfDigit = '0'
      const both = { conferencePartyMediaSettings: media }
      await expect(channel.callConferenceRoom('r', both)).rejects.toThrow(/the digit 0 cannot both mute and leave/)
      media.exitOnDtmfDigit = 'A'
      await expect(channel.callConferenceRoom('r', both)).rejects.toThrow(/exitOnDtmfDigit must be one of/)
      delete media.exitOnDtmfDigit
      media.ringbackTone = 'NOISE'
      await expect(channel.callConferenceRoom('r', both)).rejects.toThrow(/no tone is called "NOISE"/)
      delete media.ringbackTone
      media.onConferenceStoppedFile = '../x'
      await expect(channel.callConferenceRoom('r', both)).rejects.toThrow(/is not a media file name/)
      await expect(channel.callConferenceRoom('r', { timeoutMs: -1 })).rejects.toThrow(/timeoutMs must be above 0/)
      expect(channel.state()).toBe('IDLE')
    })
    expect(await running).toMatchObject({ returnCode: 0 })
    await over(pbx)
  })
})

describe('a number that leads into a room', () => {
  test('asks for the PIN, three times at most', async () => {
    const service = conferenceService('sales', withoutBeep, {
      pin: '4711',
      askForPin: { textToSay: 'Your PIN, please.' },
      wrongPin: { textToSay: 'That is wrong.' },
    })
    const pbx = exchange({ apps: { '*': service } })
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await alice.expectSpeech(/pin, please/i)
    await alice.press('4712')
    await alice.expectSpeech(/wrong/i)
    await alice.press('4711')
    await alice.hears.tone('ringback')
    const mallory = pbx.phone('mallory')
    await mallory.call('1000')
    for (const pin of ['0000', '1234', '1111']) {
      await mallory.expectSpeech(/pin, please/i)
      await mallory.press(pin)
    }
    await mallory.expectHangUp()
    expect(alice.hasHeard(/mallory/)).toBe(false)
    await over(pbx)
  })
})
