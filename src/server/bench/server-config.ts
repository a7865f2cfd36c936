import type { RingdownConfig, ServiceConfig } from '../config/config.ts'
import { MAX_LEGS } from './plan.ts'

/** Where a bench of this machine alone takes place. */
export const LOOPBACK = '127.0.0.1'

export interface BenchServer {
  readonly address: string
  readonly port: number
  readonly portRange: readonly [number, number]
  readonly directory: string
  readonly io?: 'auto' | 'libc' | 'dgram'
  readonly services: readonly ServiceConfig[]
  readonly extraChannels: number
  /** Parties in a room. Default: what rooms have by default. */
  readonly roomSize?: number
}

/** Either side of a bench: takes whatever calls come, and says nothing about them. */
export function serverOf(server: BenchServer): RingdownConfig {
  const { address, port, portRange, directory, io = 'auto', services, extraChannels, roomSize } = server
  return {
    sip: { listen: (['udp', 'tcp'] as const).map((transport) => ({ transport, address, port })) },
    media: { portRange, io },
    services,
    authentication: { strangers: 'allow' },
    limits: { maxCalls: MAX_LEGS, extraChannels },
    files: { directory },
    ...(roomSize !== undefined && { rooms: { mostParties: roomSize } }),
    log: { level: 'error' },
  }
}
