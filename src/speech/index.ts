export { PromptDisk, type PromptDiskOptions, type PromptSeal } from './cache/prompt-disk.ts'
export type { AudioFormat } from './engines/audio-bytes.ts'
export type { AzureSettings } from './engines/azure-engine.ts'
export { createEngine, type EngineSettings, type FliteSettings } from './engines/engine-settings.ts'
export type { GoogleSettings } from './engines/google-engine.ts'
export type { OpenAiSettings } from './engines/openai-engine.ts'
export type { PollySettings } from './engines/polly-engine.ts'
export type { ProcessSettings } from './engines/process-engine.ts'
export { readSecret, type SecretSettings } from './engines/secret.ts'
export type { SherpaSettings } from './engines/sherpa-engine.ts'
export type { VoiceSettings } from './engines/voice-settings.ts'
export type { OpenAiRecogniserSettings } from './recognition/openai-recogniser.ts'
export { createRecogniser, type RecogniserSettings } from './recognition/recognisers.ts'
export type { SherpaRecogniserSettings } from './recognition/sherpa-recogniser.ts'
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
