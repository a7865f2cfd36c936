import type { CallVerdict, FarEndDetails } from '../../calls/index.ts'
import type { FarEndEvent, FarEndVerdict } from '../../media/index.ts'

/** A moment of a detection, for people. */
interface Line {
  readonly at: number
  readonly text: string
}

/**
 * What was found out of a far end, for people: what was heard and thought, in its order, and for each verdict what led to it.
 * @param answeredAt what the times count from, in ms since 1970; default: when detection began to listen
 */
export function printFarEnd(farEnd: FarEndDetails, answeredAt?: number): string {
  const { listeningSince, speech, beeps, tones, verdicts } = farEnd
  const lines: Line[] = [{ at: listeningSince, text: 'listens' }]
  for (const { startedAt, endedAt } of speech)
    lines.push({ at: startedAt, text: `speech${lengthOf(startedAt, endedAt)}` })
  for (const { startedAt, endedAt, frequencyHz } of beeps)
    lines.push({ at: startedAt, text: `beep of ${Math.round(frequencyHz)} Hz${lengthOf(startedAt, endedAt)}` })
  for (const { startedAt, tone } of tones) lines.push({ at: startedAt, text: tone })
  for (const verdict of verdicts) lines.push(...linesOfVerdict(verdict))
  return printLines(lines, answeredAt ?? listeningSince)
}

/** The same of what a detector says. */
export function printEvents(events: readonly FarEndEvent[], answeredAtMs: number): string {
  return printLines(events.flatMap(linesOfEvent), answeredAtMs)
}

function linesOfEvent(event: FarEndEvent): Line[] {
  switch (event.type) {
    case 'verdict':
      return linesOfVerdict({ ...event, decidedAt: event.decidedAtMs, evidence: evidenceOf(event) })
    case 'tone':
      return [{ at: event.startedAtMs, text: event.digit === undefined ? event.tone : `key ${event.digit}` }]
    case 'speechEnded':
      return [{ at: event.startedAtMs, text: `speech${lengthOf(event.startedAtMs, event.endedAtMs)}` }]
    case 'beepStarted':
      return [{ at: event.startedAtMs, text: `beep of ${Math.round(event.frequencyHz)} Hz` }]
    case 'readyForMessage':
      return [{ at: event.atMs, text: `a message would be recorded, by the ${event.by}` }]
    case 'ringingStopped':
      return [{ at: event.atMs, text: 'the ringing has stopped' }]
    default:
      return []
  }
}

function evidenceOf({ evidence }: FarEndVerdict): CallVerdict['evidence'] {
  return evidence.map(({ atMs, ...rest }) => ({ ...rest, at: atMs }))
}

type PrintedVerdict = Pick<
  CallVerdict,
  'stage' | 'kind' | 'fineKind' | 'confidence' | 'reason' | 'decidedAt' | 'evidence'
>

function linesOfVerdict(verdict: PrintedVerdict): Line[] {
  const { stage, kind, fineKind, confidence, reason, decidedAt, evidence } = verdict
  const what = kind === fineKind ? kind : `${kind} (${fineKind})`
  return [
    { at: decidedAt, text: `${stage}: ${what}, ${Math.round(100 * confidence)} % sure, by ${reason}` },
    ...evidence.map(({ at, clue, weight, detail }) => ({
      at: decidedAt,
      text: `    ${weightText(weight)}  ${clue}: ${detail} (at ${seconds(at - decidedAt)})`,
    })),
  ]
}

/** Evidence of a verdict stays behind it: the sort is stable. */
function printLines(lines: readonly Line[], since: number): string {
  return [...lines]
    .sort((one, other) => one.at - other.at)
    .map(({ at, text }) => `${seconds(at - since).padStart(9)}  ${text}`)
    .join('\n')
}

function lengthOf(startedAt: number, endedAt: number | undefined): string {
  return endedAt === undefined ? ', which goes on' : ` for ${seconds(endedAt - startedAt)}`
}

function weightText(weight: number): string {
  const text = `${weight > 0 ? '+' : ''}${weight.toFixed(1)}`
  return text.padStart(5)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
