import * as nodeCrypto from 'node:crypto'
import { type MessagePort, parentPort, receiveMessageOnPort, type Transferable, workerData } from 'node:worker_threads'
import { Counters, type Instant } from '../../kit/index.ts'
import {
  type LegId,
  type MediaCounter,
  MediaEngine,
  type MediaEvent,
  OpusLibrary,
  srtpCryptoOf,
} from '../../media/index.ts'
import { threadScheduler } from '../../threads/thread-priority.ts'
import { systemRandom } from '../random.ts'
import { Bell } from './bell.ts'
import { DgramMediaIo } from './dgram-io.ts'
import { driveBlocking, EventLoopDriver } from './drivers.ts'
import type { MediaIoCounter } from './io-counters.ts'
import { LibcMediaIo } from './libc-io.ts'
import { type LinuxSockets, loadLinuxSockets } from './linux-sockets.ts'
import { PortRange, processNow } from './port-range.ts'
import { PriorityGuard } from './priority-guard.ts'
import { WorkerEngine } from './worker-engine.ts'
import { type BoundPort, channelOf, type FromWorker, type ToWorker, type WorkerSettings } from './worker-messages.ts'

/**
 * The entry of a media worker thread: one engine, its network, and the port to the main thread. On libc nothing needs
 * an event loop, and the thread blocks from one sub-tick to the next; `node:dgram` lives by its event loop.
 */
async function run(): Promise<void> {
  if (parentPort === null) throw new Error('this file is the entry of a worker thread')
  const port = parentPort
  const settings = workerData as WorkerSettings
  const random = systemRandom()
  const now = sharedClock(settings.epoch)
  const counters = new Counters<MediaCounter | MediaIoCounter>()
  const ports = new PortRange(random, settings.ports, settings.number)
  const sockets = await findSockets(settings)
  const libc = sockets instanceof Error ? undefined : new LibcMediaIo({ sockets, ports, counters })
  const io = libc ?? new DgramMediaIo({ ports, counters })
  const engine = new MediaEngine({
    io,
    random,
    counters,
    maxLegs: settings.maxLegs,
    origin: 0,
    crypto: srtpCryptoOf(nodeCrypto),
    ...(settings.opus !== undefined && { opus: new OpusLibrary(settings.opus) }),
  })
  const guard = settings.priority === 'realtime' ? new PriorityGuard(await threadScheduler()) : undefined
  /** Legs being opened whose ports the main thread has bound: it has said so itself. */
  const boundThere = new Set<LegId>()
  const post = (message: FromWorker, transfer: Transferable[] = []): void => port.postMessage(message, transfer)
  const worker = new WorkerEngine({
    engine,
    counters,
    now,
    onEvents: (all) => {
      const events =
        boundThere.size === 0 ? all : all.filter((event) => !isOpening(event) || !boundThere.delete(event.leg))
      if (events.length > 0) post({ type: 'events', events }, transferredOf(events))
    },
    onReport: (report) => post({ type: 'report', report }),
    guard,
  })
  post({ type: 'ready', io: libc === undefined ? 'dgram' : 'libc', standing: guard?.standing ?? 'normal' })
  if (libc !== undefined && !(sockets instanceof Error)) {
    const onBound = (bound: readonly BoundPort[]): void => {
      for (const each of bound) {
        boundThere.add(each.leg)
        libc.expect(each)
      }
    }
    const bell = new Bell(settings.bell)
    let taken = -1
    const take = (): boolean => {
      // Whoever leaves a message rings afterwards, so one that comes too late for this look has rung for the next.
      const { rung } = bell
      const isOpen = rung === taken || takeMessages(port, worker, onBound)
      taken = rung
      return isOpen
    }
    driveBlocking(worker, bell, (durationMs) => sockets.usleep(Math.ceil(durationMs * 1000)), take, now)
    libc.closeAll()
    port.close()
  } else driveByEventLoop(port, new EventLoopDriver(worker, now), worker, () => io.closeAll())
}

/** The same in all workers, between which legs move: milliseconds since `epoch`, an instant of {@link processNow}. */
function sharedClock(epoch: Instant): () => Instant {
  const ahead = processNow() - performance.now() - epoch
  return () => performance.now() + ahead
}

/** The sockets to use, or why `node:dgram` it is. */
async function findSockets({ io }: WorkerSettings): Promise<LinuxSockets | Error> {
  if (io === 'dgram') return new Error('the configuration says so')
  try {
    return await loadLinuxSockets()
  } catch (error) {
    if (io === 'libc') throw error
    return error as Error
  }
}

/** False when the worker is to end. */
function takeMessages(
  port: MessagePort,
  worker: WorkerEngine,
  onBound: (bound: readonly BoundPort[]) => void,
): boolean {
  for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
    const message = received.message as ToWorker
    if (message.type === 'close') return false
    onBound(message.bound)
    worker.take(message.commands)
  }
  return true
}

function driveByEventLoop(port: MessagePort, driver: EventLoopDriver, worker: WorkerEngine, onClose: () => void): void {
  port.on('message', (message: ToWorker) => {
    if (message.type === 'commands') {
      worker.take(message.commands)
      driver.arm()
      return
    }
    driver.stop()
    onClose()
    port.close()
  })
}

function isOpening({ type }: MediaEvent): boolean {
  return type === 'opened'
}

/** Recorded blocks are handed over, not copied: the recorder has begun another block already. */
function transferredOf(events: readonly MediaEvent[]): Transferable[] {
  return events.flatMap((event): Transferable[] => {
    if (event.type === 'released') return channelOf(event.released)
    return event.type === 'recorded' && event.samples.buffer instanceof ArrayBuffer ? [event.samples.buffer] : []
  })
}

await run()
