import { parentPort, workerData } from 'node:worker_threads'
import { giveWay } from '../../threads/thread-priority.ts'
import { Detections } from './detections.ts'
import { writeEvidence } from './evidence.ts'
import type { DetectionThreadData, FromDetectionThread, ToDetectionThread } from './thread-messages.ts'

/** The entry of a detection thread: it looks into the rings of its calls each 20 ms, as long as it has any. */
function serve(): void {
  const port = parentPort
  if (port === null) throw new Error('this file is the entry of a worker thread')
  const { beats, evidence } = workerData as DetectionThreadData
  const say = (message: FromDetectionThread): void => port.postMessage(message)
  const beingWritten = new Set<Promise<void>>()
  const detections = new Detections({
    say,
    ...(evidence && {
      keep: (callId, tape) => {
        const writing = writeEvidence(evidence.directory, callId, tape)
          .catch((error: unknown) => say({ type: 'evidenceLost', reason: String(error) }))
          .finally(() => beingWritten.delete(writing))
        beingWritten.add(writing)
      },
    }),
  })
  let timer: NodeJS.Timeout | undefined

  /** Where there is too much to do a round takes long, and is no hanging thread. */
  function look(): void {
    detections.hear(() => Atomics.add(beats, 0, 1))
    if (detections.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  Atomics.add(beats, 0, 1)
  port.on('message', (message: ToDetectionThread) => {
    if (message.type === 'end') {
      clearInterval(timer)
      void Promise.all(beingWritten).then(() => port.close())
      return
    }
    detections.take(message)
    if (detections.size > 0) timer ??= setInterval(look, LOOK_EACH_MS)
  })
}

const LOOK_EACH_MS = 20
/** A verdict that comes 20 ms later is as good; a packet is not. */
const NICE = 5

giveWay(NICE)
serve()
