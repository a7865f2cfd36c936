import type { Cause } from '../../calls/index.ts'

/** Somebody to call. */
export interface Callee {
  readonly name: string
  readonly uri: string
  readonly timeoutMs: number
}

/** How a call went. */
export interface Outcome {
  readonly callee: Callee
  /** `ANSWERED`, or why not. */
  readonly outcome: 'ANSWERED' | Cause
  readonly sip: number | undefined
  readonly tookMs: number
  readonly digits?: string
  /** The recording in the media store, when anything but silence is in it. */
  readonly recording?: string
}

/** What `app.outboundParameters` hold. */
export interface SurveyOrder {
  readonly callees: readonly Callee[]
  onCalling(callee: Callee): void
  onOutcome(outcome: Outcome): void
}
