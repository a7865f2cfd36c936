import type { Logger } from '../kit/index.ts'
import type { MediaEvent, MediaPort } from '../media/index.ts'
import type { Settings } from './config/settings.ts'
import { portTable, WorkerMedia, WorkerPool } from './media/index.ts'

/** The media of a server: the port of the engine, wherever it runs, and its end. */
export interface MediaPlane extends MediaPort {
  /** What the engines count. */
  counters(): Readonly<Record<string, number>>
  /** Ends every leg and every thread. */
  close(): Promise<void>
}

/** Starts the configured number of media workers, which share the ports, and resolves when all take commands. */
export async function startMediaPlane({ media, limits }: Settings, logger: Logger): Promise<MediaPlane> {
  const [first, last] = media.portRange
  const ports = portTable({ first, last })
  const workers = Array.from(
    { length: media.workers },
    (_, index) =>
      new WorkerMedia({
        ports,
        number: index + 1,
        io: media.io,
        // A call that begins may need its leg before that of a call which ends has been closed.
        maxLegs: 2 * limits.maxCalls,
        onWorkerDied: (reason) =>
          logger.error({ worker: index + 1 }, `${reason}; its calls have ended and it is being replaced`),
      }),
  )
  await Promise.all(workers.map((worker) => worker.start()))
  logger.info({ workers: workers.length, io: workers[0]?.io }, 'media workers are ready')
  return new WorkerPool(workers)
}

/** The same media as far ends see it from outside: session descriptions name `publicAddress` instead of the bound one. */
export function announcedAs(publicAddress: string, media: MediaPlane): MediaPlane {
  return {
    send: (command) => media.send(command),
    onEvent: (listener) =>
      media.onEvent((event: MediaEvent) =>
        listener(event.type === 'opened' ? { ...event, address: publicAddress } : event),
      ),
    counters: () => media.counters(),
    close: () => media.close(),
  }
}
