import { SampleRing } from '../../kit/index.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * Carries decoded sound from the leg that hears it to the leg that sends it, where their codecs differ: frames of
 * 20 ms go in, packets of the sending leg's length come out. It keeps just enough that a packet is never cut short,
 * and drops the oldest when a stall has let more pile up.
 */
export class FrameRelay implements Transmitter {
  readonly isWideband: boolean
  /** Takes 20 ms of sound at 16 kHz, where it is wideband. */
  readonly hearWide: ((frame: Int16Array) => void) | undefined
  /** Samples in 20 ms. */
  readonly #frame: number
  readonly #ring: SampleRing
  #isFlowing = false
  #mutedFrames = 0

  /** @param isWideband both codecs are: the sound is carried at 16 kHz */
  constructor(isWideband = false) {
    this.isWideband = isWideband
    this.#frame = isWideband ? 320 : 160
    this.#ring = new SampleRing(10 * this.#frame)
    this.hearWide = isWideband ? (frame) => this.hear(frame) : undefined
  }

  /** Takes 20 ms of sound. */
  hear(frame: Int16Array): void {
    if (this.#mutedFrames > 0) {
      this.#mutedFrames--
      return
    }
    this.#ring.skip(frame.length - (this.#ring.capacity - this.#ring.length))
    this.#ring.write(frame)
  }

  /** Lets the sound of the next 60 ms out: a telephone event is sent in its place (RFC 4733 section 2.5.1.1). */
  mute(): void {
    this.#mutedFrames = 3
    this.#ring.clear()
  }

  fill(packet: OutgoingPacket): Transmission {
    const { samples } = packet
    // A packet that is no whole number of frames can come due up to one frame before the rest of it.
    const frame = this.#frame
    const reserve = samples % frame === 0 || frame % samples === 0 ? 0 : frame
    if (this.#ring.length < samples + (this.#isFlowing ? 0 : reserve)) {
      this.#isFlowing = false
      return 'pause'
    }
    if (this.#ring.length > samples + reserve + MAX_EXCESS_FRAMES * frame)
      this.#ring.skip(this.#ring.length - samples - reserve)
    packet.marker ||= !this.#isFlowing
    this.#isFlowing = true
    this.#ring.readInto(packet.pcm, samples)
    packet.encode()
    return 'audio'
  }
}

/** Less than that is the beat of two ticks, not a stall. */
const MAX_EXCESS_FRAMES = 2
