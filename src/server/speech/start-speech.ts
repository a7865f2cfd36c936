import type { TextToSpeech } from '../../calls/index.ts'
import type { Counters, Logger } from '../../kit/index.ts'
import { PromptDisk, Speech, type SpeechCounter, ThreadEngine } from '../../speech/index.ts'
import { isSpeechEngine } from '../config/speech-schema.ts'
import type { SpeechSettings } from '../config/speech-settings.ts'
import type { MediaKey } from '../files/seal/media-keys.ts'
import { PromptCipher } from './prompt-cipher.ts'
import { SpokenTexts } from './spoken-texts.ts'

/** Text to speech as the server has it. */
export interface RunningSpeech {
  readonly texts: TextToSpeech
  readonly counters: Counters<SpeechCounter>
  /** Sentences that wait or are being spoken. */
  sizes(): { readonly sentences: number }
  close(): Promise<void>
}

/**
 * Puts it together. A thread is started by the first text that is spoken, not here.
 * @param key encrypts what is kept on disk
 */
export function startSpeech(settings: SpeechSettings, key: MediaKey | undefined, logger: Logger): RunningSpeech {
  const { engine, threads, threadIdleMs, voice, cache, ...limits } = settings
  const speaker = isSpeechEngine(engine)
    ? engine
    : new ThreadEngine(engine, {
        threads,
        idleMs: threadIdleMs,
        onDied: (reason) => {
          speech.counters.add('speechThreadsDied')
          logger.error({}, `${reason}; what it was speaking has ended and it is started again when it is needed`)
        },
      })
  const disk = new PromptDisk({
    ...cache,
    ...(key !== undefined && { seal: new PromptCipher(key) }),
    onDamaged: (path) => {
      speech.counters.add('promptsDamaged')
      logger.warn({ path }, 'a sentence that was kept is damaged and is spoken anew')
    },
    onFailed: (error) => {
      // Whatever the reason is, it will be the same for the next thousand.
      if (speech.counters.get('promptsNotKept') === 0)
        logger.warn({ err: error }, `what is spoken cannot be kept: ${error.message}`)
      speech.counters.add('promptsNotKept')
    },
  })
  const speech = new Speech(speaker, {
    ...limits,
    ...(cache.bytes > 0 && { disk }),
    ...(voice !== undefined && { voice }),
  })
  return {
    texts: new SpokenTexts(speech),
    counters: speech.counters,
    sizes: () => speech.sizes(),
    close: () => speech.close(),
  }
}
