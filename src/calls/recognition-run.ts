import { SpeechError } from '../kit/index.ts'
import type { CallHost } from './host.ts'
import type { JobEnd } from './media-job.ts'
import type { RecogniseAs, RecognisedWords, RecognitionSession, SpeechRecogniser } from './speech-recogniser.ts'

/** What cuts short the waiting for a recogniser. */
export type Interruption = Extract<JobEnd, 'ABORTED' | 'HANGUP'>

/**
 * One utterance that is being recognised. The recogniser is not asked for anything before somebody speaks, and not waited
 * for longer than it may take: whatever it does, the run ends.
 */
export class RecognitionRun {
  /** What was understood; `undefined` while nothing was. */
  words: RecognisedWords | undefined
  readonly #host: CallHost
  readonly #recogniser: SpeechRecogniser
  readonly #options: RecogniseAs
  readonly #answerTimeoutMs: number
  #session: RecognitionSession | undefined
  #trouble: unknown

  constructor(host: CallHost, recogniser: SpeechRecogniser, options: RecogniseAs, answerTimeoutMs: number) {
    this.#host = host
    this.#recogniser = recogniser
    this.#options = options
    this.#answerTimeoutMs = answerTimeoutMs
  }

  /** Takes what was said. False when nothing can come of it any more. */
  take(samples: Int16Array): boolean {
    if (this.#trouble !== undefined) return false
    try {
      this.#session ??= this.#recogniser.open(this.#options)
      this.#session.write(samples)
      return true
    } catch (error) {
      this.#trouble = error
      return false
    }
  }

  /**
   * The sound is over: waits for the words, where there was speech and somebody still wants them.
   * @returns how the run ends
   * @throws SpeechError when the recogniser has failed, or has not answered in time
   */
  async conclude(end: JobEnd, interrupted: Promise<Interruption>): Promise<JobEnd> {
    const session = this.#session
    if (this.#trouble !== undefined) {
      this.#abort()
      throw asSpeechError(this.#trouble)
    }
    if (session === undefined) return end
    if (end !== 'NORMAL' && end !== 'TIMEOUT') {
      this.#abort()
      return end
    }
    const outcome = await this.#answerOf(session, interrupted)
    if (typeof outcome === 'string') {
      this.#abort()
      return outcome
    }
    this.words = outcome
    return end
  }

  async #answerOf(
    session: RecognitionSession,
    interrupted: Promise<Interruption>,
  ): Promise<RecognisedWords | Interruption> {
    let overdue: (error: Error) => void = () => {}
    const late = new Promise<never>((_, reject) => {
      overdue = reject
    })
    const timer = this.#host.timer(() =>
      overdue(new SpeechError(`the recogniser has not answered within ${this.#answerTimeoutMs} ms`)),
    )
    timer.setIn(this.#answerTimeoutMs)
    try {
      return await Promise.race([session.finish(), interrupted, late])
    } catch (error) {
      this.#abort()
      throw asSpeechError(error)
    } finally {
      timer.clear()
    }
  }

  #abort(): void {
    try {
      this.#session?.abort()
    } catch (error) {
      this.#host.logger.warn({ err: error }, 'a speech recogniser threw when it was told that nobody waits for it')
    }
  }
}

function asSpeechError(error: unknown): Error {
  if (error instanceof SpeechError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new SpeechError(`the recogniser has failed: ${reason}`, { cause: error })
}
