import { type Playable, playableClip, type SpokenAs, type TextToSpeech } from '../../calls/index.ts'
import { SpeechError } from '../../kit/index.ts'
import type { AudioClip } from '../../media/index.ts'
import { piecesOf } from '../../speech/text/pieces.ts'
import type { Utterance } from '../truth/truth.ts'
import { voiceOf } from '../truth/voice.ts'

/** What {@link SyntheticSpeech} is made with. */
export interface SyntheticSpeechOptions {
  /** The voices that there are. Default: any that is asked for. */
  readonly voices?: readonly string[]
}

/**
 * Text to speech for tests: no engine, no waiting. It speaks every text with the synthetic voice of the test kit, whose words
 * phones can tell again.
 */
export class SyntheticSpeech implements TextToSpeech {
  readonly #voices: readonly string[] | undefined
  readonly #known = new WeakMap<AudioClip, Pick<Utterance, 'text' | 'lengthMs'>>()

  constructor({ voices }: SyntheticSpeechOptions = {}) {
    this.#voices = voices
  }

  /** What a clip that was made here says. */
  utteranceOf(clip: AudioClip): Pick<Utterance, 'text' | 'lengthMs'> | undefined {
    return this.#known.get(clip)
  }

  async say(text: string, { voice, rate, loop }: SpokenAs): Promise<Playable> {
    this.#requireVoice(voice)
    const words = wordsOf(text)
    const clip = voiceOf(words, rate)
    this.#known.set(clip, { text: words, lengthMs: (1000 * clip.data.length) / clip.sampleRateHz })
    return playableClip(clip, loop)
  }

  async prepare(text: string, { voice }: Omit<SpokenAs, 'loop' | 'private'>): Promise<void> {
    this.#requireVoice(voice)
    wordsOf(text)
  }

  #requireVoice(voice: string | undefined): void {
    if (voice !== undefined && this.#voices?.includes(voice) === false)
      throw new SpeechError(`there is no voice "${voice}"; there are: ${this.#voices.join(', ')}`)
  }
}

/**
 * The words of a text; of SSML, those between its tags.
 * @throws UsageError, SpeechError as every engine's for what cannot be spoken
 */
function wordsOf(text: string): string {
  const pieces = piecesOf(text, { language: 'und', mostLength: MOST_LENGTH })
  if (!text.trimStart().startsWith('<')) return text
  return pieces.flatMap((piece) => ('text' in piece ? piece.text : [])).join(' ')
}

/** As the server has it. */
const MOST_LENGTH = 10_000
