import * as nodeCrypto from 'node:crypto'
import { MediaEngine, type MediaEvent, srtpCryptoOf } from '../../media/index.ts'
import type { Settings } from '../config/settings.ts'
import { DgramMediaIo } from '../media/dgram-io.ts'
import { EventLoopDriver } from '../media/drivers.ts'
import { PortRange, portTable } from '../media/port-range.ts'
import { WorkerEngine } from '../media/worker-engine.ts'
import type { MediaPlane } from '../media-plane.ts'
import { systemRandom } from '../random.ts'

/** The media engine in this thread, on real sockets: a worker thread cannot run TypeScript. */
export async function inProcessMedia({ media }: Settings): Promise<MediaPlane> {
  const random = systemRandom()
  const [first, last] = media.portRange
  const io = new DgramMediaIo({ ports: new PortRange(random, portTable({ first, last, quarantineMs: 0 })) })
  const engine = new MediaEngine({ io, random, crypto: srtpCryptoOf(nodeCrypto) })
  let listener: (event: MediaEvent) => void = () => {}
  const worker = new WorkerEngine({
    engine,
    counters: engine.counters,
    onEvents: (events) => {
      for (const event of events) listener(event)
    },
    onReport: () => {},
  })
  const driver = new EventLoopDriver(worker)
  return {
    // Events come later, never from inside `send`.
    send: (command) =>
      setImmediate(() => {
        worker.take([command])
        driver.arm()
      }),
    onEvent: (to) => {
      listener = to
    },
    counters: () => engine.counters.snapshot(),
    close: async () => {
      driver.stop()
      io.closeAll()
    },
  }
}
