import type { LinkConditions } from '../network/conditions.ts'
import type { NatKind } from '../network/nat.ts'
import type { DtmfHabits } from './dtmf-habits.ts'
import type { Phone } from './phone.ts'
import type { MediaDirection } from './phone-line.ts'
import type { PhoneSessionTimer } from './refresher.ts'

/** What kind of phone stands somewhere: its set, its line, and the habits of its user. */
export interface PhoneKind {
  readonly set?: PhoneOptions
  readonly line?: {
    /** How the line treats packets, both ways. */
    readonly conditions?: Partial<LinkConditions>
    readonly nat?: NatKind
  }
  /** What its user does as soon as the phone is there. */
  readonly onPlaced?: (phone: Phone) => Promise<void>
  /** What its user does when somebody calls. Without it the test acts by hand. */
  readonly onCall?: (phone: Phone) => Promise<void>
  /** What its user does once a call that the phone made is answered. */
  readonly onAnswered?: (phone: Phone) => Promise<void>
}

/** The line and the set: what cannot be changed by who uses it. */
export interface PhoneOptions {
  /** Codecs that it knows, in order of preference. Default PCMU, PCMA. */
  readonly codecs?: readonly ('PCMU' | 'PCMA')[]
  /** How its keys are sent. */
  readonly dtmf?: Partial<DtmfHabits>
  /** Sends packets while nobody speaks. Default true. */
  readonly sendsSilence?: boolean
  /** Recognises tones and digits in the sound, which costs time in long runs. Default true. */
  readonly hearsTones?: boolean
  /** How it speaks SIP. Default UDP. */
  readonly transport?: 'udp' | 'tcp'
  /** The address that its session descriptions name, when that is not its own. */
  readonly claimedMediaAddress?: string
  /** What its first session description says of the sound; it sends none unless that is `sendrecv`. Default `sendrecv`. */
  readonly direction?: MediaDirection
  /** The status with which it refuses each re-INVITE, or those after the first ones. Default: it takes them. */
  readonly refusesReinvites?: number | { readonly status: number; readonly after: number }
  /** What it knows of session timers. Default: nothing. */
  readonly sessionTimer?: PhoneSessionTimer
}
