import { type Playable, playableClip, type SpokenAs, type TextToSpeech } from '../../calls/index.ts'
import type { Speech, SpeechOptions, SpokenText } from '../../speech/index.ts'
import { Feeder } from '../files/audio/feeder.ts'

/** Speech as calls know it: a sentence as a clip, a longer text through a ring that is filled while it plays. */
export class SpokenTexts implements TextToSpeech {
  readonly #speech: Speech

  constructor(speech: Speech) {
    this.#speech = speech
  }

  async say(text: string, { loop, ...options }: SpokenAs): Promise<Playable> {
    const spoken = this.#speech.open(text, speechOptions(options))
    const clip = await spoken.clip()
    if (clip !== undefined) return playableClip(clip, loop)
    // What cannot be spoken from its beginning is an error, and not silence.
    const first = await spoken.read()
    const feeder = new Feeder(new Begun(spoken, first), loop)
    await feeder.begun
    return {
      source: { kind: 'stream', stream: feeder.stream },
      close: async () => {
        await spoken.close()
        await feeder.stop()
      },
    }
  }

  prepare(text: string, options: Omit<SpokenAs, 'loop' | 'private'>): Promise<void> {
    return this.#speech.prepare(text, speechOptions(options))
  }
}

function speechOptions({ mostHz, ...options }: Omit<SpokenAs, 'loop'>): SpeechOptions {
  return {
    ...options,
    ...(mostHz !== undefined && { sampleRateHz: mostHz }),
  }
}

/** A text whose first samples were read. */
class Begun {
  readonly encoding = 'pcm16'
  readonly sampleRateHz: 8000 | 16_000
  readonly #text: SpokenText
  #first: Int16Array | undefined

  constructor(text: SpokenText, first: Int16Array | undefined) {
    this.sampleRateHz = text.sampleRateHz
    this.#text = text
    this.#first = first
  }

  async read(): Promise<Int16Array | undefined> {
    const first = this.#first
    this.#first = undefined
    return first ?? this.#text.read()
  }

  rewind(): void {
    this.#text.rewind()
  }

  close(): Promise<void> {
    return this.#text.close()
  }
}
