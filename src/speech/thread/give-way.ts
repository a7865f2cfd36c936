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

/**
 * Lets this thread have only what nobody else wants of the processors, which it gives back at once: a nice thread is
 * still let finish its slice of some milliseconds. On Linux (sched(7), SCHED_IDLE); where its C library cannot be called the
 * thread is as nice as it can be.
 */
export async function workWhenIdle(): Promise<void> {
  giveWay(19)
  if (process.platform !== 'linux') return
  try {
    const { default: koffi } = await import('koffi')
    const setScheduler = koffi.load(null).func('sched_setscheduler', 'int', ['int', 'int', 'void *'])
    setScheduler(THIS_THREAD, SCHED_IDLE, new Int32Array([0]))
  } catch {
    // Nice it is, anyway.
  }
}

const THIS_THREAD = 0
const SCHED_IDLE = 5
