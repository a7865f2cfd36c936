import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** What the system does for the priority of the thread that asks: on Linux, where threads have one. */
export interface ThreadScheduler {
  /** The policy and its priority, pthread_setschedparam(3). @returns whether it is so now */
  readonly schedule: (policy: number, priority: number) => boolean
  /** For how long the thread has had a processor, ms; 0 where policies are refused. */
  readonly cpuMs: () => number
  /** The nice value, -20 to 19. */
  readonly nice: () => number
  /** @returns whether it is so now */
  readonly setNice: (nice: number) => boolean
}

/**
 * What a thread with media got when it asked to run ahead of others: `realtime`, whenever it has something to do;
 * `raised`, a larger share than others; `normal`, nothing.
 */
export type ThreadStanding = 'realtime' | 'raised' | 'normal'

/** Scheduling of the calling thread. On other systems than Linux, and where koffi is missing, policies are refused; no call throws. */
export async function threadScheduler(): Promise<ThreadScheduler> {
  const thread = threadNumber()
  if (thread === undefined) return { ...NO_POLICIES, nice: () => 0, setNice: () => false }
  return {
    ...(await policies()),
    nice: () => getPriority(thread),
    setNice: (nice) => setNice(thread, nice),
  }
}

/**
 * Lets a thread run ahead of all that are not in real time: SCHED_RR, at the lowest of its priorities (sched(7)). Where that is
 * not permitted (CAP_SYS_NICE, RLIMIT_RTPRIO) it is to have a larger share than others (RLIMIT_NICE). What it starts is as
 * everything else.
 */
export function runAhead({ schedule, nice, setNice }: ThreadScheduler): ThreadStanding {
  if (schedule(SCHED_RR | SCHED_RESET_ON_FORK, LEAST_REALTIME_PRIORITY)) return 'realtime'
  return nice() <= RAISED_NICE || setNice(RAISED_NICE) ? 'raised' : 'normal'
}

/** Takes back what {@link runAhead} has brought: `realtime` becomes a share like everybody's. */
export function runAmongOthers({ schedule }: ThreadScheduler): void {
  schedule(SCHED_OTHER | SCHED_RESET_ON_FORK, 0)
}

/**
 * Lets this thread give way to those who have media to carry: on Linux, where threads have priorities.
 * @param nice 1 to 19; the more, the more it gives way
 */
export function giveWay(nice: number): void {
  const thread = threadNumber()
  if (thread !== undefined) setNice(thread, nice)
}

/**
 * Lets this thread have only what nobody else wants of the processors, which it gives back at once: a nice thread is
 * still let finish its slice of some milliseconds. On Linux (sched(7), SCHED_IDLE); where its C library cannot be called the
 * thread is as nice as it can be.
 */
export async function workWhenIdle(): Promise<void> {
  giveWay(19)
  const { schedule } = await threadScheduler()
  schedule(SCHED_IDLE, 0)
}

/** Unless it is the main thread, whose number is that of the process. */
function threadNumber(): number | undefined {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    return thread === process.pid ? undefined : thread
  } catch {
    return undefined
  }
}

function setNice(thread: number, nice: number): boolean {
  try {
    setPriority(thread, nice)
    return true
  } catch {
    return false
  }
}

type Policies = Pick<ThreadScheduler, 'schedule' | 'cpuMs'>

const NO_POLICIES: Policies = { schedule: () => false, cpuMs: () => 0 }

/** `sched_setscheduler` would do with glibc; musl has it refuse everything. */
async function policies(): Promise<Policies> {
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const self = libc.func('pthread_self', 'uintptr_t', [])()
    const set = libc.func('pthread_setschedparam', 'int', ['uintptr_t', 'int', 'void *'])
    const readClock = libc.func('clock_gettime', 'int', ['int', 'void *'])
    const time = new BigInt64Array(2)
    return {
      schedule: (policy, priority) => set(self, policy, new Int32Array([priority])) === 0,
      cpuMs: () => {
        readClock(CLOCK_THREAD_CPUTIME_ID, time)
        return Number(time[0]) * 1e3 + Number(time[1]) / 1e6
      },
    }
  } catch {
    return NO_POLICIES
  }
}

const SCHED_OTHER = 0
const SCHED_RR = 2
const SCHED_IDLE = 5
const SCHED_RESET_ON_FORK = 0x4000_0000
const CLOCK_THREAD_CPUTIME_ID = 3

/** 1 to 99: above everything that is not in real time, below whatever else is. */
const LEAST_REALTIME_PRIORITY = 1
const RAISED_NICE = -10
