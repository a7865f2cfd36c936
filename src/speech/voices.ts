import type { SpeechEngine } from './speech-engine.ts'

type Voices = Pick<SpeechEngine, 'name' | 'voices' | 'language'>

/** What is wrong with the name of a voice, if anything is: it says which there are. */
export function voiceProblem({ name: engine, voices }: Voices, name: string): string | undefined {
  if (voices.length === 0 || voices.some((voice) => voice.name === name)) return undefined
  const list = voices.map((voice) => `${voice.name} (${[voice.language, voice.gender].filter(Boolean).join(', ')})`)
  return `there is no voice "${name}": ${engine} has ${list.join(', ')}`
}

/** The language that a voice speaks, as a tag (BCP 47). */
export function languageOf({ voices, language }: Voices, name: string): string {
  return voices.find((voice) => voice.name === name)?.language ?? language
}
