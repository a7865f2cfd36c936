// The file thread, which dies when it is asked for the file "die".
import { parentPort } from 'node:worker_threads'
import '../../dist/server/files/audio/thread.js'

parentPort.on('message', ({ name }) => {
  if (name === 'die') throw new Error('as it was told')
})
