import type { WantedDetection } from '../../calls/index.ts'
import type { FarEndEvent, FarEndSignal } from '../../media/index.ts'

/** What a detection thread is started with. */
export interface DetectionThreadData {
  /** Counted up when it begins and whenever it has heard a far end, for whoever watches whether it still runs. */
  readonly beats: Int32Array
  /** Where what is heard is kept as evidence. Default: it is not kept. */
  readonly evidence?: { readonly directory: string }
}

/** To a detection thread. */
export type ToDetectionThread =
  | { readonly type: 'open'; readonly id: number; readonly wanted: WantedDetection }
  | { readonly type: 'signal'; readonly id: number; readonly signal: FarEndSignal }
  | { readonly type: 'close'; readonly id: number }
  /** Nothing more will be asked: it writes what it has to, and ends. */
  | { readonly type: 'end' }

/** From a detection thread. */
export type FromDetectionThread =
  | { readonly type: 'event'; readonly id: number; readonly event: FarEndEvent }
  /** Nothing will come of this one any more. */
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  /** What was heard could not be kept. */
  | { readonly type: 'evidenceLost'; readonly reason: string }
