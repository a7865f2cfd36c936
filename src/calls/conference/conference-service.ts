import { type AppDefinition, inbound } from '../app.ts'
import type { Channel } from '../channel.ts'
import type { MediaToPlay } from '../playable-media.ts'
import type { ConferenceRooms } from './conference-room.ts'
import type { ConferenceOptions } from './party-settings.ts'

/** What {@link conferenceService} asks its callers for. */
export interface ConferencePin {
  /** 1 to 16 digits. */
  readonly pin: string
  /** What asks for it, and what says that it was wrong. Without, a beep does both. */
  readonly askForPin?: MediaToPlay
  readonly wrongPin?: MediaToPlay
}

/**
 * The application of a number that leads into a conference room: callers for whom there is no place hear that it is busy,
 * the others are answered, asked for the PIN where there is one, and are in the room until they leave.
 */
export function conferenceService(room: string, options: ConferenceOptions = {}, pin?: ConferencePin): AppDefinition {
  return inbound(async (channel, { rooms }) => {
    const refusal = rooms.claim(room, channel)
    if (refusal !== undefined) {
      await channel.reject('BUSY', { phrase: refusal })
      return
    }
    await becomeReady(channel, rooms, options, pin)
    await channel.answer()
    if (pin !== undefined && !(await knows(channel, pin))) return
    // Only a room that is coming to its end meanwhile has no place now.
    if ((await channel.joinConferenceRoom(room, options)) === 'full') await channel.reject('BUSY')
  })
}

const SOON_MS = 100
const MOST_RINGING_MS = 2000
/** Of the time that somebody lets our own call take who has asked for it. */
const MOST_OF_TIMEOUT = 0.5

/** Rings until the texts are rendered that the room will hear of the caller. Who is asked for a PIN gives time enough. */
async function becomeReady(
  channel: Channel,
  rooms: ConferenceRooms,
  options: ConferenceOptions,
  pin: ConferencePin | undefined,
): Promise<void> {
  const isReady = await rooms.prepare(options, { timeoutMs: pin === undefined ? SOON_MS : 0 })
  if (isReady || pin !== undefined) return
  await channel.ring()
  const { timeoutMs = Number.POSITIVE_INFINITY } = options
  await rooms.prepare(options, { timeoutMs: Math.min(MOST_RINGING_MS, timeoutMs * MOST_OF_TIMEOUT) })
}

const ATTEMPTS = 3

async function knows(channel: Channel, { pin, askForPin, wrongPin }: ConferencePin): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await play(channel, askForPin)
    const digits = await channel.dtmfDetector.getDigits({
      end: '#',
      count: pin.length,
      predigitsTimeoutMs: 10_000,
      private: true,
    })
    if (digits === pin) return true
    await play(channel, wrongPin)
  }
  return false
}

async function play({ filePlayer, tonePlayer }: Channel, media: MediaToPlay | undefined): Promise<void> {
  if (media === undefined) await tonePlayer.play('BEEP', { bargeIn: true })
  else await filePlayer.playList([media], { bargeIn: true })
}
