/**
 * Every error that Ringdown throws. Outcomes of a call (busy, no answer, refused) are values, never errors.
 * The table of codes stands in docs/reference/errors.md and is held equal to {@link ERROR_CODES} by a test.
 */
export const ERROR_CODES = {
  RINGDOWN_USAGE: 'A function was called with a wrong value or in a state that does not allow it.',
  RINGDOWN_HANGUP: 'A function that needs a connected call was used on a call that has gone.',
  RINGDOWN_CONFIG: 'The configuration is invalid or contradicts itself; nothing was started.',
  RINGDOWN_APP: 'An application file could not be loaded or exports no application.',
  RINGDOWN_MEDIA_FILE: 'A media file is missing, unreadable or in a format that is not supported.',
  RINGDOWN_SPEECH:
    'A text cannot be spoken, or speech cannot be recognised: no such voice or engine, or the engine has failed.',
  RINGDOWN_AGENT: 'A voice agent could not be reached, its connection failed, or what it sent made no sense.',
  RINGDOWN_TRANSPORT: 'A socket could not be opened or has failed.',
  RINGDOWN_INTERNAL: 'An invariant of the exchange was broken; the call concerned was ended.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** The base of every error of Ringdown: a stable `code`, and a message that names the value and the fix. */
export class RingdownError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** The caller's mistake: thrown at once, saying what was expected. */
export class UsageError extends RingdownError {
  constructor(message: string) {
    super('RINGDOWN_USAGE', message)
  }
}

/** The call that an application uses has gone. Left uncaught, it is a normal end of the application. */
export class Hangup extends RingdownError {
  constructor(message = 'the call has ended') {
    super('RINGDOWN_HANGUP', message)
  }
}

/** The configuration cannot be served. `problems` names each value and what would be right. */
export class ConfigError extends RingdownError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('RINGDOWN_CONFIG', problems.join('\n'))
    this.problems = problems
  }
}

/** A media file is missing, unreadable or not in a supported format. */
export class MediaFileError extends RingdownError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RINGDOWN_MEDIA_FILE', message, options)
  }
}

/** A text cannot be spoken, or speech cannot be recognised: no such voice, no such engine, or the engine has failed. */
export class SpeechError extends RingdownError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RINGDOWN_SPEECH', message, options)
  }
}

/** A voice agent could not be reached, its connection failed, or what it sent made no sense. */
export class AgentError extends RingdownError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RINGDOWN_AGENT', message, options)
  }
}
