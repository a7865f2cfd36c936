import { expect, test } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { PhoneAudio } from './audio.ts'
import type { PhoneClock, PhoneHost } from './environment.ts'

test('after a stall of 5 s the stream goes on in step with time, without a burst', () => {
  const stalled = new StalledClock()
  const sent: { at: number; sequence: number; timestamp: number }[] = []
  const host = {
    bindUdp: () => ({
      local: { address: '10.0.0.1', port: 4000 },
      send: (packet: Uint8Array) => {
        const view = new DataView(packet.buffer)
        sent.push({ at: stalled.now, sequence: view.getUint16(2), timestamp: view.getUint32(4) })
      },
      close: () => {},
    }),
  } as unknown as PhoneHost
  const audio = new PhoneAudio(host, stalled as unknown as PhoneClock, seededRandom(1), {}, () => {})
  expect(audio.local.port).toBe(4000)
  audio.start({ address: '10.0.0.2', port: 5000, codec: 'PCMU', direction: 'sendrecv' })
  stalled.runUntil(100)
  stalled.stall(5_007)
  stalled.runUntil(5_300)
  audio.stop()

  expect(sent.map(({ at }) => at)).toEqual([
    0, 20, 40, 60, 80, 100, 5_107, 5_120, 5_140, 5_160, 5_180, 5_200, 5_220, 5_240, 5_260, 5_280, 5_300,
  ])
  const first = sent[0]
  const slots = sent.map(({ timestamp }) => ((timestamp - (first?.timestamp ?? 0)) >>> 0) / 160)
  expect(slots).toEqual([0, 1, 2, 3, 4, 5, 255, 256, 257, 258, 259, 260, 261, 262, 263, 264, 265])
  const steps = sent.map(({ sequence }) => (sequence - (first?.sequence ?? 0)) & 0xffff)
  expect(steps).toEqual(sent.map((_, index) => index))
})

/** A clock whose timers can be late, as the process's own are after a stall; the virtual one is never late. */
class StalledClock {
  now = 0
  #due = Number.POSITIVE_INFINITY
  #work: () => void = () => {}

  after(delayMs: number, work: () => void): () => void {
    this.#due = this.now + delayMs
    this.#work = work
    return () => {
      this.#due = Number.POSITIVE_INFINITY
    }
  }

  runUntil(end: number): void {
    while (this.#due <= end) {
      this.now = Math.max(this.now, this.#due)
      this.#due = Number.POSITIVE_INFINITY
      this.#work()
    }
    this.now = Math.max(this.now, end)
  }

  stall(ms: number): void {
    this.now += ms
  }
}
