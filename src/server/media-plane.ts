import type { MediaEvent, MediaPort } from '../media/index.ts'

/** The media of a server: the port of the engine, wherever it runs, and its end. */
export interface MediaPlane extends MediaPort {
  /** What the engines count. */
  counters(): Readonly<Record<string, number>>
  /** Ends every leg and every thread. */
  close(): Promise<void>
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
