import type { RecogniseAs, RecognisedWords, RecognitionSession, SpeechRecogniser } from '../../calls/index.ts'
import { SpeechError } from '../../kit/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import { type Truth, type Utterance, wordsHeard } from '../truth/truth.ts'

/** How one utterance is answered, instead of with what was said. */
export interface ScriptedAnswer {
  /** Default: what was really said. */
  readonly text?: string
  /** Default: that of the recogniser. */
  readonly confidence?: number
  /** How long after the utterance. Default: that of the recogniser. */
  readonly delayMs?: number
  /** `refuses`: it fails when it is asked for the words. `dies`: while somebody speaks. `hangs`: it never answers. */
  readonly trouble?: 'refuses' | 'dies' | 'hangs'
}

/** What {@link ScriptedRecogniser} is made with. */
export interface ScriptedRecogniserOptions {
  /** How sure it is, 0..1. Default 0.95. */
  readonly confidence?: number
  /** How long it takes after an utterance. Default 200. */
  readonly delayMs?: number
}

/**
 * Recognises speech in tests: it knows what phones say, because in a simulation the words travel beside the sound. What was
 * said before anybody listened, or was lost, it has not heard. Answers can be scripted, trouble too.
 */
export class ScriptedRecogniser implements SpeechRecogniser {
  /** How each utterance was asked for, in order. */
  readonly asked: RecogniseAs[] = []
  /** How many were given up before they were answered. */
  abandoned = 0
  readonly #options: Required<ScriptedRecogniserOptions>
  readonly #script: ScriptedAnswer[] = []
  /** How far each piece of speech was recognised. */
  readonly #reachedMs = new WeakMap<Utterance, number>()
  #truthOf: (samples: Int16Array) => Truth | undefined = () => undefined
  #clock: VirtualClock | undefined

  constructor(options: ScriptedRecogniserOptions = {}) {
    this.#options = { confidence: 0.95, delayMs: 200, ...options }
  }

  /** Scripts how the next utterances are answered, one after the other; those after them as they were said. */
  answer(...answers: readonly ScriptedAnswer[]): void {
    this.#script.push(...answers)
  }

  /** @internal What the exchange that it serves knows of the sound. */
  hearWith(truthOf: (samples: Int16Array) => Truth | undefined, clock: VirtualClock): void {
    this.#truthOf = truthOf
    this.#clock = clock
  }

  open(options: RecogniseAs): RecognitionSession {
    this.asked.push(options)
    const answer = this.#script.shift() ?? {}
    const heard = new Map<Utterance, { fromMs: number; toMs: number }>()
    let isOver = false
    return {
      write: (samples) => {
        if (answer.trouble === 'dies') throw new SpeechError('the recogniser has died')
        const truth = this.#truthOf(samples)
        if (truth === undefined) return
        const { utterance, positionMs } = truth
        const piece = heard.get(utterance) ?? { fromMs: this.#reachedMs.get(utterance) ?? 0, toMs: 0 }
        // A block of sound ends up to so much after the packet that stands for it.
        piece.toMs = Math.max(piece.toMs, positionMs + BLOCK_MS)
        heard.set(utterance, piece)
      },
      finish: async () => {
        for (const [utterance, { toMs }] of heard) this.#reachedMs.set(utterance, toMs)
        if (answer.trouble === 'hangs') return new Promise(() => {})
        await this.#clock?.sleep(answer.delayMs ?? this.#options.delayMs)
        isOver = true
        if (answer.trouble === 'refuses') throw new SpeechError('the recogniser has refused the utterance')
        return wordsOf(answer.text ?? saidIn(heard), answer.confidence ?? this.#options.confidence)
      },
      abort: () => {
        if (!isOver) this.abandoned++
        isOver = true
      },
    }
  }
}

const BLOCK_MS = 100

function saidIn(heard: ReadonlyMap<Utterance, { fromMs: number; toMs: number }>): string {
  return [...heard]
    .map(([utterance, { fromMs, toMs }]) => {
      const before = fromMs === 0 ? '' : wordsHeard(utterance, fromMs)
      return wordsHeard(utterance, toMs).slice(before.length).trim()
    })
    .filter((words) => words !== '')
    .join(' ')
}

function wordsOf(text: string, confidence: number): RecognisedWords {
  const words = text.split(/\s+/).filter((word) => word !== '')
  return { text, confidence, words: words.map((word) => ({ text: word, confidence })) }
}
