import type { Instant } from '../../../kit/index.ts'
import type { SpecialInformation } from '../special-information.ts'

/** Who or what has picked up. */
export type FarEndKind = 'person' | 'machine' | 'fax' | 'announcement' | 'screening' | 'signal' | 'unknown'

/**
 * A {@link FarEndKind}, more closely: a machine is `voicemail` or `ivr`; an announcement is one of the network; a fax machine
 * answers (`fax`) or calls (`callingFax`); a signal is the tone of that name; `unknown` is what was heard instead of an answer:
 * nothing (`silence`), sound that is no speech (`noise`, `music`, `keys`), or speech that was not decided on (`undecided`).
 */
export type FarEndFineKind =
  | 'person'
  | 'voicemail'
  | 'ivr'
  | 'networkAnnouncement'
  | 'screening'
  | 'fax'
  | 'callingFax'
  | 'ringback'
  | 'busy'
  | 'congestion'
  | 'unobtainable'
  | 'dialTone'
  | 'silence'
  | 'noise'
  | 'music'
  | 'keys'
  | 'undecided'

/** A tone that was recognised. */
export type FarEndTone =
  /** Of the network, ITU-T E.180. */
  | 'ringback'
  | 'busy'
  | 'congestion'
  | 'unobtainable'
  | 'dialTone'
  | 'specialInformation'
  /** A fax machine answers: 2,100 Hz, steady or with amplitude modulation and phase reversals (ITU-T T.30, V.8). */
  | 'ced'
  /** A fax machine says what it can do: the flags before its first frame, at 300 bit/s (ITU-T V.21 channel 2). */
  | 'v21'
  /** A fax machine calls: half a second of 1,100 Hz each 3.5 s (ITU-T T.30). */
  | 'cng'
  /** A key, ITU-T Q.23. */
  | 'dtmf'

/** What speaks for a verdict or against it. */
export interface FarEndEvidence {
  /** What was noticed. */
  readonly clue: FarEndClue
  readonly atMs: Instant
  /** How much it speaks for a machine, in nats (the logarithm of a likelihood ratio); below 0: for a person. */
  readonly weight: number
  /** In words, with its figures: `1240 ms of speech, then 520 ms of quiet`. */
  readonly detail: string
}

export type FarEndClue =
  | 'tone'
  | 'beep'
  | 'speech'
  | 'pause'
  | 'monologue'
  | 'resumed'
  | 'silence'
  | 'forwarded'
  | 'earlyMedia'
  | 'ringTime'
  | 'sourceChanged'

/** Why a verdict was given when it was. */
export type FarEndReason =
  /** A tone says it. */
  | 'tone'
  /** A beep after speech. */
  | 'beep'
  /** Somebody spoke and now listens. */
  | 'listens'
  /** Somebody speaks for longer, or in other portions, than people do who pick up. */
  | 'monologue'
  /** Speech after special information, or before the answer. */
  | 'announcement'
  /** A machine spoke and waits; what it waits for is a name. */
  | 'screening'
  /** The time is up. */
  | 'deadline'
  /** The time is up, and nothing was said. */
  | 'silence'

/** What the detector thinks of who has picked up. */
export interface FarEndVerdict {
  readonly type: 'verdict'
  /**
   * `provisional`: may change; `final`: what to act on, given once; `revised`: what was heard afterwards has shown the final
   * verdict to be wrong, or somebody else has taken over.
   */
  readonly stage: 'provisional' | 'final' | 'revised'
  readonly kind: FarEndKind
  readonly fineKind: FarEndFineKind
  /** How probable the kind is, 0..1. */
  readonly confidence: number
  readonly reason: FarEndReason
  readonly decidedAtMs: Instant
  /** What led to it, in the order in which it was noticed. */
  readonly evidence: readonly FarEndEvidence[]
}

/** What {@link FarEndDetector} says. All `...AtMs` are instants of the clock that it is told; `atMs` is when it says so. */
export type FarEndEvent =
  | FarEndVerdict
  | {
      readonly type: 'tone'
      readonly tone: FarEndTone
      readonly startedAtMs: Instant
      readonly atMs: Instant
      /** Of special information. */
      readonly meaning?: SpecialInformation
      /** Of a key. */
      readonly digit?: string
    }
  | { readonly type: 'speechStarted'; readonly startedAtMs: Instant; readonly atMs: Instant }
  | {
      readonly type: 'speechEnded'
      readonly startedAtMs: Instant
      readonly endedAtMs: Instant
      readonly atMs: Instant
    }
  /** The beep after which a mailbox records; said while it sounds, or at its end where it is short. */
  | {
      readonly type: 'beepStarted'
      readonly startedAtMs: Instant
      readonly frequencyHz: number
      readonly atMs: Instant
    }
  | {
      readonly type: 'beepEnded'
      readonly startedAtMs: Instant
      readonly endedAtMs: Instant
      readonly atMs: Instant
    }
  /** Now a message would be recorded: after a beep and a moment of quiet, or after the greeting and a longer one. */
  | { readonly type: 'readyForMessage'; readonly by: 'beep' | 'silence'; readonly atMs: Instant }
  /** Ringing that was heard after the answer has stopped: only now somebody may be there. */
  | { readonly type: 'ringingStopped'; readonly atMs: Instant }

/** What is known of the call beside its sound. */
export type FarEndSignal =
  /** A provisional answer says that it rings. */
  | 'ringing'
  /** Sound comes before the answer. */
  | 'earlyMedia'
  | 'answered'
  /** The call was forwarded: 181, or History-Info, or Diversion. */
  | 'forwarded'
  /** It was forwarded, and the new target says that it is a mailbox. */
  | 'forwardedToMailbox'
  /** Its sound comes from another source, or in another codec, than before. */
  | 'sourceChanged'
  /** From here on something is played to the far end, of which an echo may come back. */
  | 'promptStarted'
  | 'promptEnded'

/** From when {@link FarEndOptions.timeoutMs} counts. */
export type FarEndStart =
  /** `TIMEOUT_FROM_NETWORK_CONNECT`. */
  | 'DEFAULT'
  /** From the answer of the network. */
  | 'TIMEOUT_FROM_NETWORK_CONNECT'
  /** From when ringing that is heard after it has stopped. */
  | 'TIMEOUT_FROM_ANSWER_DETECT'

export interface FarEndOptions {
  /** Default `DEFAULT`. */
  readonly start?: FarEndStart
  /** After so long the verdict is final whatever was heard, in most such cases `unknown`; 500 to 10,000. Default 7,000. */
  readonly timeoutMs?: number
  /**
   * What is worse, 0..1: a machine that is taken for a person (1), or a person who is taken for a machine (0). Default 0.5,
   * which protects people well; below it more of them are found, above it more machines.
   */
  readonly sensitivity?: number
  /** Of ISO 3166, where it is known whose network tones are heard. */
  readonly country?: string
  /** Whether a verdict may be final before the answer; never `person`. Default: it is provisional until then. */
  readonly decidesEarly?: boolean
  /** A moment of quiet after a beep, before `readyForMessage`. Default 200. */
  readonly quietAfterBeepMs?: number
  /** Quiet after a greeting that ends without a beep, before `readyForMessage`. Default 4,000. */
  readonly quietAfterGreetingMs?: number
}
