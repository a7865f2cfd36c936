import type { FarEndEvidence, FarEndFineKind, FarEndKind, FarEndReason, FarEndTone } from '../../media/index.ts'
import { CallFarEndType } from '../enums.ts'

/**
 * What live speaker detection has found out about who picked up, and by what. All times are wall time, in milliseconds since
 * 1970.
 */
export interface FarEndDetails {
  /** The verdict that holds: the last of {@link verdicts}. */
  readonly verdict?: CallVerdict
  /** Whether it is one to act on: no longer provisional. */
  readonly isFinal: boolean
  /** Everything that was thought of it, in its order: provisional verdicts, the final one, and what has revised that. */
  readonly verdicts: readonly CallVerdict[]
  /** When somebody was heard to speak. */
  readonly speech: readonly HeardStretch[]
  /** Beeps of a mailbox. */
  readonly beeps: readonly HeardBeep[]
  /** Tones of networks and fax machines, and that keys were pressed: which ones, is nobody's business. */
  readonly tones: readonly HeardFarEndTone[]
  /** When detection began to hear the far end. */
  readonly listeningSince: number
}

/** What detection thinks, or thought, of who has picked up. */
export interface CallVerdict {
  /**
   * `provisional`: may change; `final`: what to act on, given once; `revised`: what was heard afterwards has shown the final
   * one to be wrong, or somebody else has taken over.
   */
  readonly stage: 'provisional' | 'final' | 'revised'
  readonly farEndType: CallFarEndType
  readonly kind: FarEndKind
  /** The same more closely. */
  readonly fineKind: FarEndFineKind
  /** How probable it is, 0..1. */
  readonly confidence: number
  /** `ended`: the call has, before anything else could be told; `failed`: detection itself has. */
  readonly reason: FarEndReason | 'ended' | 'failed'
  readonly decidedAt: number
  /** What led to it, in the order in which it was noticed. */
  readonly evidence: readonly CallEvidence[]
}

/** What speaks for a verdict or against it. */
export interface CallEvidence extends Omit<FarEndEvidence, 'atMs'> {
  readonly at: number
}

/** Something that was heard for a time. */
export interface HeardStretch {
  readonly startedAt: number
  /** Absent while it goes on. */
  readonly endedAt?: number
}

/** A beep of a mailbox. */
export interface HeardBeep extends HeardStretch {
  readonly frequencyHz: number
}

/** A tone of a network or a fax machine, or that of a key. */
export interface HeardFarEndTone {
  readonly tone: FarEndTone
  readonly startedAt: number
}

/**
 * What applications are told of each kind. A recorded voice is a machine, whoever's it is: what more is known says
 * {@link CallVerdict.fineKind}.
 */
export const TYPE_OF_KIND: Readonly<Record<FarEndKind, CallFarEndType>> = {
  person: CallFarEndType.LIVE,
  machine: CallFarEndType.ANSWER_MACHINE,
  screening: CallFarEndType.ANSWER_MACHINE,
  announcement: CallFarEndType.ANSWER_MACHINE,
  fax: CallFarEndType.FAX_MACHINE,
  signal: CallFarEndType.UNKNOWN,
  unknown: CallFarEndType.UNKNOWN,
}
