import type { FarEndEvidence, FarEndFineKind, FarEndKind, FarEndOptions } from '../../../media/index.ts'
import { type FarEndTape, type FarEndVerdict, replayTape, tapeOfCall } from '../../../media/index.ts'
import type { Label, LabelledFile } from './labels.ts'

/** What may be said of a recording; `unknown` is right where there is nobody (`none`). */
export type SaidOfFile = Exclude<FarEndKind, 'signal'>

/** What detection has made of a recording. Times are from its beginning. */
export interface FileVerdict {
  readonly file: string
  /** What it really is. */
  readonly class: Label
  /** The first final one. */
  readonly verdict: SaidOfFile
  readonly fineKind: FarEndFineKind
  readonly confidence: number
  readonly reason: FarEndVerdict['reason']
  readonly decidedMs: number
  /** What it was revised to in the end; `null` where it was not. */
  readonly revised: { readonly verdict: SaidOfFile; readonly fineKind: FarEndFineKind; readonly atMs: number } | null
  /** The first final one, and all that have revised it, in their order. */
  readonly verdicts: readonly {
    readonly verdict: SaidOfFile
    readonly fineKind: FarEndFineKind
    readonly atMs: number
  }[]
  /** When the first beep began that was heard after the answer; `null` without one. */
  readonly beepMs: number | null
  /** When a message could have begun; `null` where that was not known. */
  readonly readyMs: number | null
  readonly evidence: readonly FarEndEvidence[]
  readonly durationMs: number
  readonly label: LabelledFile
}

/** Its sound, of all channels, and what else detection knew where an exchange has kept it as evidence. */
export interface Recording {
  readonly samples: Int16Array
  readonly tape?: FarEndTape
}

/**
 * Lets a detector hear a recording; what comes behind its end is silence. Of one that was kept as evidence it hears what
 * was lost as lost, and is told what was signalled, as it was in the call: the answer, too.
 */
export function hearFile(label: LabelledFile, { samples, tape }: Recording, options: FarEndOptions): FileVerdict {
  const answeredMs = answeredAtMs(tape)
  const connectMs = answeredMs ?? label.connectMs
  const durationMs = samples.length / SAMPLES_PER_MS
  const call = callOfRecording(samples, connectMs, options)
  const events = replayTape(answeredMs === undefined ? call : { ...tape!, samples: call.samples, options })
  const verdicts = events.filter((event) => event.type === 'verdict')
  const final = verdicts.find(({ stage }) => stage === 'final')
  if (final === undefined) throw new Error(`${label.file}: the detector has given no verdict`)
  const acted = verdicts
    .filter(({ stage }) => stage !== 'provisional')
    .map((each) => ({ verdict: said(each.kind), fineKind: each.fineKind, atMs: each.decidedAtMs }))
  const beep = events.find((event) => event.type === 'beepStarted' && event.startedAtMs >= connectMs)
  const ready = events.find((event) => event.type === 'readyForMessage' && event.atMs >= connectMs)
  const { fineKind, confidence, reason, decidedAtMs, evidence } = final
  return {
    file: label.file,
    class: label.class,
    verdict: said(final.kind),
    fineKind,
    confidence,
    reason,
    decidedMs: decidedAtMs,
    revised: acted.length > 1 ? acted.at(-1)! : null,
    verdicts: acted,
    beepMs: beep?.type === 'beepStarted' ? beep.startedAtMs : null,
    readyMs: ready?.type === 'readyForMessage' ? ready.atMs : null,
    evidence,
    durationMs,
    label,
  }
}

/** When a call was answered of which more is known than its sound. */
export function answeredAtMs(tape: Recording['tape']): number | undefined {
  return tape?.signals.find(({ signal }) => signal === 'answered')?.atMs
}

/** A call that was answered at `connectMs`, and in which silence follows the recording until there is a verdict. */
export function callOfRecording(samples: Int16Array, connectMs: number, options: FarEndOptions): FarEndTape {
  const lengthMs = Math.max(samples.length / SAMPLES_PER_MS, Math.ceil(connectMs)) + SILENCE_BEHIND_MS
  const padded = new Int16Array(SAMPLES_PER_MS * lengthMs)
  padded.set(samples)
  return tapeOfCall(padded, connectMs, options)
}

/** Whether it was right in the end; a screened call that was taken is a person in the end, and was right if that was known. */
export function isRightInTheEnd({ class: label, verdicts }: FileVerdict): boolean {
  const those = label === 'screening' ? verdicts : verdicts.slice(-1)
  return those.some(({ verdict }) => isRight(label, verdict))
}

/** Whether it was right, nobody being what cannot be named. */
export function isRight(label: Label, verdict: SaidOfFile): boolean {
  return verdict === (label === 'none' ? 'unknown' : label)
}

/** A tone of the network is nobody. */
function said(kind: FarEndKind): SaidOfFile {
  return kind === 'signal' ? 'unknown' : kind
}

const SAMPLES_PER_MS = 8
/** So long at most until it is known that ringing has stopped, and the longest time to decide in after that. */
export const SILENCE_BEHIND_MS: number = 6000 + 10_000
