import { expect } from 'vitest'
import {
  exchange,
  type Phone,
  type PhoneKind,
  type TestExchange,
  type TestExchangeOptions,
} from '../../../testing/index.ts'
import {
  type AppContext,
  type Channel,
  type ConferenceOptions,
  type ConferencePartyMediaOptions,
  type ConferenceRoom,
  inbound,
} from '../../index.ts'

/** The channels of one caller. */
export interface Attendance {
  readonly channel: Channel
  /** The one that it was transferred on. */
  readonly other: Channel
  readonly app: AppContext
  /** What the transfer returned. */
  result?: string
  /** Of the room, as the channel was told of them. */
  readonly news: string[]
}

/** Callers of an application that transfers each of them to room `r`. */
export interface Meeting {
  readonly pbx: TestExchange
  /** Somebody calls, and is in the room a tenth of a second later. */
  join(name: string, kind?: PhoneKind): Promise<Phone>
  of(name: string): Attendance
  /** Waits for what an application or a moderator does, in virtual time. */
  until<Value>(done: Promise<Value>): Promise<Value>
  readonly room: ConferenceRoom
  /** Everybody who is still there hangs up; nothing is left. */
  over(): Promise<void>
}

/**
 * @param optionsOf how each caller comes into the room, by his name
 * @param afterwards what the application does with a caller who is not in the room any more
 */
export function meeting(
  optionsOf: (name: string, channel: Channel) => ConferenceOptions = () => ({}),
  options: TestExchangeOptions = {},
  afterwards: (channel: Channel) => Promise<void> = async () => {},
): Meeting {
  const attendances = new Map<string, Attendance>()
  const app = inbound(async (channel, context) => {
    const caller = /sip:(\w+)/.exec(channel.details?.from ?? '')?.[1] ?? ''
    const other = context.extraChannels[0] as Channel
    const attendance: Attendance = { channel, other, app: context, news: [] }
    attendances.set(caller, attendance)
    channel.on('conference', ({ what, isSelf, why }) =>
      attendance.news.push(`${isSelf ? 'I ' : ''}${what}${why === undefined ? '' : ` ${why}`}`),
    )
    await channel.answer()
    attendance.result = await channel.transferToConferenceRoom(other, 'r', optionsOf(caller, channel))
    await other.waitForIdle()
    if (channel.state() === 'ANSWERED') await afterwards(channel)
    await channel.waitForIdle()
  })
  const pbx = exchange({ apps: { '*': app }, ...options })
  const of = (name: string): Attendance => {
    const attendance = attendances.get(name)
    if (attendance === undefined) throw new Error(`${name} has not called`)
    return attendance
  }
  return {
    pbx,
    of,
    join: async (name, kind) => {
      const phone = pbx.phone(name, kind)
      await phone.call('1000')
      await pbx.sleep(100)
      return phone
    },
    until: (done) => pbx.sim.clock.pull('the test waits for the application', done),
    get room() {
      const [some] = attendances.values()
      const room = some?.app.rooms.get('r')
      if (room === undefined) throw new Error('nobody is in the room')
      return room
    },
    over: async () => {
      for (const phone of pbx.phones) if (phone.state === 'ANSWERED') await phone.hangUp()
      await pbx.done()
      expect(pbx.runs.flatMap(({ error }) => error ?? [])).toEqual([])
      expect(pbx.exchange.alive).toBe(0)
    },
  }
}

/** How most parties of a test come: without a beep, and with keys to mute, unmute and leave. */
export function settings(channel: Channel, options: ConferencePartyMediaOptions = {}) {
  const media = new channel.ConferencePartyMediaSettings({ beepOnEntry: false, exitOnDtmfDigit: '#', ...options })
  media.muteOnDtmfDigits.setDigits({ mute: '0', unmute: '1' })
  return media
}

/** Whether `listener` hears what `speaker` says now. */
export async function hears(listener: Phone, speaker: Phone, words: string): Promise<boolean> {
  const saying = speaker.say(words)
  await saying
  await listener.sleep(200)
  return listener.hasHeard(words)
}
