import { z } from 'zod'
import { ROOM_POLICY_RANGES } from '../../calls/index.ts'
import { list, object, text, whole } from './schema-parts.ts'

const isTrue = z.boolean('must be true or false')
const roomName = text('must be 1 to 48 letters, digits and - _ .', (value) => /^[A-Za-z0-9._-]{1,48}$/.test(value))
const digit = text('must be one of 1234567890*#', (value) => /^[0-9*#]$/.test(value))
const mediaName = text('must be the name of a file in the media store', (value) => value !== '')
const media = z.union(
  [
    object({ fileToPlay: mediaName }),
    object({ textToSay: text('must be a text without "|"', (value) => /^[^|]*[^|\s][^|]*$/.test(value)) }),
  ],
  'must be { fileToPlay } or { textToSay }',
)

const MATCH = "must be the name of a room such as 'board', a beginning such as 'team-*', or a regular expression"
const match = z.union(
  [text(MATCH, (value) => /^[A-Za-z0-9._-]{0,48}\*?$/.test(value) && value !== ''), z.instanceof(RegExp)],
  MATCH,
)
const policy = {
  mostParties: whole(...ROOM_POLICY_RANGES.mostParties, 'parties').optional(),
  quietAfterParties: whole(...ROOM_POLICY_RANGES.quietAfterParties, 'parties').optional(),
  partiesMayUnmute: isTrue.optional(),
  mostTalkers: whole(...ROOM_POLICY_RANGES.mostTalkers, 'talkers').optional(),
  comfortNoise: isTrue.optional(),
  automaticLevel: isTrue.optional(),
}

/** The shape of `rooms`. */
export const roomsSchema = object({
  mostRooms: whole(1, 100_000, 'rooms').optional(),
  ...policy,
  policies: list(
    object({
      match: z.union([match, list(match, 'names, beginnings and regular expressions').min(1, MATCH)], MATCH),
      ...policy,
    }),
    'policies { match, mostParties, ... }',
  ).optional(),
})

/** The shape of the room of a service: its name, or more. */
export const serviceRoomSchema = z.union(
  [
    roomName,
    object({
      name: roomName,
      pin: text('must be 1 to 16 digits', (value) => /^\d{1,16}$/.test(value)).optional(),
      askForPin: media.optional(),
      wrongPin: media.optional(),
      talkers: isTrue.optional(),
      startOnEntry: isTrue.optional(),
      destroyOnExit: isTrue.optional(),
      beepOnEntry: isTrue.optional(),
      startMuted: isTrue.optional(),
      twoPartyOptimisation: isTrue.optional(),
      ringbackTone: text('must be the name of a tone', (value) => /^[A-Za-z0-9_-]{1,48}$/.test(value)).optional(),
      onConferenceStoppedFile: mediaName.optional(),
      exitDigit: digit.optional(),
      muteDigit: digit.optional(),
      unmuteDigit: digit.optional(),
      prefix: media.optional(),
      onEntry: media.optional(),
      onExit: media.optional(),
      onMuted: media.optional(),
      onUnmuted: media.optional(),
    }).refine(
      ({ exitDigit, muteDigit, unmuteDigit }) =>
        exitDigit === undefined || ![muteDigit, unmuteDigit].includes(exitDigit),
      {
        path: ['exitDigit'],
        message: 'the same digit cannot both mute and leave: choose another for one of them',
      },
    ),
  ],
  'must be the name of a conference room, or an object with its name',
)
