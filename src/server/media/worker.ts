import { parentPort, workerData } from 'node:worker_threads'
import { Counters } from '../../kit/index.ts'
import { type MediaCounter, MediaEngine, type MediaEvent } from '../../media/index.ts'
import { systemRandom } from '../random.ts'
import { DgramMediaIo } from './dgram-io.ts'
import { EngineDriver } from './engine-driver.ts'
import type { MediaIoCounter } from './io-counters.ts'
import { PortRange, portTable } from './port-range.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts'

/** The entry of a media worker thread: one engine, its network, and the port to the main thread. */
function run(): void {
  if (parentPort === null) throw new Error('this file is the entry of a worker thread')
  const port = parentPort
  const { ports, maxLegs } = workerData as WorkerSettings
  const random = systemRandom()
  const counters = new Counters<MediaCounter | MediaIoCounter>()
  const io = new DgramMediaIo({ ports: new PortRange(random, portTable(ports)), counters })
  const engine = new MediaEngine({ io, random, counters, maxLegs })
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

  const driver = new EngineDriver(engine, (events) => {
    // With the events, because a message to another thread costs far more than what is in it.
    const counted = events.some(isAboutLeg) ? { counters: counters.snapshot() } : {}
    post({ type: 'events', events, ...counted }, recordedBuffers(events))
  })
  const reporter = setInterval(() => {
    if (counters.get('legs') > 0) post({ type: 'counters', counters: counters.snapshot() })
  }, REPORT_EVERY_MS)

  port.on('message', (message: ToWorker) => {
    if (message.type === 'commands') {
      driver.take(message.commands)
      return
    }
    clearInterval(reporter)
    driver.stop()
    io.closeAll()
    port.close()
  })
  post({ type: 'ready' })
}

const REPORT_EVERY_MS = 1000

function isAboutLeg({ type }: MediaEvent): boolean {
  return type === 'opened' || type === 'closed' || type === 'failed'
}

/** Recorded blocks are handed over, not copied: the recorder has begun another block already. */
function recordedBuffers(events: readonly MediaEvent[]): ArrayBuffer[] {
  return events.flatMap((event) =>
    event.type === 'recorded' && event.samples.buffer instanceof ArrayBuffer ? [event.samples.buffer] : [],
  )
}

run()
