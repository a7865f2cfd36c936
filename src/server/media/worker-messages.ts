import { MessagePort } from 'node:worker_threads'
import type { Instant } from '../../kit/index.ts'
import type { LegId, MediaCommand, MediaEvent, ReleasedLeg } from '../../media/index.ts'
import type { ThreadStanding } from '../../threads/thread-priority.ts'
import type { Lateness } from './lateness.ts'
import type { PortTable } from './port-range.ts'

/** Which network media workers use: `auto` is libc where it can be had and dgram elsewhere. */
export type MediaIoChoice = 'auto' | 'libc' | 'dgram'

/** Whether media workers ask to run ahead of everything else that the machine does. */
export type MediaPriority = 'realtime' | 'normal'

/** What a media worker is started with. */
export interface WorkerSettings {
  /** The number of the worker among those that share the ports, 1 or more. */
  readonly number: number
  readonly io: MediaIoChoice
  readonly priority: MediaPriority
  readonly ports: PortTable
  readonly maxLegs: number
  /** When the clock of all workers begins, see `processNow`. */
  readonly epoch: Instant
  /** The compiled module of Opus, where there is one. */
  readonly opus: object | undefined
  /** Shared memory: rung whenever a message was posted, see {@link Bell}. */
  readonly bell: Int32Array
}

/** A port that the main thread has bound for a leg. */
export interface BoundPort {
  readonly leg: LegId
  readonly port: number
  /** Of the socket. */
  readonly descriptor: number
}

/** To the worker: everything that one turn of the main thread wanted, at once. */
export type ToWorker =
  | {
      readonly type: 'commands'
      readonly commands: readonly MediaCommand[]
      /** The ports of legs that the commands open, where the main thread has bound them. */
      readonly bound: readonly BoundPort[]
    }
  | { readonly type: 'close' }

/** From the worker: what one turn brought about, and now and then how it fares. */
export type FromWorker =
  | { readonly type: 'ready'; readonly io: 'libc' | 'dgram'; readonly standing: ThreadStanding }
  | { readonly type: 'events'; readonly events: readonly MediaEvent[] }
  | { readonly type: 'report'; readonly report: WorkerReport }

/** How a media worker fares. */
export interface WorkerReport {
  /** Since it was started. `legs` is how many it has now. */
  readonly counters: Readonly<Record<string, number>>
  /** How late its sub-ticks began, since it was started. */
  readonly lateness: Lateness
  /** The share of the time since the report before this one in which it worked, 0 to 1. */
  readonly busy: number
  /** What its thread has got of the priority that it asked for. */
  readonly standing: ThreadStanding
  /** How often it gave real time back because it had more to do than it could. */
  readonly givenBack: number
}

/** What of a leg on its way from worker to worker is to be transferred. */
export function channelOf({ port: { channel } }: ReleasedLeg): MessagePort[] {
  return channel instanceof MessagePort ? [channel] : []
}
