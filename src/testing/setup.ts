import { installAppTimers } from './clock/app-timers.ts'

/**
 * `"setupFiles": ["ringdown/testing/setup"]` in the configuration of jest: it gives each test file copies of Node's modules,
 * so that the timers of applications must be in place before anything imports them.
 */
installAppTimers()
