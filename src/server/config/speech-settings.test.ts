import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import type { SpeechConfig } from './config.ts'
import { configFolder, problemsOf } from './test/config-folder.ts'

const folder = configFolder()
const problems = (config: unknown) => problemsOf(config, folder)

describe('speech, and who picks up', () => {
  it('has speech engines with paths that are relative to the folder', () => {
    const settingsOf = (speech: SpeechConfig) => checkConfig({ speech }, folder).speech
    expect(settingsOf({})).toEqual({
      engine: { type: 'flite' },
      voice: undefined,
      threads: Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2))),
      threadIdleMs: 300_000,
      cache: { directory: join(folder, 'speech-cache'), bytes: 268_435_456 },
      memoryBytes: 33_554_432,
      waitingSentences: 1000,
      recognition: undefined,
    })
    const service = { type: 'openai', url: 'http://127.0.0.1:8000/v1', model: 'whisper-1', keyFile: 'key' } as const
    expect(settingsOf({ recognition: service }).recognition).toEqual({ ...service, keyFile: join(folder, 'key') })
    expect(settingsOf({ recognition: { type: 'sherpa', directory: 'model' } }).recognition).toEqual({
      type: 'sherpa',
      directory: join(folder, 'model'),
    })
    const own = { open: () => ({ write: () => {}, finish: async () => ({ text: '' }), abort: () => {} }) }
    expect(settingsOf({ recognition: own }).recognition).toBe(own)
    const programs = ['espeak-ng', './bin/piper', '/opt/piper'].map(
      (command) => (settingsOf({ engine: { type: 'process', command } }).engine as { command: string }).command,
    )
    expect(programs).toEqual(['espeak-ng', join(folder, 'bin/piper'), '/opt/piper'])
    const model = { type: 'sherpa', directory: 'model', voices: ['ann'] } as const
    expect(settingsOf({ voice: 'ann', engine: model }).engine).toEqual({
      ...model,
      directory: join(folder, 'model'),
      voice: 'ann',
    })
  })

  it('finds out who picks up in one thread, and keeps nothing of what is heard unless it is told to', () => {
    expect(checkConfig({}, folder).lsd).toEqual({ threads: 1, maxDetections: 300, sensitivity: 0.5 })
    expect(checkConfig({ lsd: { threads: 2, sensitivity: 0.2, evidence: { maxFiles: 5 } } }, folder).lsd).toEqual({
      threads: 2,
      maxDetections: 600,
      sensitivity: 0.2,
      evidence: { directory: join(folder, 'lsd-evidence'), keepMs: 86_400_000, maxFiles: 5 },
    })
  })

  it('keeps no evidence in the clear beside files that are encrypted', () => {
    const config = { lsd: { evidence: {} }, files: { encryption: { keyVariable: 'NO_SUCH' } } }
    expect(problems(config)).toContainEqual(expect.stringMatching(/^lsd\.evidence keeps what people say in the clear/))
  })
})
