import { real } from '../real/real-phones.ts'
import { fax, faxCaller } from './kinds/fax.ts'
import { ivr } from './kinds/ivr.ts'
import { behindNat, gateway, onLine } from './kinds/line.ts'
import { musicOnHold } from './kinds/music-on-hold.ts'
import { holds, person, scripted, silent, slowPerson } from './kinds/person.ts'
import { replay } from './kinds/replay.ts'
import { screening } from './kinds/screening.ts'
import { busy, networkTone, noAnswer, rejects, unobtainable } from './kinds/unanswered.ts'
import { earlyMediaVoicemail, voicemail } from './kinds/voicemail.ts'

/** The phones that there are, by what happens when they are called; `real` puts any of them on real sockets. */
export const phones = {
  person,
  slowPerson,
  silent,
  busy,
  networkTone,
  noAnswer,
  rejects,
  unobtainable,
  voicemail,
  earlyMediaVoicemail,
  screening,
  ivr,
  fax,
  faxCaller,
  musicOnHold,
  holds,
  scripted,
  replay,
  gateway,
  behindNat,
  onLine,
  real,
} as const
