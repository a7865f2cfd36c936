import type { FarEndEvent, FarEndVerdict } from '../../media/index.ts'
import { CallFarEndType } from '../enums.ts'
import { type CallVerdict, type FarEndDetails, TYPE_OF_KIND } from './far-end-details.ts'

/** What is kept of a far end for whoever looks: the `farEnd` of the details of its call. */
export class FarEndNotes {
  readonly details: Mutable<FarEndDetails>

  /** @param isFinal nobody wants a verdict */
  constructor(isFinal: boolean) {
    this.details = { isFinal, verdicts: [], speech: [], beeps: [], tones: [], listeningSince: 0 }
  }

  /** Takes what was heard; instants of the sound become wall time. */
  take(event: Exclude<FarEndEvent, FarEndVerdict>): void {
    const { speech, beeps, tones } = this.details
    switch (event.type) {
      case 'tone': {
        const { tone, startedAtMs } = event
        keep(tones, { tone, startedAt: this.wall(startedAtMs) })
        return
      }
      case 'speechStarted':
        keep(speech, { startedAt: this.wall(event.startedAtMs) })
        return
      case 'speechEnded':
        this.#end(speech.at(-1), event.endedAtMs)
        return
      case 'beepStarted':
        keep(beeps, { startedAt: this.wall(event.startedAtMs), frequencyHz: event.frequencyHz })
        return
      case 'beepEnded':
        this.#end(beeps.at(-1), event.endedAtMs)
        return
    }
  }

  /** A verdict as applications see it. */
  verdictOf({ stage, kind, fineKind, confidence, reason, decidedAtMs, evidence }: FarEndVerdict): CallVerdict {
    return {
      stage,
      farEndType: TYPE_OF_KIND[kind],
      kind,
      fineKind,
      confidence,
      reason,
      decidedAt: this.wall(decidedAtMs),
      evidence: evidence.map(({ atMs, ...rest }) => ({ ...rest, at: this.wall(atMs) })),
    }
  }

  judge(verdict: CallVerdict): void {
    keep(this.details.verdicts, verdict)
    this.details.verdict = verdict
  }

  /** The verdict where there is no more to come: what was thought last, or else that nothing is known. */
  lastWord(reason: 'deadline' | 'ended' | 'failed', now: number): CallVerdict {
    const last = reason === 'failed' ? undefined : this.details.verdict
    if (last !== undefined) return { ...last, stage: 'final', decidedAt: now }
    return {
      stage: 'final',
      farEndType: CallFarEndType.UNKNOWN,
      kind: 'unknown',
      fineKind: 'undecided',
      confidence: 0,
      reason,
      decidedAt: now,
      evidence: [],
    }
  }

  /** Wall time of an instant of the sound. */
  wall(atMs: number): number {
    return this.details.listeningSince + atMs
  }

  #end(stretch: { endedAt?: number } | undefined, endedAtMs: number): void {
    if (stretch !== undefined) stretch.endedAt = this.wall(endedAtMs)
  }
}

type Mutable<Type> = {
  -readonly [Key in keyof Type]: Type[Key] extends readonly (infer Item)[] ? Mutable<Item>[] : Type[Key]
}

/** The latest are what matters, and whoever hums and talks for hours fills no memory. */
function keep<Item>(list: Item[], item: Item): void {
  list.push(item)
  if (list.length > MOST_KEPT) list.shift()
}

const MOST_KEPT = 64
