import type { EngineSettings } from '../../speech/index.ts'
import type { CheckedConfig } from './schema.ts'

/** `speech` with its defaults. */
export interface SpeechSettings {
  readonly engine: EngineSettings
  /** Default: the engine's. */
  readonly voice: string | undefined
  readonly threads: number
  readonly memoryBytes: number
  readonly waitingSentences: number
}

/** Fills in the defaults. */
export function speechSettings(config: CheckedConfig['speech']): SpeechSettings {
  return {
    engine: { type: 'flite' },
    voice: config?.voice,
    threads: config?.threads ?? 1,
    memoryBytes: config?.memoryBytes ?? 32 * 2 ** 20,
    waitingSentences: config?.waitingSentences ?? 1000,
  }
}
