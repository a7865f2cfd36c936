import { parentPort } from 'node:worker_threads'
import '../../dist/server/media/worker.js'

// The real worker, which dies when it is told to.
parentPort.on('message', ({ commands = [] }) => {
  if (commands.some(({ localAddress }) => localAddress === 'die')) throw new Error('died as it was told')
})
