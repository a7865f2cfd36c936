import type { FarEndClass, Split, Stratum } from '../strata.ts'
import type { Channel } from './channel.ts'

/** A stretch of time in a call, in ms since its first packet was due. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** What is true of a rendered call. All times are media time: ms since the first packet of the call was due. */
export interface Truth {
  readonly id: string
  readonly stratum: Stratum
  readonly class: FarEndClass
  /** What it is in detail: `ced`, `busy`, `ringback-person`, `beep-two-note`, ... */
  readonly subclass: string
  readonly split: Split
  /** The source of the voice, or of the signal, that decides the class. */
  readonly source: string
  /** What was said as words, as far as known, else as many as the length lets expect; the first six seconds' worth matter. */
  readonly words: number
  readonly wordsAreKnown: boolean
  /** When 200 OK came; before it there is early media, or nothing. */
  readonly answeredAtMs: number
  /** When a person or a machine really took the call: later than `answeredAtMs` when it still rang then. */
  readonly pickedUpAtMs: number
  readonly speech: readonly (Span & { readonly by: 'person' | 'machine' | 'network' })[]
  readonly tones: readonly (Span & { readonly name: string })[]
  /** The end of the last word of a machine's greeting. */
  readonly greetingEndMs?: number
  readonly beep?: Span & { readonly levelDbm0: number }
  /** When a person takes a call that an assistant has screened. */
  readonly joinedAtMs?: number
  readonly endMs: number
  readonly channel: Channel
}

/**
 * From what moment on the far end can be known: a person by the end of the first utterance, everything else by its
 * beginning.
 */
export function truthEventMs(truth: Truth): number | undefined {
  const spoken = truth.speech.filter(({ startMs }) => startMs >= truth.pickedUpAtMs)
  if (truth.class === 'person') return endOfUtterance(spoken)
  if (truth.class === 'machine' || truth.class === 'screening') return spoken[0]?.startMs
  const firsts = [...truth.tones, ...truth.speech].filter(({ startMs }) => startMs >= truth.answeredAtMs)
  return firsts.length === 0 ? undefined : Math.min(...firsts.map(({ startMs }) => startMs))
}

/** When the far end is heard for the first time: who names it before has guessed. */
export function firstHeardMs(truth: Truth): number {
  const heard = [...truth.speech, ...truth.tones].map(({ startMs }) => startMs).filter((ms) => ms >= truth.pickedUpAtMs)
  return Math.min(truth.endMs, ...heard)
}

/** People take breath within a sentence; after a longer pause they have listened. */
const PAUSE_WITHIN_UTTERANCE_MS = 700

function endOfUtterance(speech: readonly Span[]): number | undefined {
  let endMs = speech[0]?.endMs
  for (const span of speech.slice(1)) {
    if (span.startMs - endMs! > PAUSE_WITHIN_UTTERANCE_MS) break
    endMs = span.endMs
  }
  return endMs
}

/** Noise of at most -42 dBm0 and at most 1 % of packets lost; anything else is `hard`. */
export function isNormal({ channel }: Truth): boolean {
  return channel.noiseDbm0 <= -42 && channel.lossPercent <= 1
}
