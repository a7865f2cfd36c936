import type { Cause } from '../../calls/index.ts'

/**
 * How the command ends. 1 to 3 are the same for every command; `ringdown call` tells the cause of a call that was not
 * answered by 10 and above, so that a script can branch on it.
 */
export const EXIT = {
  /** Done: served to the end, the call was answered, every outcome was as expected. */
  OK: 0,
  /** Something failed that is none of the others. */
  FAILED: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  USAGE: 2,
  /** An address could not be had. */
  TRANSPORT: 3,
} as const

/** The exit code of a call that was not answered. */
export const EXIT_OF_CAUSE: Readonly<Record<Cause, number>> = {
  BUSY: 10,
  NOANSWER: 11,
  REJECTED: 12,
  UNOBTAINABLE: 13,
  CHANGED: 14,
  OUTOFORDER: 15,
  BARRED: 16,
  NOCHANNELS: 17,
  CONGESTION: 18,
  TIMEOUT: 19,
  ERROR: 20,
  FAILED: 21,
  OTHER: 22,
  NORMAL: 23,
}
