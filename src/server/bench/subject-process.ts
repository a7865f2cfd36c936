import { startServer } from '../main.ts'
import { returnMemoryOf } from '../memory.ts'
import { ownSample, type Sample } from './observed.ts'
import { SUBJECT_PORTS } from './plan.ts'
import { LOOPBACK, serverOf } from './server-config.ts'
import { subjectServices } from './subject-apps.ts'

/** What the exchange under test is started with, as JSON in the first argument. */
export interface SubjectOrder {
  /** Where the prompt lies. */
  readonly directory: string
  /** The URI that the load answers. */
  readonly peer: string
  readonly io: 'auto' | 'libc' | 'dgram'
  /** Calls in a room, when they are to be in rooms. */
  readonly roomSize?: number
}

export type FromSubject =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'sample'; readonly sample: Sample }

// The exchange under test, in a process of its own as `ringdown serve` would run it: says when it is ready, answers every message with a sample of what
// it has used and counted, and ends when whoever started it closes the channel.
const order = JSON.parse(process.argv[2] ?? '{}') as SubjectOrder
const server = await startServer(
  serverOf({
    address: LOOPBACK,
    port: 0,
    portRange: SUBJECT_PORTS,
    directory: order.directory,
    io: order.io,
    services: subjectServices(order.peer),
    extraChannels: 1,
    ...(order.roomSize !== undefined && { roomSize: order.roomSize }),
  }),
)
returnMemoryOf(server)
const tell = (message: FromSubject): void => void process.send?.(message)
process.on('message', () => tell({ type: 'sample', sample: { ...ownSample(), counters: server.counters() } }))
process.on('disconnect', () => void server.close({ graceMs: 0 }).then(() => process.exit()))
// Ctrl-C reaches the whole group; the end comes from the load, after its calls.
process.on('SIGINT', () => {})
tell({ type: 'ready', port: server.sockets[0]?.port ?? 0 })
