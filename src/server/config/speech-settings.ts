import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { SpeechRecogniser } from '../../calls/index.ts'
import type { EngineSettings, RecogniserSettings, SpeechEngine } from '../../speech/index.ts'
import { definedOnly } from './defined-only.ts'
import type { CheckedConfig } from './schema.ts'
import { isSpeechEngine, isSpeechRecogniser } from './speech-schema.ts'

/** `speech` with its defaults. */
export interface SpeechSettings {
  readonly engine: EngineSettings | SpeechEngine
  /** Default: the engine's. */
  readonly voice: string | undefined
  readonly threads: number
  readonly threadIdleMs: number
  readonly memoryBytes: number
  /** Without bytes there is none. */
  readonly cache: { readonly directory: string; readonly bytes: number }
  readonly waitingSentences: number
  readonly recognition: RecogniserSettings | SpeechRecogniser | undefined
}

type CheckedSpeech = NonNullable<CheckedConfig['speech']>

/** Fills in the defaults. `directory` is what relative paths are relative to. */
export function speechSettings(config: CheckedSpeech = {}, directory: string): SpeechSettings {
  return {
    engine: engineSettings(config, directory),
    voice: config.voice,
    threads: config.threads ?? (config.engine === undefined ? defaultThreads() : 1),
    threadIdleMs: config.threadIdleMs ?? 300_000,
    cache: {
      directory: resolve(directory, config.cache?.directory ?? 'speech-cache'),
      bytes: config.cache?.bytes ?? 256 * 2 ** 20,
    },
    memoryBytes: config.memoryBytes ?? 32 * 2 ** 20,
    waitingSentences: config.waitingSentences ?? 1000,
    recognition: recogniserSettings(config.recognition, directory),
  }
}

/** Half the cores: the other half is for signalling and media. */
function defaultThreads(): number {
  return Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)))
}

function recogniserSettings(
  recognition: CheckedSpeech['recognition'],
  directory: string,
): RecogniserSettings | SpeechRecogniser | undefined {
  if (recognition === undefined || isSpeechRecogniser(recognition)) return recognition
  return {
    ...definedOnly(recognition),
    ...('directory' in recognition && { directory: resolve(directory, recognition.directory) }),
    ...('keyFile' in recognition &&
      recognition.keyFile !== undefined && { keyFile: resolve(directory, recognition.keyFile) }),
  } as RecogniserSettings
}

function engineSettings({ engine, voice }: CheckedSpeech, directory: string): EngineSettings | SpeechEngine {
  if (engine === undefined) return { type: 'flite' }
  if (isSpeechEngine(engine)) return engine
  const settings = {
    ...definedOnly(engine),
    // Programs without a place to put one do without.
    ...((voice !== undefined || engine.type === 'process') && { voice: voice ?? 'default' }),
    ...('directory' in engine && { directory: resolve(directory, engine.directory) }),
    ...('keyFile' in engine && engine.keyFile !== undefined && { keyFile: resolve(directory, engine.keyFile) }),
    // A bare name is looked for where programs are.
    ...('command' in engine && /[/\\]/.test(engine.command) && { command: resolve(directory, engine.command) }),
  }
  return settings as EngineSettings
}
