import { createHash } from 'node:crypto'
import type { SpeechVoice } from '../speech-engine.ts'

/** What is known of an engine's voices by those who set it up. */
export interface VoiceSettings {
  /** The voice of those who name none. */
  readonly voice: string
  /** The voices that may be asked for. Default: any. */
  readonly voices?: readonly (string | SpeechVoice)[]
  /** What they speak, where it is not said of a voice: a language tag (BCP 47). Default `en-US`. */
  readonly language?: string
}

/** The same as engines have it. */
export function voicesOf({ voice, voices = [], language = 'en-US' }: VoiceSettings): {
  voices: readonly SpeechVoice[]
  defaultVoice: string
  language: string
} {
  const known = voices.map((each) => (typeof each === 'string' ? { name: each, language } : each))
  const isListed = known.length === 0 || known.some(({ name }) => name === voice)
  return { voices: isListed ? known : [{ name: voice, language }, ...known], defaultVoice: voice, language }
}

/** A version for an engine that tells none: what was set up, so that another model or program is another engine. */
export function versionOf(settings: object): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16)
}
