import { chance, type Random, uniform } from '../../../src/kit/index.ts'
import { g711 } from '../../../src/media/codec/g711.ts'
import type { Channel } from './channel.ts'
import { PER_MS } from './sound.ts'

/** Static payload types (RFC 3551, RFC 3389). */
export const PAYLOAD_TYPE = { pcmu: 0, pcma: 8, comfortNoise: 13 } as const

/** A packet as it reached us. */
export interface Packet {
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly ssrc: number
  readonly payloadType: number
  readonly hasMarker: boolean
  /** Since the call's first packet was due on a network without any jitter. */
  readonly arrivalMs: number
  readonly payload: Uint8Array
}

/**
 * Cuts a sound into G.711 packets and lets the network lose and delay them.
 * @param quiet of every 20 ms of the sound, whether the far end has nothing to send there
 */
export function packetsOf(
  sound: Int16Array,
  quiet: readonly boolean[],
  channel: Channel,
  answeredAtMs: number,
  random: Random,
): Packet[] {
  const { law, packetMs, jitterMs, isSilenceSuppressed, lateStartMs } = channel
  const size = packetMs * PER_MS
  const packets: Packet[] = []
  const isLost = loss(channel, random)
  let sequenceNumber = random.uint32() & 0xffff
  const firstTimestamp = random.uint32()
  let ssrc = random.uint32()
  let isChangeDue = channel.isSourceChangedAtAnswer
  let isSilent = true
  for (let at = 0; at + size <= sound.length; at += size) {
    const atMs = at / PER_MS
    if (isChangeDue && atMs >= answeredAtMs) {
      ssrc = random.uint32()
      isChangeDue = false
    }
    const isQuiet = isSilenceSuppressed && isAllQuiet(quiet, atMs, packetMs)
    if (isQuiet && isSilent && packets.length > 0) continue
    const payload = isQuiet ? Uint8Array.of(noiseLevel(channel)) : encoded(sound, at, size, law)
    const delayMs = jitterMs === 0 ? 0 : -jitterMs * Math.log(1 - uniform(random))
    const packet: Packet = {
      sequenceNumber,
      timestamp: (firstTimestamp + at) >>> 0,
      ssrc,
      payloadType: isQuiet ? PAYLOAD_TYPE.comfortNoise : PAYLOAD_TYPE[law],
      hasMarker: isSilent && !isQuiet,
      arrivalMs: atMs + packetMs + delayMs,
      payload,
    }
    sequenceNumber = (sequenceNumber + 1) & 0xffff
    isSilent = isQuiet
    const isTooLate = atMs >= answeredAtMs && atMs < answeredAtMs + lateStartMs
    // The first one stays: media time begins with it.
    const isGone = isLost() || isTooLate
    if (isGone && packets.length > 0) continue
    packets.push(packet)
  }
  return packets.sort((a, b) => a.arrivalMs - b.arrivalMs)
}

function encoded(sound: Int16Array, at: number, size: number, law: 'pcmu' | 'pcma'): Uint8Array {
  const payload = new Uint8Array(size)
  if (law === 'pcmu') g711.encodePcmu(sound, at, size, payload, 0)
  else g711.encodePcma(sound, at, size, payload, 0)
  return payload
}

/** RFC 3389: in -dBov, which G.711 reaches with 3.14 dBm0 as a sine. */
function noiseLevel({ noiseDbm0 }: Channel): number {
  return Math.min(127, Math.max(0, Math.round(6 - noiseDbm0)))
}

function isAllQuiet(quiet: readonly boolean[], fromMs: number, lengthMs: number): boolean {
  for (let frame = Math.floor(fromMs / 20); frame * 20 < fromMs + lengthMs; frame++)
    if (quiet[frame] === false) return false
  return true
}

/** Independent losses, or those of a line that is now good, now bad (Gilbert): 100 ms of bad line on average. */
function loss({ lossPercent, isLossBursty, packetMs }: Channel, random: Random): () => boolean {
  const share = lossPercent / 100
  if (!isLossBursty) return () => chance(random, share)
  const recovers = packetMs / 100
  const fails = (recovers * share) / (0.7 - share)
  let isBad = false
  return () => {
    isBad = isBad ? !chance(random, recovers) : chance(random, fails)
    return isBad && chance(random, 0.7)
  }
}
