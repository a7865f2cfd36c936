import { readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { RingdownError, UsageError } from '../../kit/index.ts'
import { doorDirectories, strangerIn } from './door-place.ts'

/** What an exchange says of itself at its door. */
export interface DoorAbout {
  readonly pid: number
  /** Its configuration file. */
  readonly config: string
  /** Where it listens: `udp 127.0.0.1 port 5060`. */
  readonly sockets: readonly string[]
}

/** The door of an exchange that runs. */
export interface FoundDoor {
  readonly path: string
  readonly about: DoorAbout
}

/** How an exchange is meant when several run. */
export interface WantedDoor {
  /** The socket itself, or the directory of it. */
  readonly door?: string
  /** The configuration file that it serves. */
  readonly config?: string
}

/**
 * Asks at a door.
 * @returns the answer; `undefined` when there is no such thing there
 * @throws RingdownError RINGDOWN_TRANSPORT when nobody answers
 */
export function knock(path: string, what: string): Promise<unknown> {
  const failed = (problem: string, cause?: unknown, what = 'nobody answers at') =>
    new RingdownError('RINGDOWN_TRANSPORT', `${what} the control door ${path}: ${problem}`, { cause })
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: path, path: what, timeout: PATIENCE_MS }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', (cause) => reject(failed(cause.message, cause)))
      response.on('end', () => {
        try {
          const value: unknown = JSON.parse(Buffer.concat(parts).toString())
          if (response.statusCode === 200) resolve(value)
          else if (response.statusCode === 404) resolve(undefined)
          else
            reject(
              failed(
                String((value as { error?: unknown }).error),
                undefined,
                'what was asked could not be answered at',
              ),
            )
        } catch (cause) {
          reject(failed('what it says is no JSON', cause))
        }
      })
    })
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)))
    asking.on('error', (cause) => reject(failed(cause.message, cause)))
    asking.end()
  })
}

const PATIENCE_MS = 10_000

/** Whether the process that has made a socket is gone: nobody listens on it. */
export async function isDoorDead(path: string): Promise<boolean> {
  try {
    await knock(path, '/')
    return false
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    return cause?.code === 'ECONNREFUSED' || cause?.code === 'ENOENT'
  }
}

/**
 * The door that is meant: the one that is named, or the only one, or among several that of the configuration which is
 * named or stands in the working directory.
 * @throws RingdownError RINGDOWN_TRANSPORT when no exchange of this user runs on this machine
 * @throws UsageError when several do and it is not said which is meant
 */
export async function findDoor(wanted: WantedDoor, configsHere: readonly string[]): Promise<FoundDoor> {
  const named = wanted.door === undefined ? undefined : resolve(wanted.door)
  const isSocket = named !== undefined && statSync(named, { throwIfNoEntry: false })?.isDirectory() !== true
  if (isSocket) return { path: named, about: (await knock(named, '/')) as DoorAbout }
  const directories = named === undefined ? doorDirectories() : [named]
  const found = (await Promise.all(directories.map(doorsIn))).flat()
  if (wanted.config !== undefined) {
    const file = resolve(wanted.config)
    const of = found.filter(({ about }) => about.config === file)
    if (of.length === 0) throw nothingRuns(`serves ${file}`, directories, found)
    return only(of)
  }
  if (found.length === 0) throw nothingRuns('runs here', directories, found)
  const here = found.filter(({ about }) => configsHere.includes(about.config))
  return only(here.length > 0 ? here : found)
}

async function doorsIn(directory: string): Promise<FoundDoor[]> {
  const names = strangerIn(directory) === undefined ? namesIn(directory) : []
  const paths = names.filter((name) => name.endsWith('.sock')).map((name) => join(directory, name))
  const doors = paths.map(async (path) => {
    const about = (await knock(path, '/').catch(() => undefined)) as DoorAbout | undefined
    return about === undefined ? [] : [{ path, about }]
  })
  // By what they serve: the names of doors are of no meaning.
  return (await Promise.all(doors)).flat().sort((a, b) => (a.about.config < b.about.config ? -1 : 1))
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function only(doors: readonly FoundDoor[]): FoundDoor {
  const [door, ...others] = doors
  if (door !== undefined && others.length === 0) return door
  throw new UsageError(`several exchanges run here; name one with --config or --door:\n${list(doors)}`)
}

function nothingRuns(what: string, directories: readonly string[], found: readonly FoundDoor[]): RingdownError {
  const strangers = directories.flatMap((directory) => {
    const problem = strangerIn(directory)
    return problem === undefined ? [] : [`; ${directory} ${problem}`]
  })
  const others = found.length === 0 ? '' : `; there are:\n${list(found)}`
  return new RingdownError(
    'RINGDOWN_TRANSPORT',
    `no exchange of yours ${what}: start one with "ringdown serve", or name its socket with --door (looked in ${directories.join(' and ')})${strangers.join('')}${others}`,
  )
}

function list(doors: readonly FoundDoor[]): string {
  return doors
    .map(({ path, about }) => `  --door ${path}   process ${about.pid}, ${about.config}, ${about.sockets.join(', ')}`)
    .join('\n')
}
