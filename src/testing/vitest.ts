import { expect } from 'vitest'
import { type ExpectedEnd, matchers } from './matchers/matchers.ts'

/** `import 'ringdown/testing/vitest'` adds the matchers of the test kit to vitest's `expect`, with their types. */
expect.extend(matchers)

/** See {@link matchers}. */
export interface RingdownMatchers<Result> {
  toHaveHeard(pattern: RegExp | string): Result
  toHaveHeardInOrder(...patterns: readonly (RegExp | string)[]): Result
  toHaveHeardTone(tone: string | readonly number[]): Result
  toHaveHeardDigits(keys: string): Result
  toHaveEnded(expected?: ExpectedEnd): Result
  toHaveRecorded(file: string, pattern?: RegExp | string): Result
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the parameter must be declared as vitest declares it.
  interface Matchers<T = any> extends RingdownMatchers<T> {}
}
