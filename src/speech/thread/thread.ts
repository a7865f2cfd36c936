import { parentPort, workerData } from 'node:worker_threads'
import { workWhenIdle } from '../../threads/thread-priority.ts'
import { atRate } from '../at-rate.ts'
import { createEngine, type EngineSettings } from '../engines/engine-settings.ts'
import type { FromSpeechThread, ToSpeechThread } from './thread-messages.ts'

/** The entry of the speech thread: an engine, and the conversion of what it says. */
function serve(): void {
  const port = parentPort
  if (port === null) throw new Error('this file is the entry of a worker thread')
  const engine = createEngine(workerData as EngineSettings)
  const speaking = new Map<number, AbortController>()

  async function speak({ id, sentence }: Extract<ToSpeechThread, { type: 'speak' }>): Promise<void> {
    const stop = new AbortController()
    speaking.set(id, stop)
    let error: string | undefined
    try {
      for await (const samples of atRate(engine.speak(sentence, stop.signal), sentence.sampleRateHz)) {
        if (stop.signal.aborted) break
        send({ type: 'samples', id, samples })
      }
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown)
    }
    speaking.delete(id)
    send({ type: 'end', id, ...(error !== undefined && { error }) })
  }

  function send(message: FromSpeechThread): void {
    port?.postMessage(message)
  }

  port.on('message', (message: ToSpeechThread) => {
    switch (message.type) {
      case 'speak':
        void speak(message)
        break
      case 'stop':
        speaking.get(message.id)?.abort()
        break
      case 'close':
        for (const stop of speaking.values()) stop.abort()
        void engine.close().finally(() => send({ type: 'closed' }))
        break
    }
  })
}

// Whoever has something to say can wait.
await workWhenIdle()
serve()
