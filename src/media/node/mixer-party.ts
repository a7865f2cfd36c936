import { SampleRing } from '../../kit/index.ts'
import { energyAtLevel } from '../dsp/level.ts'
import { MIXER_FRAME, type Mixer } from './mixer.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * One leg in a room: what it hears goes into the mix while somebody speaks there, and it sends what the others say.
 *
 * Somebody speaks from the first frame above -50 dBm0 until half a second after the last: the noise of those who only
 * listen stays out of the room.
 */
export class MixerParty implements Transmitter {
  readonly #mixer: Mixer
  /** What it said in the last two rounds, in turn. */
  readonly #said: readonly [Int16Array, Int16Array]
  #heardIn = -1
  #saidIn = -1
  #saidBefore = -1
  #framesOpen = 0
  /** For packets that are no round long, made when the first of them is asked for. */
  #ring: SampleRing | undefined
  #scratch: Int16Array | undefined

  constructor(mixer: Mixer) {
    const { arena } = mixer.kernels
    this.#mixer = mixer
    this.#said = [arena.int16(MIXER_FRAME), arena.int16(MIXER_FRAME)]
  }

  get isSpeaking(): boolean {
    return this.#framesOpen > 0
  }

  /** Takes 20 ms of its sound. A second frame in one round, after a stall, is left out. */
  hear(frame: Int16Array): void {
    const { round, kernels } = this.#mixer
    if (this.#heardIn === round) return
    this.#heardIn = round
    if (kernels.energy(frame, 0, MIXER_FRAME) > SPEAKING) this.#framesOpen = HANGOVER_FRAMES
    else if (this.#framesOpen === 0 || --this.#framesOpen === 0) return
    this.#said[round & 1]!.set(frame)
    this.#saidBefore = this.#saidIn
    this.#saidIn = round
    this.#mixer.add(frame)
  }

  fill(packet: OutgoingPacket): Transmission {
    if (packet.samples !== MIXER_FRAME || this.#ring !== undefined) return this.#fillFromRing(packet)
    const own = this.#ownInMix
    if (own === undefined) this.#mixer.fillCommon(packet)
    else {
      this.#mixer.othersInto(own, packet.pcm)
      packet.encode()
    }
    return 'audio'
  }

  /** Called by the mixer at the end of each round while packets are not those of the rounds. */
  keepRound(): void {
    const ring = this.#ring!
    ring.skip(MIXER_FRAME - (ring.capacity - ring.length))
    const own = this.#ownInMix
    if (own === undefined) ring.write(this.#mixer.common)
    else {
      this.#mixer.othersInto(own, this.#scratch!)
      ring.write(this.#scratch!)
    }
  }

  /** Leaves the room. It must neither hear nor send any more. */
  leave(): void {
    const { arena } = this.#mixer.kernels
    this.#mixer.leave(this)
    for (const array of this.#said) arena.release(array)
    if (this.#scratch !== undefined) arena.release(this.#scratch)
  }

  /** What it said in the round that is heard now, if it did. */
  get #ownInMix(): Int16Array | undefined {
    const mixed = this.#mixer.round - 1
    return mixed >= 0 && (this.#saidIn === mixed || this.#saidBefore === mixed) ? this.#said[mixed & 1] : undefined
  }

  #fillFromRing(packet: OutgoingPacket): Transmission {
    if (this.#ring === undefined) {
      this.#ring = new SampleRing(RING_CAPACITY)
      this.#scratch = this.#mixer.kernels.arena.int16(MIXER_FRAME)
      this.#mixer.buffer(this)
    }
    if (this.#ring.length < packet.samples) return 'pause'
    this.#ring.readInto(packet.pcm, packet.samples)
    packet.encode()
    return 'audio'
  }
}

const SPEAKING = energyAtLevel(-50, MIXER_FRAME)
const HANGOVER_FRAMES = 25
/** A packet of 60 ms and as much again. */
const RING_CAPACITY = 6 * MIXER_FRAME
