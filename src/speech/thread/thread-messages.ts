import type { SpokenSentence } from '../speech-engine.ts'

/** To the speech thread. */
export type ToSpeechThread =
  | { readonly type: 'speak'; readonly id: number; readonly sentence: SpokenSentence }
  /** Nobody waits for the sentence any more. */
  | { readonly type: 'stop'; readonly id: number }
  /** Nothing more will be asked; answered with {@link Closed}. */
  | { readonly type: 'close' }

/** From the speech thread: samples at the rate that was wanted, any number of times, then the end of the sentence. */
export type FromSpeechThread =
  | { readonly type: 'samples'; readonly id: number; readonly samples: Int16Array }
  | { readonly type: 'end'; readonly id: number; readonly error?: string }
  | Closed

export interface Closed {
  readonly type: 'closed'
}
