// A thread of its own that sleeps for a millisecond at a time, ahead of everything else: when it wakes late, it was the machine
// that stood still, and nothing that ran on it. Started by under-load.ts.
import { workerData } from 'node:worker_threads'
import { loadLinuxSockets } from '../dist/server/media/linux-sockets.js'
import { threadScheduler } from '../dist/threads/thread-priority.js'

const SCHED_RR = 2
/** Media workers have 1. */
const PRIORITY = 2
const STEP_MS = 1
const STALL_MS = 5

/** Whether to end, how many stalls there were, and the longest of them in µs. */
const shared = workerData
const { schedule } = await threadScheduler()
const { usleep } = await loadLinuxSockets()
if (schedule(SCHED_RR, PRIORITY)) {
  for (let slept = performance.now(); Atomics.load(shared, 0) === 0; ) {
    usleep(STEP_MS * 1000)
    const now = performance.now()
    const lateMs = now - slept - STEP_MS
    slept = now
    if (lateMs < STALL_MS) continue
    shared[1]++
    shared[2] = Math.max(shared[2], Math.round(lateMs * 1000))
  }
} else shared[1] = -1
