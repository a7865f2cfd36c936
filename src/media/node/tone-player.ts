import type { ToneStep } from '../engine/play-source.ts'
import { ToneGenerator, type ToneState } from '../tone/generator.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/** Plays a tone: a preset, an application's own, or digits in-band. */
export class TonePlayer implements Transmitter {
  readonly #generator: ToneGenerator

  constructor(steps: readonly ToneStep[], loop: boolean) {
    this.#generator = new ToneGenerator(steps, loop)
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ToneState {
    return this.#generator.state
  }

  set state(state: ToneState) {
    this.#generator.state = state
  }

  fill(packet: OutgoingPacket): Transmission {
    if (this.#generator.readInto(packet.pcm, packet.samples) === 0) return 'done'
    packet.encode()
    return 'audio'
  }
}
