import type { Counters, Logger } from '../../kit/index.ts'
import type { LsdSettings } from '../config/lsd-settings.ts'
import { removeOldEvidence } from './evidence.ts'
import { type DetectionCounter, ThreadDetection } from './thread-detection.ts'

/** What finds out who picks up, and its end. */
export interface RunningDetection {
  readonly port: ThreadDetection
  readonly counters: Counters<DetectionCounter>
  close(): Promise<void>
}

/** Makes it ready; a thread is started by the first call that wants it. Evidence goes when its time is up. */
export function startDetection(settings: LsdSettings, logger: Logger): RunningDetection {
  const { evidence, ...rest } = settings
  const port = new ThreadDetection({
    ...rest,
    ...(evidence && { evidence }),
    onDied: (reason) =>
      logger.error({}, `${reason}; the far ends it was listening to are UNKNOWN, and it is being replaced`),
  })
  const removal = evidence && {
    run: () =>
      removeOldEvidence(evidence, Date.now()).catch((error: unknown) =>
        logger.error({ err: error }, 'old evidence of live speaker detection could not be removed'),
      ),
  }
  void removal?.run()
  const timer = removal && setInterval(() => void removal.run(), REMOVE_EACH_MS).unref()
  return {
    port,
    counters: port.counters,
    close: async () => {
      clearInterval(timer)
      await port.close()
    },
  }
}

const REMOVE_EACH_MS = 60_000
