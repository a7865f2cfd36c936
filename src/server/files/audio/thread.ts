import { parentPort, workerData } from 'node:worker_threads'
import { FileVault, type VaultOptions } from '../seal/file-vault.ts'
import { type FedStream, LocalAudioFiles } from './audio-files.ts'
import type { FromFileThread, ToFileThread } from './thread-messages.ts'

/** The entry of the file thread: it reads, decompresses and converts, so that neither calls nor media wait for it. */
function serve(): void {
  const port = parentPort
  if (port === null) throw new Error('this file is the entry of a worker thread')
  const vault = new FileVault(workerData as VaultOptions)
  const files = new LocalAudioFiles((path) => vault.open(path))
  const streams = new Map<number, FedStream>()

  async function answer(message: ToFileThread): Promise<FromFileThread> {
    const { id } = message
    switch (message.type) {
      case 'load': {
        const clip = await files.load(message.path, message.name, message.most, message.mostHz)
        return { id, ...(clip && { clip }) }
      }
      case 'stream': {
        const fed = await files.stream(message.path, message.name, message.how)
        streams.set(id, fed)
        return { id, stream: fed.stream }
      }
      case 'inspect':
        return { id, facts: await files.inspect(message.path, message.name) }
      case 'stop': {
        const fed = streams.get(message.stream)
        streams.delete(message.stream)
        await fed?.stop()
        return { id }
      }
    }
  }

  port.on('message', (message: ToFileThread) => {
    answer(message)
      .catch((error: unknown): FromFileThread => {
        return { id: message.id, error: error instanceof Error ? error.message : String(error) }
      })
      .then((reply) => port.postMessage(reply))
  })
}

serve()
