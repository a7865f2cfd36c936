import type { SpeechEngine } from '../speech-engine.ts'
import { type AzureSettings, azureEngine } from './azure-engine.ts'
import { FliteEngine } from './flite-engine.ts'
import { type GoogleSettings, googleEngine } from './google-engine.ts'
import { OpenAiEngine, type OpenAiSettings } from './openai-engine.ts'
import { type PollySettings, pollyEngine } from './polly-engine.ts'
import { ProcessEngine, type ProcessSettings } from './process-engine.ts'
import { SherpaEngine, type SherpaSettings } from './sherpa-engine.ts'

/** Which engine, and what it needs to know: plain data, which goes to the thread that it runs in. */
export type EngineSettings =
  | FliteSettings
  | ProcessSettings
  | OpenAiSettings
  | SherpaSettings
  | GoogleSettings
  | AzureSettings
  | PollySettings

/** Flite: English, offline, and what there is without a word. */
export interface FliteSettings {
  readonly type: 'flite'
}

/** Makes an engine. It loads and starts nothing before it is asked to speak. */
export function createEngine(settings: EngineSettings): SpeechEngine {
  switch (settings.type) {
    case 'flite':
      return new FliteEngine()
    case 'process':
      return new ProcessEngine(settings)
    case 'openai':
      return new OpenAiEngine(settings)
    case 'sherpa':
      return new SherpaEngine(settings)
    case 'google':
      return googleEngine(settings)
    case 'azure':
      return azureEngine(settings)
    case 'polly':
      return pollyEngine(settings)
  }
}
