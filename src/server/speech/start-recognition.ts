import type { SpeechRecogniser } from '../../calls/index.ts'
import { createRecogniser } from '../../speech/index.ts'
import { isSpeechRecogniser } from '../config/speech-schema.ts'
import type { SpeechSettings } from '../config/speech-settings.ts'

/** The recogniser of the configuration, or `undefined`. Nothing is loaded or connected before the first utterance. */
export function startRecognition({ recognition }: SpeechSettings): SpeechRecogniser | undefined {
  if (recognition === undefined || isSpeechRecogniser(recognition)) return recognition
  return createRecogniser(recognition)
}
