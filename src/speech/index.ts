export { PromptDisk, type PromptDiskOptions } from './cache/prompt-disk.ts'
export { createEngine, type EngineSettings, type FliteSettings } from './engines/engine-settings.ts'
export {
  Speech,
  type SpeechCounter,
  type SpeechLimits,
  type SpeechOptions,
  type SpeechServiceOptions,
} from './speech.ts'
export type {
  SpeechBlock,
  SpeechCapabilities,
  SpeechEngine,
  SpeechVoice,
  SpokenSentence,
} from './speech-engine.ts'
export type { SpokenText } from './spoken-text.ts'
export { ThreadEngine, type ThreadEngineOptions } from './thread/thread-engine.ts'
export { voiceProblem } from './voices.ts'
