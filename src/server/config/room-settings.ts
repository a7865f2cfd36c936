import {
  type AppDefinition,
  ConferenceLifetimeControl,
  ConferencePartyMediaSettings,
  conferenceService,
  type MediaToPlay,
  type PlayableMedia,
  type RoomLimits,
} from '../../calls/index.ts'
import { definedOnly } from './defined-only.ts'
import type { ServiceRoomConfig } from './room-config.ts'
import type { CheckedConfig } from './schema.ts'

/** What rooms are like: nothing is filled in, since the exchange knows what they are by default. */
export function roomLimits({ rooms: { policies, ...all } = {} }: CheckedConfig): RoomLimits {
  return { ...definedOnly(all), ...(policies !== undefined && { policies: policies.map(definedOnly) }) }
}

/**
 * The application of a number that leads into a conference room.
 * @throws UsageError for media that cannot be played
 */
export function roomApp(room: string | ServiceRoomConfig): AppDefinition {
  if (typeof room === 'string') return conferenceService(room)
  const { name, pin, askForPin, wrongPin, talkers = true } = room
  const options = {
    talkerAndListener: talkers,
    conferenceLifetimeControl: new ConferenceLifetimeControl({
      startOnEntry: room.startOnEntry ?? true,
      destroyOnExit: room.destroyOnExit ?? false,
    }),
    conferencePartyMediaSettings: mediaSettings(room),
  }
  if (pin === undefined) return conferenceService(name, options)
  return conferenceService(name, options, { pin, ...(askForPin && { askForPin }), ...(wrongPin && { wrongPin }) })
}

function mediaSettings(room: ServiceRoomConfig): ConferencePartyMediaSettings {
  const { ringbackTone, onConferenceStoppedFile, exitDigit, muteDigit, unmuteDigit = muteDigit } = room
  const media = new ConferencePartyMediaSettings({
    beepOnEntry: room.beepOnEntry ?? true,
    startMuted: room.startMuted ?? false,
    twoPartyOptimisation: room.twoPartyOptimisation ?? false,
    ...(ringbackTone !== undefined && { ringbackTone }),
    ...(onConferenceStoppedFile !== undefined && { onConferenceStoppedFile }),
    ...(exitDigit !== undefined && { exitOnDtmfDigit: exitDigit }),
  })
  if (muteDigit !== undefined && unmuteDigit !== undefined)
    media.muteOnDtmfDigits.setDigits({ mute: muteDigit, unmute: unmuteDigit })
  choose(media.prefixMedia, room.prefix)
  choose(media.onEntryMedia, room.onEntry)
  choose(media.onExitMedia, room.onExit)
  choose(media.onMutedMedia, room.onMuted)
  choose(media.onUnmutedMedia, room.onUnmuted)
  return media
}

function choose(playable: PlayableMedia, media: MediaToPlay | undefined): void {
  if (media !== undefined && 'fileToPlay' in media && typeof media.fileToPlay === 'string')
    playable.fileToPlay(media.fileToPlay)
  if (media !== undefined && 'textToSay' in media && typeof media.textToSay === 'string')
    playable.textToSay(media.textToSay)
}
