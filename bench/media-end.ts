/**
 * The near end of the media benchmark: one media worker with as many legs as it is told, which listen for digits, as
 * events and as tones, and play a prompt over and over (`ivr`; `events`: not for tones), are bridged two by two
 * (`bridge`), are in rooms of so many (`room:20`), or are on hold (`hold`), also in rooms of one (`rooms on hold`). Prints
 * `ready` and then its ports, one a line; on SIGTERM how it fared, as JSON.
 *
 *     node --import jiti/register bench/media-end.ts <libc|dgram> <address> <legs> <far address> <first far port> <work>
 */

import type { MediaEvent } from '../dist/media/index.js'
import { portTable, WorkerMedia } from '../dist/server/media/index.js'
import { ulawPrompt } from './prompt.ts'

/** What it prints at the end. */
export interface MediaEndResult {
  readonly digitsHeard: number
  /** Sub-ticks, in milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Packets of the far end that never came. */
  readonly lost: number
  readonly slotsSkipped: number
  readonly sendsRefused: number
}

const [io, address = '', legs = '0', farAddress = '', firstFarPort = '0', work = 'ivr'] = process.argv.slice(2)
const media = new WorkerMedia({ io: io as 'libc' | 'dgram', ports: portTable({ first: 30_000, last: 49_999 }) })
const prompt = new Uint8Array(new SharedArrayBuffer(240_000))
prompt.set(ulawPrompt(30))
const ports = new Map<number, number>()
const roomSize = work === 'rooms on hold' ? 1 : Number(/^room:(\d+)$/.exec(work)?.[1] ?? 0)
const isOnHold = work.endsWith('hold')
let digitsHeard = 0
let closed = 0
let lost = 0
let slotsSkipped = 0

media.onEvent((event: MediaEvent) => {
  if (event.type === 'digit') digitsHeard++
  else if (event.type === 'opened') begin(event.leg, event.port)
  else if (event.type === 'closed') {
    lost += event.statistics.packetsLost
    slotsSkipped += event.statistics.slotsSkipped
    if (++closed === Number(legs)) void finish()
  } else if (event.type === 'failed' || event.type === 'bridgeFailed' || event.type === 'mixFailed')
    throw new Error(event.reason)
})
await media.start()
for (let leg = 0; leg < Number(legs); leg++)
  media.send({ type: 'open', leg, localAddress: address, ...(leg % 2 === 1 && { with: leg - 1 }) })

process.once('SIGTERM', () => {
  for (const leg of ports.keys()) media.send({ type: 'close', leg })
})

function begin(leg: number, port: number): void {
  const stream = {
    remoteAddress: farAddress,
    remotePort: Number(firstFarPort) + 2 * leg,
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventPayloadType: 101,
    ptimeMs: 20,
    direction: isOnHold ? 'inactive' : 'sendrecv',
    ...(work === 'ivr' && { inBandDigits: true }),
  } as const
  media.send({ type: 'start', leg, stream })
  ports.set(leg, port)
  if (work === 'ivr' || work === 'events') {
    const clip = { encoding: 'pcmu', sampleRateHz: 8000, data: prompt } as const
    media.send({ type: 'play', leg, job: leg, source: { kind: 'audio', clip, loop: true }, bargeIn: false })
  } else if (work === 'bridge' && ports.has(leg ^ 1)) media.send({ type: 'bridge', leg, other: leg ^ 1 })
  else if (roomSize > 0) media.send({ type: 'mix', leg, room: Math.floor(leg / roomSize) })
  if (ports.size === Number(legs))
    console.log(['ready', ...[...ports].sort(([a], [b]) => a - b).map(([, p]) => p)].join('\n'))
}

async function finish(): Promise<void> {
  const { p50, p99, p999 } = media.report().lateness
  const { sendsRefused = 0 } = media.report().counters
  const result: MediaEndResult = { digitsHeard, p50, p99, p999, lost, slotsSkipped, sendsRefused }
  console.log(JSON.stringify(result))
  await media.close()
}
