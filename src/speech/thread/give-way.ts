import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lets this thread give way to those who have media to carry: on Linux, where threads have priorities.
 * @param nice 1 to 19; the more, the more it gives way
 */
export function giveWay(nice: number): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (thread !== process.pid) setPriority(thread, nice)
  } catch {
    // Elsewhere they are all alike.
  }
}
