import type { Logger } from '../kit/index.ts'
import type { MediaPort } from '../media/index.ts'
import type { Settings } from './config/settings.ts'
import { loadOpusModule, portTable, WorkerMedia, WorkerPool } from './media/index.ts'

/** The media of a server: the port of the engine, wherever it runs, and its end. */
export interface MediaPlane extends MediaPort {
  /** What the engines count. */
  counters(): Readonly<Record<string, number>>
  /** Ends every leg and every thread. */
  close(): Promise<void>
  /** Whether its legs can have Opus. Default false. */
  readonly hasOpus?: boolean
}

/** Starts the configured number of media workers, which share the ports, and resolves when all take commands. */
export async function startMediaPlane({ media, limits }: Settings, logger: Logger): Promise<MediaPlane> {
  const [first, last] = media.portRange
  const ports = portTable({ first, last })
  const opus = await loadOpusModule()
  if (opus instanceof Error)
    logger.warn({ err: opus }, 'Opus cannot be loaded: no call is offered it, whatever codecs are asked for')
  const workers = Array.from(
    { length: media.workers },
    (_, index) =>
      new WorkerMedia({
        ports,
        number: index + 1,
        io: media.io,
        priority: media.priority,
        // A call that begins may need its leg before that of a call which ends has been closed.
        maxLegs: 2 * limits.maxCalls,
        ...(!(opus instanceof Error) && { opus }),
        onWorkerDied: (reason) =>
          logger.error({ worker: index + 1 }, `${reason}; its calls have ended and it is being replaced`),
      }),
  )
  await Promise.all(workers.map((worker) => worker.start()))
  const standing = workers[0]?.report().standing
  logger.info({ workers: workers.length, io: workers[0]?.io, priority: standing }, 'media workers are ready')
  if (media.priority === 'realtime' && standing !== 'realtime' && process.platform === 'linux')
    logger.info(
      {},
      'media workers may not have real-time priority, so that other work can make their packets late: allow it with LimitRTPRIO=1, or CAP_SYS_NICE',
    )
  return Object.assign(new WorkerPool(workers), { hasOpus: !(opus instanceof Error) })
}
