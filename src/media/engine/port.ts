import type { MediaCommand, MediaEvent } from './control.ts'

/**
 * How calls reach media, wherever the engine runs: in this thread (virtual time, tests) or in a worker thread.
 * Commands are carried out in order; events come later, never from inside `send`.
 */
export interface MediaPort {
  send(command: MediaCommand): void
  /** Sets the one listener to events. */
  onEvent(listener: (event: MediaEvent) => void): void
}
