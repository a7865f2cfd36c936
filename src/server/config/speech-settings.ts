import { resolve } from 'node:path'
import type { EngineSettings } from '../../speech/index.ts'
import type { CheckedConfig } from './schema.ts'

/** `speech` with its defaults. */
export interface SpeechSettings {
  readonly engine: EngineSettings
  /** Default: the engine's. */
  readonly voice: string | undefined
  readonly threads: number
  readonly memoryBytes: number
  /** Without bytes there is none. */
  readonly cache: { readonly directory: string; readonly bytes: number }
  readonly waitingSentences: number
}

/** Fills in the defaults. `directory` is what relative paths are relative to. */
export function speechSettings(config: CheckedConfig['speech'], directory: string): SpeechSettings {
  return {
    engine: { type: 'flite' },
    voice: config?.voice,
    threads: config?.threads ?? 1,
    cache: {
      directory: resolve(directory, config?.cache?.directory ?? 'speech-cache'),
      bytes: config?.cache?.bytes ?? 256 * 2 ** 20,
    },
    memoryBytes: config?.memoryBytes ?? 32 * 2 ** 20,
    waitingSentences: config?.waitingSentences ?? 1000,
  }
}
