import type { Settings } from '../config/settings.ts'
import { WorkerMedia } from './worker-media.ts'

export { WorkerMedia, type WorkerMediaOptions } from './worker-media.ts'

/** Starts the media plane that the settings describe and resolves when it takes commands. */
export async function startMedia(settings: Pick<Settings, 'media' | 'limits'>): Promise<WorkerMedia> {
  const [first, last] = settings.media.portRange
  // A call that begins may need its leg before the one of a call that ends has been closed.
  const maxLegs = 2 * settings.limits.maxCalls
  const media = new WorkerMedia({ ports: { first, last }, maxLegs })
  await media.start()
  return media
}
