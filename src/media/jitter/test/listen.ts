import { codecNamed } from '../../codec/codec.ts'
import { RtpPacket, writeRtpHeader } from '../../rtp/packet.ts'
import { AdaptiveJitterBuffer, type AdaptiveJitterBufferOptions } from '../adaptive-jitter-buffer.ts'
import { FrameReader } from '../frame-reader.ts'

/** A sender, a network and a listener, each with a clock of its own. */
export interface Line {
  /** What the sender says, once. */
  readonly sound: Int16Array
  /** Milliseconds of sound in a packet. Default 20. */
  readonly ptimeMs?: number
  /** How long packet `i` is under way, or `undefined` when it is lost. Default 0. */
  readonly delayMs?: (i: number) => number | undefined
  /** How many millionths the sender's clock is fast. */
  readonly fastPpm?: number
  /** Whether packet `i` is not sent at all (DTX). */
  readonly isSilent?: (i: number) => boolean
  readonly buffer?: AdaptiveJitterBufferOptions
}

export interface Listened {
  readonly heard: Int16Array
  readonly buffer: AdaptiveJitterBuffer
  /** Until the last packet came. */
  readonly concealedMs: number
  readonly stretchedMs: number
  /** The longest that the fastest packets waited, and how long they do at the end. */
  readonly maxWaitMs: number
  readonly endWaitMs: number
}

/** Lets a listener hear a line, 20 ms at a time, until a second after the last packet was sent. */
export function listen(line: Line): Listened {
  const ptimeMs = line.ptimeMs ?? 20
  const buffer = new AdaptiveJitterBuffer(line.buffer)
  const reader = new FrameReader(buffer)
  const codec = codecNamed('PCMU')
  const packets = packetsOf(line, ptimeMs)
  const frames = Math.ceil(line.sound.length / 160) + 50
  const heard = new Int16Array(frames * 160)
  const frame = new Int16Array(160)
  const view = new RtpPacket()
  const result = { concealedMs: 0, stretchedMs: 0, maxWaitMs: 0, endWaitMs: 0 }
  let at = 0
  for (let n = 0; n < frames; n++) {
    buffer.elapse(160, false)
    for (; at < packets.length && packets[at].arrivesMs <= n * 20; at++) {
      view.parse(packets[at].bytes)
      buffer.put(view, 'audio', ptimeMs * 8)
    }
    reader.readInto(frame, codec)
    heard.set(frame, n * 160)
    if (at === packets.length) continue
    result.concealedMs = reader.concealed / 8
    result.stretchedMs = reader.stretched / 8
    // The playout point is a frame further already.
    result.endWaitMs = (buffer.excess(160) + buffer.target) / 8
    result.maxWaitMs = Math.max(result.maxWaitMs, result.endWaitMs)
  }
  return { heard, buffer, ...result }
}

/** A line on which each step brings the next packet of 20 ms, one in 50 excepted, and hears 20 ms. */
export function endlessLine(): { step: () => void } {
  const buffer = new AdaptiveJitterBuffer()
  const reader = new FrameReader(buffer)
  const codec = codecNamed('PCMU')
  const bytes = new Uint8Array(172)
  codec.encodeInto(vowel(20), 0, 160, bytes, 12)
  const view = new RtpPacket()
  const frame = new Int16Array(160)
  let sequence = 0
  return {
    step: () => {
      buffer.elapse(160, false)
      sequence++
      writeRtpHeader(bytes, false, 0, sequence & 0xffff, (sequence * 160) >>> 0, 1)
      if (sequence % 50 !== 0 && view.parse(bytes)) buffer.put(view, 'audio', 160)
      reader.readInto(frame, codec)
    },
  }
}

function packetsOf(line: Line, ptimeMs: number): { arrivesMs: number; bytes: Uint8Array }[] {
  const packets: { arrivesMs: number; bytes: Uint8Array }[] = []
  const codec = codecNamed('PCMU')
  const length = ptimeMs * 8
  let sequence = 65_500
  for (let i = 0; (i + 1) * length <= line.sound.length; i++) {
    if (line.isSilent?.(i) === true) continue
    const delayMs = line.delayMs === undefined ? 0 : line.delayMs(i)
    const bytes = new Uint8Array(12 + length)
    writeRtpHeader(bytes, false, 0, sequence, (0xffff_f000 + i * length) >>> 0, 1)
    codec.encodeInto(line.sound, i * length, length, bytes, 12)
    sequence = (sequence + 1) & 0xffff
    if (delayMs === undefined) continue
    packets.push({ arrivesMs: (i * ptimeMs) / (1 + (line.fastPpm ?? 0) / 1e6) + 5 + delayMs, bytes })
  }
  return packets.sort((a, b) => a.arrivesMs - b.arrivesMs)
}

/** A sung vowel with overtones up to 1.5 kHz, the same loudness throughout. Its pitch is a whole number of Hz. */
export function vowel(durationMs: number, pitchHz = 125): Int16Array {
  const second = Int16Array.from({ length: 8000 }, (_, i) => {
    let sum = 0
    for (let k = 1; k * pitchHz <= 1500; k++) sum += Math.sin((2 * Math.PI * k * pitchHz * i) / 8000 + k * k) / k
    return Math.round(5000 * sum)
  })
  return Int16Array.from({ length: durationMs * 8 }, (_, i) => second[i % 8000])
}

/** A second of a vowel, then half a second of next to nothing, again and again. */
export function talk(durationMs: number): Int16Array {
  const sound = vowel(durationMs)
  for (let i = 0; i < sound.length; i++) if (i % 12_000 >= 8000) sound[i] = Math.round(sound[i] / 1000)
  return sound
}

/** The greatest step from one sample to the next: a click is one that the sound itself has not. */
export function greatestStep(samples: Int16Array): number {
  let greatest = 0
  for (let i = 1; i < samples.length; i++) greatest = Math.max(greatest, Math.abs(samples[i] - samples[i - 1]))
  return greatest
}

/** The energies of all windows of 8 ms, one pitch period of {@link vowel}, 4 ms apart. */
export function energies(samples: Int16Array): number[] {
  const energies: number[] = []
  for (let at = 0; at + 64 <= samples.length; at += 32) {
    let sum = 0
    for (let i = at; i < at + 64; i++) sum += samples[i] * samples[i]
    energies.push(sum)
  }
  return energies
}
