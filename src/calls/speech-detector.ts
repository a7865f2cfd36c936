import { UsageError } from '../kit/index.ts'
import type { ListenFor } from '../media/index.ts'
import type { ChannelCore } from './channel-core.ts'
import type { SpeechDetectorCause } from './enums.ts'
import { ExpectedPhrases, type Grammar } from './expected-phrases.ts'
import type { Leg } from './leg.ts'
import { MediaJob } from './media-job.ts'
import { RecognitionRun } from './recognition-run.ts'
import type { RecognisedWords } from './speech-recogniser.ts'

/** What {@link SpeechDetector.waitForSpeech} waits for. */
export interface WaitForSpeechOptions {
  /** Default: no limit. */
  timeoutMs?: number
  /** Shorter speech is none, up to 10,000. Default 0: some 80 ms, less cannot be told. */
  minSpeechMs?: number
}

/** What {@link SpeechDetector.waitForSilence} waits for. */
export interface WaitForSilenceOptions {
  /** For how long nobody has to speak, 100 to 60,000. Default 1000. */
  silenceMs?: number
  /** Default: no limit. */
  timeoutMs?: number
}

/** How {@link SpeechDetector.recognise} listens. */
export interface RecogniseOptions {
  /** What is expected: recognisers that can make use of it do, and `phrase` says which of them was said. */
  phrases?: readonly string[]
  /** What is expected, by what it means: `meaning` says which was meant. */
  grammar?: Grammar
  /** What is spoken, by its tag of BCP 47 such as `en-GB`. Default: the one of the configuration. */
  language?: string
  /** Ends with TIMEOUT when nobody has begun to speak for so long; it does not pass while we play. Default 5000. */
  initialSilenceMs?: number
  /** The utterance is over when nobody has spoken for so long, 100 to 60,000. Default 800. */
  endSilenceMs?: number
  /** Ends with TIMEOUT after so long; what was said until then is recognised all the same. Default 30,000. */
  timeoutMs?: number
  /** How long the recogniser may take after the utterance; then the cause is ERROR. Default 10,000. */
  answerTimeoutMs?: number
  /** A new digit ends it with BARGEIN, and nothing is recognised. Default false. */
  bargeIn?: boolean
  /** What is said is a secret: the record of the call does not keep it. Default false. */
  private?: boolean
}

/** What was said. */
export interface Recognition extends RecognisedWords {
  readonly words: NonNullable<RecognisedWords['words']>
  /** The phrase of `phrases` or `grammar` that was said. */
  readonly phrase?: string
  /** The meaning that the grammar gives it. */
  readonly meaning?: string
}

/**
 * Listens to what the far end says: whether somebody speaks, which needs nothing else, and what, which needs a recogniser.
 * What is speech is told by a detector of our own, to which silence, noise, tones, keys and most music are none.
 */
export class SpeechDetector extends MediaJob<SpeechDetectorCause> {
  #result: Recognition = NOTHING

  constructor(core: ChannelCore) {
    super(core, 'speechDetector', 'receiver')
  }

  /**
   * Resolves when somebody speaks.
   * @returns true then; false when the time is over, the call has ended or it was stopped: `cause()` tells
   * @throws UsageError for wrong options; Hangup, UsageError as every media function
   */
  waitForSpeech(options: WaitForSpeechOptions = {}): Promise<boolean> {
    const { timeoutMs, minSpeechMs = 0 } = options
    check('waitForSpeech', { timeoutMs })
    checkRange('waitForSpeech: minSpeechMs', minSpeechMs, 0, 10_000)
    return this.#waitFor('waitForSpeech', { until: 'speech', minSpeechMs }, timeoutMs)
  }

  /**
   * Resolves when nobody has spoken for a while, which begins now at the earliest.
   * @returns true then; false when the time is over, the call has ended or it was stopped: `cause()` tells
   * @throws UsageError for wrong options; Hangup, UsageError as every media function
   */
  waitForSilence(options: WaitForSilenceOptions = {}): Promise<boolean> {
    const { silenceMs = 1000, timeoutMs } = options
    check('waitForSilence', { timeoutMs })
    checkRange('waitForSilence: silenceMs', silenceMs, 100, 60_000)
    return this.#waitFor('waitForSilence', { until: 'silence', silenceMs }, timeoutMs)
  }

  /**
   * Waits until somebody speaks and has ended, and resolves with what was said. Nothing in it when nothing was understood or
   * nobody spoke; `cause()` tells: NORMAL when somebody spoke, TIMEOUT, BARGEIN, HANGUP, ABORTED, or ERROR with `error()`.
   * @throws UsageError for wrong options and where the exchange has no recogniser; Hangup, UsageError as every media function
   */
  async recognise(options: RecogniseOptions = {}): Promise<Recognition> {
    this.startRecognise(options)
    await this.waitUntilFinished()
    return this.#result
  }

  /** The same, returning as soon as it was accepted; {@link result} tells what was said. */
  startRecognise(options: RecogniseOptions = {}): void {
    const { initialSilenceMs = 5000, endSilenceMs = 800, timeoutMs = 30_000, answerTimeoutMs = 10_000 } = options
    const { language, bargeIn = false } = options
    check('recognise', { initialSilenceMs, timeoutMs, answerTimeoutMs })
    checkRange('recognise: endSilenceMs', endSilenceMs, 100, 60_000)
    if (language !== undefined && !/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language))
      throw new UsageError(`recognise: language must be a tag such as en or en-GB, not ${JSON.stringify(language)}`)
    const expected = new ExpectedPhrases(options.phrases, options.grammar)
    const { host } = this.core
    if (host.recogniser === undefined)
      throw new UsageError(
        'this exchange has no speech recogniser: configure one (speech.recognition); waitForSpeech and waitForSilence need none',
      )
    const leg = this.core.requireConnected('speechDetector.recognise')
    const { sampleRateHz } = leg.media
    const run = new RecognitionRun(
      host,
      host.recogniser,
      {
        sampleRateHz,
        ...(language !== undefined && { language }),
        ...(expected.phrases.length > 0 && { phrases: expected.phrases }),
      },
      answerTimeoutMs,
    )
    this.launch(leg, {
      bargeIn,
      what: 'recognise',
      prepare: () => ({
        type: 'listen',
        for: {
          until: 'utterance',
          silenceMs: endSilenceMs,
          initialSilenceMs,
          timeoutMs,
          bargeIn,
          sound: { sampleRateHz },
        },
      }),
      onRecorded: (samples) => run.take(samples),
      conclude: async (end, interrupted) => {
        const last = await run.conclude(end, interrupted)
        this.#result = understood(run.words, expected)
        if (run.words !== undefined) this.#note(leg, this.#result, options.private === true)
        return last
      },
    })
    this.#result = NOTHING
  }

  /** What the last `recognise` has understood. */
  result(): Recognition {
    return this.#result
  }

  async #waitFor(what: string, wanted: Omit<ListenFor, 'bargeIn'>, timeoutMs: number | undefined): Promise<boolean> {
    const leg = this.core.requireConnected(`speechDetector.${what}`)
    this.launch(leg, {
      bargeIn: false,
      what,
      prepare: () => ({
        type: 'listen',
        for: { ...wanted, bargeIn: false, ...(timeoutMs !== undefined && { timeoutMs }) },
      }),
    })
    return (await this.waitUntilFinished()) === 'NORMAL'
  }

  #note(leg: Leg, { text, confidence }: Recognition, isPrivate: boolean): void {
    leg.record?.add(this.core.host.now, {
      type: 'recognised',
      text: isPrivate ? undefined : text.replace(/\p{Cc}/gu, ' ').slice(0, MOST_NOTED),
      ...(confidence !== undefined && { confidence }),
    })
  }
}

const NOTHING: Recognition = { text: '', words: [] }
const MOST_NOTED = 500

function understood(words: RecognisedWords | undefined, expected: ExpectedPhrases): Recognition {
  if (words === undefined) return NOTHING
  const text = words.text.trim()
  return { ...words, text, words: words.words ?? [], ...expected.find(text) }
}

function check(what: string, times: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(times))
    if (value !== undefined && !(value > 0 && value <= MOST_MS))
      throw new UsageError(`${what}: ${name} must be above 0 and at most ${MOST_MS} ms, not ${value}`)
}

function checkRange(what: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) throw new UsageError(`${what} must be ${least} to ${most} ms, not ${value}`)
}

/** A day. */
const MOST_MS = 86_400_000
