import { parentPort } from 'node:worker_threads'

// The real worker, which dies when it is asked for a leg on the address "die".
const post = parentPort.postMessage.bind(parentPort)
parentPort.postMessage = (message, transfer) => {
  if (message.type === 'events' && message.events.some(({ reason = '' }) => reason.includes('"die"')))
    throw new Error('died as it was told')
  post(message, transfer)
}

await import('../../dist/server/media/worker.js')
