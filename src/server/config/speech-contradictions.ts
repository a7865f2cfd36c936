import { createEngine, readSecret, voiceProblem } from '../../speech/index.ts'
import { isSpeechEngine } from './speech-schema.ts'
import type { SpeechSettings } from './speech-settings.ts'

/** What cannot be spoken so: one line for each, naming the value and the fix. */
export function speechProblems({ engine, voice }: SpeechSettings): string[] {
  const problems: string[] = []
  if (!isSpeechEngine(engine)) {
    if (VOICELESS.has(engine.type) && voice === undefined)
      return [`speech.voice is missing: the engine ${engine.type} needs the name of one of its voices`]
    if ('keyFile' in engine && 'keyVariable' in engine)
      problems.push('speech.engine has keyFile and keyVariable: remove one')
    else if (engine.type === 'azure' && !('keyFile' in engine || 'keyVariable' in engine))
      problems.push('speech.engine needs a key: add keyFile or keyVariable')
    try {
      readSecret(engine as object)
    } catch (error) {
      problems.push(`speech.engine: ${(error as Error).message}`)
    }
  }
  const problem = voice && voiceProblem(isSpeechEngine(engine) ? engine : createEngine(engine), voice)
  if (problem) problems.push(`speech.voice: ${problem}`)
  return problems
}

/** They have no voice of which could be said that it is the one. */
const VOICELESS: ReadonlySet<string> = new Set(['openai', 'google', 'azure', 'polly'])
