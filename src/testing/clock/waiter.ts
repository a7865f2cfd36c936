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
    const lines = (this.#site.stack ?? '').split('\n').slice(1)
    return lines.filter((line) => !OWN_CODE.test(line))
  }
}

/** Frames of this room (but not of its tests) and of Node say nothing about the test that waits. */
const OWN_CODE = /[\\/]testing[\\/](?!.*\.test\.)|node:internal/

function withResolvers<Value>() {
  let resolve!: (value: Value) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
