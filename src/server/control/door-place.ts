import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RingdownError } from '../../kit/index.ts'

/**
 * The directories in which doors of this user may be, the one for new doors first: that of the session
 * (`XDG_RUNTIME_DIR`), and one in the directory for temporary files, because services and cron jobs have no session.
 */
export function doorDirectories(): readonly string[] {
  const { XDG_RUNTIME_DIR: session } = process.env
  const temporary = join(tmpdir(), `ringdown-${userId()}`)
  return session === undefined || session === '' ? [temporary] : [join(session, 'ringdown'), temporary]
}

/**
 * Makes the directory where it is missing, and sees to it that nobody else can look into it.
 * @throws RingdownError RINGDOWN_TRANSPORT when it belongs to somebody else, is none, or cannot be made
 */
export function prepareDoorDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unfit(directory, `cannot be made: ${(cause as Error).message}`, cause)
  }
  const problem = strangerIn(directory)
  if (problem !== undefined) throw unfit(directory, problem)
  if ((lstatSync(directory).mode & 0o777) !== 0o700) chmodSync(directory, 0o700)
}

/**
 * Why what is in a directory cannot be believed to be of this user; `undefined` when it can, or when it is not there.
 * In a directory that everybody may write to, somebody else may have been first to take the name.
 */
export function strangerIn(directory: string): string | undefined {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  if (!found.isDirectory()) return 'is no directory'
  return found.uid === userId() ? undefined : 'belongs to another user of this machine'
}

function userId(): number {
  const { getuid } = process
  if (getuid === undefined)
    throw new RingdownError('RINGDOWN_TRANSPORT', 'the control door needs Unix domain sockets, which this system lacks')
  return getuid.call(process)
}

function unfit(directory: string, problem: string, cause?: unknown): RingdownError {
  return new RingdownError(
    'RINGDOWN_TRANSPORT',
    `the directory of the control door, ${directory}, ${problem}: set control.directory to one of your own`,
    { cause },
  )
}
