// The speech thread, which dies when it is asked to speak "die", and hangs when it is asked to speak "hang".
import { parentPort } from 'node:worker_threads'
import '../../dist/speech/thread/thread.js'

parentPort.on('message', ({ sentence }) => {
  if (sentence?.text === 'die') throw new Error('as it was told')
  while (sentence?.text === 'hang');
})
