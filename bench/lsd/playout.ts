import { seededRandom } from '../../src/kit/index.ts'
import { g711 } from '../../src/media/codec/g711.ts'
import { PAYLOAD_TYPE, type Packet } from './render/packets.ts'
import { noiseOf, PER_MS } from './render/sound.ts'

const UNIT_MS = 10
const FRAME_MS = 20
/** How long a packet is waited for beyond the time at which it would come without jitter. */
const PATIENCE_MS = 100

/** A call as a listener behind a jitter buffer hears it. */
export interface Playout {
  readonly samples: Int16Array
  /** For every 20 ms whether all of it is there. */
  readonly isWhole: readonly boolean[]
}

/**
 * Decodes packets and puts them in their places. What was lost or came more than 100 ms late is missing; silence that the
 * sender described (RFC 3389) is noise of that level. Media time is that of the timestamps: the delay of the network and of
 * the jitter buffer is not in it.
 *
 * @param endMs of the call: after the last packet nothing may have been sent
 */
export function playOut(packets: readonly Packet[], endMs = 0): Playout {
  const ordered = [...packets].sort((a, b) => mediaMs(a, packets[0]!) - mediaMs(b, packets[0]!))
  const first = ordered[0]
  const last = ordered.at(-1)
  if (first === undefined || last === undefined) return { samples: new Int16Array(0), isWhole: [] }
  const lengthMs = Math.max(endMs, mediaMs(last, first) + last.payload.length / PER_MS)
  const samples = new Int16Array(Math.ceil(lengthMs / FRAME_MS) * FRAME_MS * PER_MS)
  const units: boolean[] = new Array(samples.length / PER_MS / UNIT_MS).fill(false)
  for (const [n, packet] of ordered.entries()) {
    const atMs = mediaMs(packet, first)
    const at = atMs * PER_MS
    if (packet.payloadType === PAYLOAD_TYPE.comfortNoise) {
      const next = ordered[n + 1]
      const untilMs = next === undefined ? lengthMs : mediaMs(next, first)
      describe(samples, at, Math.min(samples.length, untilMs * PER_MS), packet)
      units.fill(true, atMs / UNIT_MS, Math.ceil(untilMs / UNIT_MS))
      continue
    }
    if (packet.arrivalMs > atMs + packet.payload.length / PER_MS + PATIENCE_MS) continue
    if (packet.payloadType === PAYLOAD_TYPE.pcmu) g711.decodePcmu(packet.payload, 0, packet.payload.length, samples, at)
    else g711.decodePcma(packet.payload, 0, packet.payload.length, samples, at)
    units.fill(true, atMs / UNIT_MS, (atMs + packet.payload.length / PER_MS) / UNIT_MS)
  }
  const isWhole: boolean[] = []
  for (let unit = 0; unit < units.length; unit += 2) isWhole.push(units[unit]! && units[unit + 1]!)
  return { samples, isWhole }
}

function describe(samples: Int16Array, from: number, to: number, packet: Packet): void {
  const levelDbm0 = 6 - packet.payload[0]!
  if (levelDbm0 < -80 || to <= from) return
  samples.set(noiseOf('white', to - from, levelDbm0, seededRandom(packet.timestamp)), from)
}

/** Since the first packet; timestamps wrap. */
function mediaMs(packet: Packet, first: Packet): number {
  return ((packet.timestamp - first.timestamp) | 0) / PER_MS
}
