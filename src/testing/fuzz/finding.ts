/**
 * What is wrong with an application:
 *
 * - `uncaught error`: it threw something that it did not catch (other than the end of the call)
 * - `unhandled rejection`: a promise that nobody looks at was rejected; Node ends the process for that
 * - `forgotten hang-up`: the caller has gone, and it keeps another call or never ends
 * - `silence`: a caller on an answered call hears nothing, and nobody listens to them either
 * - `endless loop`: it asks for keys again and again without an end, or calls a function without ever letting time pass
 */
export type FindingKind = 'uncaught error' | 'unhandled rejection' | 'forgotten hang-up' | 'silence' | 'endless loop'

/** One thing that is wrong, however many runs met it. */
export interface Finding {
  readonly kind: FindingKind
  /** The line of the application: `path:line:column`. */
  readonly site: string
  readonly message: string
  /** The seed of the first run that met it: `fuzzCalls(app, { seed, runs: 1 })` meets it again. */
  readonly seed: number
  /** The transcript of that run. */
  readonly transcript: string
  /** How many runs met it. */
  runs: number
}

/** Thrown by `fuzzCalls` when it has found something. */
export class FuzzError extends Error {
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[], runs: number) {
    const list = findings.map(
      ({ kind, site, message, seed, transcript, runs: met }) =>
        `${kind} at ${site}\n  ${message}\n  met in ${met} of ${runs} runs, first with { seed: ${seed}, runs: 1 }:\n${indented(transcript)}`,
    )
    super(`${findings.length} things are wrong with the application:\n\n${list.join('\n\n')}`)
    this.name = 'FuzzError'
    this.findings = findings
  }
}

function indented(text: string): string {
  return text
    .split('\n')
    .slice(-25)
    .map((line) => `    ${line}`)
    .join('\n')
}
