import { RtpPacket, writeRtpHeader } from '../../rtp/packet.ts'
import { emptyPlayout, type JitterBuffer, type PacketContent } from '../jitter-buffer.ts'

/**
 * Runs a jitter buffer through a script and tells what was heard. One letter is one happening; `(PG)50` repeats.
 *
 *     P  the next packet of 20 ms arrives            G  20 ms are played
 *     L  the next packet is lost                     D  the last packet arrives once more
 *     H  the next packet is held back                R  the packet held back longest arrives
 *     T  the sender is silent for 20 ms (DTX)        J  the sender's sequence and timestamp leap
 *     S  the sender takes another SSRC               C  it describes the noise (comfort noise, RFC 3389)
 *     E  an event packet takes a sequence number     W  the next visit comes late, through our own fault
 *     Q  as P, but so faint that only the place of the packet is kept
 */
export function runScript(buffer: JitterBuffer, script: string, options: ScriptOptions = {}): Heard {
  const ptime = options.packetSamples ?? 160
  let sequence = options.firstSequence ?? 1
  let timestamp = options.firstTimestamp ?? 1000
  let ssrc = 1
  let number = 0
  let last: Sent | undefined
  const held: Sent[] = []
  const view = new RtpPacket()
  const playout = emptyPlayout()
  const heard: Heard = { order: [], missing: 0, waiting: 0, underrun: 0, timeline: '', maxWaitMs: 0 }
  const sentAt = new Map<number, number>()
  let playedTicks = 0
  let isLate = false
  let surplus = 0

  const next = (): Sent => {
    last = { sequence, timestamp, ssrc, number: number++ }
    sequence = (sequence + 1) & 0xffff
    timestamp = (timestamp + ptime) >>> 0
    return last
  }
  const other = (content: PacketContent): void => {
    const packet = { sequence, timestamp, ssrc, number: -1 }
    sequence = (sequence + 1) & 0xffff
    arrive(packet, content, 0)
  }
  const arrive = (packet: Sent | undefined, content: PacketContent = 'audio', ticks = ptime): void => {
    if (packet === undefined) throw new Error('nothing there to arrive')
    const bytes = new Uint8Array(12 + ptime)
    writeRtpHeader(bytes, false, 0, packet.sequence, packet.timestamp, packet.ssrc)
    bytes.fill(packet.number & 0xff, 12)
    view.parse(bytes)
    buffer.put(view, content, ticks)
    sentAt.set(packet.number & 0xff, playedTicks)
  }
  const play = (): void => {
    for (; surplus < 160; surplus += playout.ticks) {
      buffer.take(playout)
      if (playout.kind === 'audio') {
        const number = playout.bytes[playout.offset]
        heard.order.push(number)
        heard.maxWaitMs = Math.max(heard.maxWaitMs, (playedTicks + surplus - sentAt.get(number)!) / 8)
      } else if (playout.kind !== 'noise' && playout.kind !== 'quiet') heard[playout.kind]++
      heard.timeline += { audio: 'p', quiet: 'q', noise: 'n', missing: 'm', waiting: '.', underrun: 'u' }[playout.kind]
    }
    surplus -= 160
    playedTicks += 160
    buffer.elapse(160, isLate)
    isLate = false
  }
  for (const letter of unfold(script)) {
    if (letter === 'P') arrive(next())
    else if (letter === 'Q') arrive(next(), 'quiet')
    else if (letter === 'G') play()
    else if (letter === 'L') next()
    else if (letter === 'D') arrive(last)
    else if (letter === 'H') held.push(next())
    else if (letter === 'R') arrive(held.shift())
    else if (letter === 'T') timestamp = (timestamp + 160) >>> 0
    else if (letter === 'J') {
      sequence = (sequence + 20_000) & 0xffff
      timestamp = (timestamp + 5_000_000) >>> 0
    } else if (letter === 'S') ssrc++
    else if (letter === 'C') other('noise')
    else if (letter === 'E') other('event')
    else if (letter === 'W') isLate = true
    else throw new Error(`no such letter: ${letter}`)
  }
  return heard
}

export interface ScriptOptions {
  readonly packetSamples?: number
  readonly firstSequence?: number
  readonly firstTimestamp?: number
}

export interface Heard {
  /** The packets played, numbered as they were sent (modulo 256). */
  order: number[]
  missing: number
  waiting: number
  underrun: number
  /** `p`layed, `q`uiet, `m`issing, `n`oise described, `.` waiting, `u`nderrun. */
  timeline: string
  /** The longest that a packet waited from its arrival until it was heard. */
  maxWaitMs: number
}

interface Sent {
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly number: number
}

function unfold(script: string): string {
  const text = script.replace(/\s/g, '')
  const unfolded = text.replace(/\(([^()]*)\)(\d+)/g, (_, body: string, times: string) => body.repeat(Number(times)))
  return unfolded === text ? text : unfold(unfolded)
}
