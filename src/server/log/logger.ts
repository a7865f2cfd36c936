import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'
import pinoPretty from 'pino-pretty'
import type { Settings } from '../config/settings.ts'

/** What must never be read in a log, whatever object it was logged with. */
const SECRETS = [
  'password',
  'credentials',
  'authorization',
  'headers.authorization',
  '*.password',
  '*.credentials',
  '*.authorization',
  '*.*.password',
]

/**
 * The log of a server: pino, as JSON or, on a terminal, as lines for people.
 * @param stream where it goes. Default: standard error, because standard output belongs to the command's own words
 */
export function createLogger(settings: Settings['log'], stream?: DestinationStream): PinoLogger {
  const options = {
    level: settings.level,
    redact: { paths: SECRETS, censor: '(hidden)' },
    base: null,
  }
  const isPretty = settings.pretty ?? (stream === undefined && process.stderr.isTTY === true)
  if (!isPretty) return pino(options, stream ?? pino.destination({ dest: 2, sync: false }))
  const pretty = pinoPretty({
    colorize: stream === undefined && process.stderr.isTTY === true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    destination: (stream as never) ?? 2,
    sync: true,
  })
  return pino(options, pretty)
}
