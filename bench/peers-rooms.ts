/**
 * A far end for load generators whose calls are all put into rooms, so many in each, in the order that they come:
 *
 *     npm run build && node --import jiti/register bench/peers-rooms.ts [calls in a room] [address]
 *
 * Applications cannot bring calls into rooms yet; as in `ringdown bench --mode conference` it is done below them.
 */
import { roomed } from '../dist/server/bench/roomed.js'
import { serverOf } from '../dist/server/bench/server-config.js'
import { subjectServices } from '../dist/server/bench/subject-apps.js'
import { startServer } from '../dist/server/main.js'
import { startMediaPlane } from '../dist/server/media-plane.js'

const [size = '10', address = '127.0.10.1'] = process.argv.slice(2)
const services = subjectServices('').filter(({ name }) => name === 'conference')
const server = await startServer(
  serverOf({
    address,
    port: 5060,
    portRange: [30_000, 59_999],
    directory: '.',
    services: services.map((service) => ({ ...service, match: '*' })),
    extraChannels: 0,
  }),
  { media: async (settings, logger) => roomed(await startMediaPlane(settings, logger), Number(size)) },
)
process.once('SIGTERM', () => void server.close({ graceMs: 0 }).then(() => process.exit()))
console.log(`ready, process ${process.pid}`)
