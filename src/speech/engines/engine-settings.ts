import type { SpeechEngine } from '../speech-engine.ts'
import { FliteEngine } from './flite-engine.ts'

/** Which engine, and what it needs to know: plain data, which goes to the thread that it runs in. */
export type EngineSettings = FliteSettings

export interface FliteSettings {
  readonly type: 'flite'
}

/** Makes an engine. It loads and starts nothing before it is asked to speak. */
export function createEngine(settings: EngineSettings): SpeechEngine {
  switch (settings.type) {
    case 'flite':
      return new FliteEngine()
  }
}
