import type { MediaCommand, MediaEvent } from '../../media/index.ts'
import type { PortRangeOptions } from './port-range.ts'

/** What a media worker is started with. */
export interface WorkerSettings {
  readonly ports: PortRangeOptions
  readonly maxLegs: number
}

/** To the worker: everything that one turn of the main thread wanted, at once. */
export type ToWorker =
  | { readonly type: 'commands'; readonly commands: readonly MediaCommand[] }
  | { readonly type: 'close' }

/** From the worker: what one command or tick brought about, and what was counted up to then. */
export type FromWorker =
  | { readonly type: 'ready' }
  | {
      readonly type: 'events'
      readonly events: readonly MediaEvent[]
      /** When a leg came or went. */
      readonly counters?: Readonly<Record<string, number>>
    }
  | { readonly type: 'counters'; readonly counters: Readonly<Record<string, number>> }
