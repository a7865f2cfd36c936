import type { Logger } from '../../kit/index.ts'

/**
 * Keeps the process alive when application code throws where nobody waits for it: in a timer, a listener, a promise
 * that was not awaited. Other calls must not pay for it.
 */
export function surviveApplications(logger: Logger): void {
  const log = (error: unknown, what: string) => {
    const message = error instanceof Error ? error.message : String(error)
    logger.error({ err: error }, `${what} in application code, outside of what its instance awaits: ${message}`)
  }
  process.on('uncaughtException', (error) => log(error, 'an uncaught error'))
  process.on('unhandledRejection', (reason) => log(reason, 'an unhandled rejection'))
}
