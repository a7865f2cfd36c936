import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Logger, RingdownError } from '../../kit/index.ts'
import type { RingdownConfig } from '../config/config.ts'
import { type RunningServer, startServer } from '../main.ts'
import { FAR_ENDS } from './far-end-list.ts'

export const ADDRESS = '127.0.0.1'

/** The two servers of the demo: the exchange itself, and the far ends that it calls. */
export interface DemoServers {
  readonly exchange: RunningServer
  readonly farEnds: RunningServer
}

/**
 * Starts both, each on its usual port or, when that is taken, on another one.
 * @param onCall hears what a softphone does that calls the exchange
 */
export async function startDemoServers(
  directory: string,
  logger: Logger,
  onCall: (text: string) => void,
): Promise<DemoServers> {
  mkdirSync(directory, { recursive: true })
  const speech = { cache: { directory: join(directory, 'speech') } }
  const start = (config: RingdownConfig, port: number) =>
    startOnFreePort({ ...config, files: { directory }, speech, authentication: { strangers: 'allow' } }, port, logger)
  const farEnds = await start(
    {
      sip: { userAgent: 'Ringdown demo far end' },
      media: { portRange: [24_576, 32_767] },
      services: FAR_ENDS.flatMap(({ user, app }) =>
        app === undefined ? [] : [{ name: user, app: `${appPath('far-ends')}#${app}` }],
      ),
    },
    5070,
  )
  const exchange = await start(
    {
      media: { portRange: [16_384, 24_575] },
      services: [{ name: 'hello', app: appPath('hello'), parameters: { onCall } }],
    },
    5060,
  )
  return { exchange, farEnds }
}

/** The path of an application of the demo: TypeScript in the sources, JavaScript in the build. */
export function appPath(name: string): string {
  const source = fileURLToPath(new URL(`./apps/${name}.ts`, import.meta.url))
  return existsSync(source) ? source : fileURLToPath(new URL(`./apps/${name}.js`, import.meta.url))
}

/** How many other ports are tried, each two above the one before. */
const TRIES = 20

async function startOnFreePort(config: RingdownConfig, port: number, logger: Logger): Promise<RunningServer> {
  for (let tried = 0; ; tried++) {
    const listen = (['udp', 'tcp'] as const).map((transport) => ({
      transport,
      address: ADDRESS,
      port: port + 2 * tried,
    }))
    try {
      return await startServer({ ...config, sip: { ...config.sip, listen } }, { logger })
    } catch (error) {
      const isTaken = error instanceof RingdownError && error.code === 'RINGDOWN_TRANSPORT'
      if (!isTaken || tried === TRIES) throw error
    }
  }
}

/** The port that a server listens on, UDP and TCP alike. */
export function portOf(server: RunningServer): number {
  return server.sockets[0]?.port ?? 0
}
