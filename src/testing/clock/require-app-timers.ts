import { setTimeout as setTimeoutOfModule } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import { installAppTimers } from './app-timers.ts'
import { timers, timersPromises } from './real-timers.ts'

/**
 * Installs the timers of applications, and looks whether applications get them: this file imports Node's timers as an
 * application does.
 * @throws Error when the runner gave out copies of the real ones before; its message names the setting that helps
 */
export function requireAppTimers(): void {
  installAppTimers()
  if (setTimeoutOfModule === timers.setTimeout && sleep === timersPromises.setTimeout) return
  throw new Error(
    'applications would wait in real time: this test runner gave the test file copies of the timers of Node before ' +
      'ringdown/testing was loaded. In jest, add "setupFiles": ["ringdown/testing/setup"] to its configuration; ' +
      'in vitest, take the pool "forks" or "threads"',
  )
}
