import type { FarEndEvent, FarEndFineKind, FarEndKind, FarEndSignal, FarEndVerdict } from '../../media/index.ts'
import type { DetectionListener, DetectionSession, FarEndDetection, WantedDetection } from '../index.ts'

/** One detection that says what a test lets it say. */
export class ScriptedSession implements DetectionSession {
  readonly signals: FarEndSignal[] = []
  tappedCount = 0
  isClosed = false
  readonly wanted: WantedDetection
  readonly #listener: DetectionListener

  constructor(wanted: WantedDetection, listener: DetectionListener) {
    this.wanted = wanted
    this.#listener = listener
    this.signals.push(...wanted.before.map(({ signal }) => signal))
  }

  signal(signal: FarEndSignal): void {
    this.signals.push(signal)
  }

  tapped(): void {
    this.tappedCount++
  }

  close(): void {
    this.isClosed = true
  }

  say(...events: FarEndEvent[]): void {
    for (const event of events) this.#listener.onEvent(event)
  }

  fail(reason = 'the thread has died'): void {
    this.#listener.onFailed(reason)
  }
}

/** Detection by script: a test says what is found out. */
export class ScriptedDetection implements FarEndDetection {
  readonly sessions: ScriptedSession[] = []

  /** The latest. */
  get session(): ScriptedSession {
    const session = this.sessions.at(-1)
    if (session === undefined) throw new Error('nobody has asked who picks up')
    return session
  }

  open(wanted: WantedDetection, listener: DetectionListener): DetectionSession {
    const session = new ScriptedSession(wanted, listener)
    this.sessions.push(session)
    return session
  }
}

export function verdict(
  stage: FarEndVerdict['stage'],
  kind: FarEndKind,
  fineKind: FarEndFineKind,
  more: Partial<FarEndVerdict> = {},
): FarEndVerdict {
  return {
    type: 'verdict',
    stage,
    kind,
    fineKind,
    confidence: 0.9,
    reason: 'listens',
    decidedAtMs: 1200,
    evidence: [{ clue: 'speech', atMs: 700, weight: -2, detail: '480 ms of speech' }],
    ...more,
  }
}
