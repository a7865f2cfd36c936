import { fileURLToPath } from 'node:url'
import type { Instant } from '../../kit/index.ts'

/** A promise of the simulation with a name, so that a run that gets stuck can say who waits for what, and where. */
export class Waiter<Value> {
  readonly name: string
  readonly since: Instant
  readonly promise: Promise<Value>
  readonly #site = new Error()
  readonly #onSettled: () => void
  readonly #resolve: (value: Value) => void
  readonly #reject: (error: unknown) => void

  constructor(name: string, since: Instant, onSettled: () => void) {
    this.name = name
    this.since = since
    this.#onSettled = onSettled
    const { promise, resolve, reject } = withResolvers<Value>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  resolve(value: Value): void {
    this.#resolve(value)
    this.#onSettled()
  }

  reject(error: unknown): void {
    this.#reject(error)
    this.#onSettled()
  }

  /** The lines of the stack at which the waiting began, outermost simulation code left out. */
  get stack(): readonly string[] {
    return foreignLines(this.#site)
  }
}

/** Frames of Ringdown (but not of its tests) and of Node say nothing about the test or the application that waits. */
function isOwnCode(line: string): boolean {
  if (/node:|\(native\)|<anonymous>\)?$/.test(line)) return true
  return OWN_DIRECTORIES.some((own) => line.includes(own)) && !/\.(test|node-test)\./.test(line)
}

/** Where the code runs, and where a runner that reads source maps says that it was written. */
const OWN_DIRECTORIES = ['../../../dist/', '../../../src/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** The lines of a stack that are not of this room or of Node. */
export function foreignLines(error: Error): readonly string[] {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return lines.filter((line) => !isOwnCode(line))
}

/** Where application or test code was when `error` was made: `path:line:column`, or a word that says that it is unknown. */
export function siteOf(error: Error): string {
  const line = foreignLines(error)[0]
  return line === undefined
    ? 'at an unknown place'
    : (/\(([^()]+)\)\s*$/.exec(line)?.[1] ?? line.trim().replace(/^at (async )?/, ''))
}

function withResolvers<Value>() {
  let resolve!: (value: Value) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
