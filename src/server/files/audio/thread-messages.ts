import type { MediaFileFacts, ReadOptions } from '../../../calls/index.ts'
import type { AudioClip, AudioStream } from '../../../media/index.ts'

/** To the file thread. `id` is answered with. */
export type ToFileThread =
  | {
      readonly type: 'load'
      readonly id: number
      readonly path: string
      readonly name: string
      readonly most: number
      readonly mostHz: 8000 | 16_000
    }
  | {
      readonly type: 'stream'
      readonly id: number
      readonly path: string
      readonly name: string
      readonly how: ReadOptions
    }
  | { readonly type: 'inspect'; readonly id: number; readonly path: string; readonly name: string }
  /** Nobody plays the stream that was asked for as `stream` any more. */
  | { readonly type: 'stop'; readonly id: number; readonly stream: number }

/** From the file thread: one for each. */
export type FromFileThread =
  | {
      readonly id: number
      readonly clip?: AudioClip
      readonly stream?: AudioStream
      readonly facts?: MediaFileFacts
    }
  | { readonly id: number; readonly error: string }
