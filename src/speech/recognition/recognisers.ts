import { OpenAiRecogniser, type OpenAiRecogniserSettings } from './openai-recogniser.ts'
import { SherpaRecogniser, type SherpaRecogniserSettings } from './sherpa-recogniser.ts'
import type { Recogniser } from './utterance.ts'

/** Which recogniser, and what it needs to know. */
export type RecogniserSettings = OpenAiRecogniserSettings | SherpaRecogniserSettings

/** Makes a recogniser. It loads and connects nothing before the first utterance. */
export function createRecogniser(settings: RecogniserSettings): Recogniser {
  return settings.type === 'openai' ? new OpenAiRecogniser(settings) : new SherpaRecogniser(settings)
}
