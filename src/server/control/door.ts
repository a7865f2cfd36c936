import { randomBytes } from 'node:crypto'
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Logger, RingdownError } from '../../kit/index.ts'
import { prepareDoorDirectory } from './door-place.ts'
import { isDoorDead } from './knock.ts'

/** What was asked at a door: `GET /calls/abc?most=5` is `['abc']` with `most` 5. */
export interface DoorRequest {
  /** The parts of the path after the first, unescaped. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

/**
 * What a door answers, by the method and the first part of the path: `GET calls`. What is returned goes back as JSON;
 * `undefined` means that there is no such thing.
 */
export type DoorAnswers = Readonly<Record<string, (request: DoorRequest) => unknown>>

export interface DoorOptions {
  /** Where its socket is made. Everybody but this user is kept out of the directory. */
  readonly directory: string
  readonly answers: DoorAnswers
  readonly logger: Logger
}

/**
 * The control door of a running exchange: HTTP over a Unix domain socket that only the same user of the machine can reach,
 * as the directory around it keeps everybody else out. No network port.
 *
 *     curl --unix-socket /run/user/1000/ringdown/4711-9f3a.sock http://door/calls
 */
export class ControlDoor {
  /** Of its socket. */
  readonly path: string
  readonly #server: Server

  private constructor(path: string, server: Server) {
    this.path = path
    this.#server = server
  }

  /**
   * Opens a door, and clears away the sockets of exchanges that have died.
   * @throws RingdownError RINGDOWN_TRANSPORT when that cannot be done
   */
  static async open({ directory, answers, logger }: DoorOptions): Promise<ControlDoor> {
    prepareDoorDirectory(directory)
    await clearAway(directory)
    const path = join(directory, `${process.pid}-${randomBytes(2).toString('hex')}.sock`)
    if (Buffer.byteLength(path) > LONGEST_PATH)
      throw new RingdownError(
        'RINGDOWN_TRANSPORT',
        `the path of the control door, ${path}, is longer than the ${LONGEST_PATH} bytes that a socket may have: set control.directory to a shorter one`,
      )
    const server = createServer((request, response) => void answer(request, response, answers, logger))
    server.maxConnections = MOST_CONNECTIONS
    server.headersTimeout = server.requestTimeout = PATIENCE_MS
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new RingdownError('RINGDOWN_TRANSPORT', `the control door ${path} cannot be opened: ${cause.message}`, {
            cause,
          }),
        ),
      )
      server.listen(path, resolve)
    })
    server.removeAllListeners('error')
    server.on('error', (err) => logger.warn({ err }, 'the control door has failed'))
    chmodSync(path, 0o600)
    return new ControlDoor(path, server)
  }

  /** Closes it at once; its socket goes with it. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** Of the address of a Unix domain socket, less its last zero: the least that the systems have (macOS). */
const LONGEST_PATH = 103
const MOST_CONNECTIONS = 16
const PATIENCE_MS = 5_000
/** A socket that is younger may belong to an exchange that is about to listen. */
const STALE_AFTER_MS = 10_000

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answers: DoorAnswers,
  logger: Logger,
): Promise<void> {
  const reply = (status: number, value: unknown) => {
    response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' })
    response.end(`${JSON.stringify(value)}\n`)
  }
  try {
    request.resume()
    const url = new URL(request.url ?? '/', 'http://door')
    const [first = '', ...path] = url.pathname.slice(1).split('/').map(decodeURIComponent)
    const asked = `${request.method} ${first}`
    const value = Object.hasOwn(answers, asked) ? await answers[asked]?.({ path, query: url.searchParams }) : undefined
    if (value === undefined) reply(404, { error: `there is no ${url.pathname} here` })
    else reply(200, value)
  } catch (err) {
    logger.warn({ err }, 'the control door could not answer')
    reply(500, { error: (err as Error).message })
  }
}

async function clearAway(directory: string): Promise<void> {
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.sock'))) {
    const path = join(directory, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > STALE_AFTER_MS && (await isDoorDead(path))) rmSync(path, { force: true })
  }
}
