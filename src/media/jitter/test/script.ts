import { RtpPacket, writeRtpHeader } from '../../rtp/packet.ts'
import { emptyPlayout, type JitterBuffer } from '../jitter-buffer.ts'

/**
 * Runs a jitter buffer through a script and tells what was heard. One letter is one happening; `(PG)50` repeats.
 *
 *     P  the next packet of 20 ms arrives            G  20 ms are played
 *     L  the next packet is lost                     D  the last packet arrives once more
 *     H  the next packet is held back                R  the packet held back longest arrives
 *     T  the sender is silent for 20 ms (DTX)        J  the sender's sequence and timestamp leap
 *     S  the sender takes another SSRC
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
  const heard: Heard = { order: [], missing: 0, waiting: 0, underrun: 0, timeline: '' }
  let surplus = 0

  const next = (): Sent => {
    last = { sequence, timestamp, ssrc, number: number++ }
    sequence = (sequence + 1) & 0xffff
    timestamp = (timestamp + ptime) >>> 0
    return last
  }
  const arrive = (packet: Sent | undefined): void => {
    if (packet === undefined) throw new Error('nothing there to arrive')
    const bytes = new Uint8Array(12 + ptime)
    writeRtpHeader(bytes, false, 0, packet.sequence, packet.timestamp, packet.ssrc)
    bytes.fill(packet.number & 0xff, 12)
    view.parse(bytes)
    buffer.put(view, ptime)
  }
  const play = (): void => {
    for (; surplus < 160; surplus += playout.samples) {
      buffer.take(playout)
      if (playout.kind === 'packet') heard.order.push(playout.bytes[playout.offset])
      else heard[playout.kind]++
      heard.timeline += { packet: 'p', missing: 'm', waiting: '.', underrun: 'u' }[playout.kind]
    }
    surplus -= 160
  }
  for (const letter of unfold(script)) {
    if (letter === 'P') arrive(next())
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
  /** `p`layed, `m`issing, `.` waiting, `u`nderrun. */
  timeline: string
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
