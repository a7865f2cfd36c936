import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `probe` gives a value other than undefined or false, asking every 20 ms.
 * @throws Error naming `what` when it does not happen in time
 */
export async function waitFor<Value>(
  what: string,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
  timeoutMs = 10_000,
): Promise<Value> {
  const limit = performance.now() + timeoutMs
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    if (performance.now() > limit) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await sleep(20)
  }
}

/** Settles as `promise` does, or rejects with an error naming `what` after `timeoutMs`. */
export async function within<Value>(what: string, promise: Promise<Value>, timeoutMs: number): Promise<Value> {
  const timeout = new AbortController()
  const limit = sleep(timeoutMs, undefined, { signal: timeout.signal }).then(
    () => {
      throw new Error(`${what}: not within ${timeoutMs} ms`)
    },
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([promise, limit])
  } finally {
    timeout.abort()
  }
}
