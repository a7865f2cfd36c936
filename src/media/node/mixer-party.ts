import { SampleRing } from '../../kit/index.ts'
import { GAIN_BITS, gainOf, UNITY_GAIN } from '../dsp/amplify.ts'
import { energyAtLevel } from '../dsp/level.ts'
import { AutomaticLevel } from './automatic-level.ts'
import { MIXER_FRAME, type Mixer } from './mixer.ts'
import { fadeIn, fadingInto } from './seam.ts'
import type { TalkerMeter } from './talker-meter.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/**
 * One leg in a room: what it hears goes into the mix while somebody speaks there, and it sends what the others say.
 *
 * Somebody speaks from the first frame above -50 dBm0 until half a second after the last: the noise of those who only
 * listen stays out of the room. Who comes or goes in the middle of a word does so within 5 ms and who goes within 10.
 */
export class MixerParty implements Transmitter {
  readonly isWideband = true
  /** See {@link FrameListener.quietEnergy}. */
  readonly quietEnergy: number = SPEAKING
  // What each round needs of one who only listens stands together: of a thousand parties, the processor's cache holds little.
  readonly #mixer: Mixer
  #heardIn = -1
  #framesOpen = 0
  /** The latest round in which it said anything. */
  #saidIn = -1
  /** Whether what it hears is wideband. */
  #isWide = false
  /** Told how loud each of its frames is, while somebody wants to know. */
  meter: TalkerMeter | undefined
  /** Those who speak to it beside the mix. */
  whispers: readonly MixerParty[] = NOBODY
  /** For packets that are no round long, made when the first of them is asked for. */
  #ring: SampleRing | undefined
  /** Samples in 20 ms of them. */
  #ringFrame = MIXER_FRAME
  #ringScratch: Int16Array | undefined
  /** Of the resamplers, for what it hears and for what it sends, once its rate is not the room's. */
  #pastHeard: Int16Array | undefined
  #pastSent: Int16Array | undefined
  /** The last round in which each of them was made use of: what is older is of another stream. */
  #convertedHeardIn = -1
  #convertedSentIn = -1
  /** What it said in the last two rounds, in turn, at the rate of the round. */
  readonly #said: readonly [Int16Array, Int16Array]
  /** For each of them, in which round it is in the mix, and in which it is for those only to whom it whispers. */
  readonly #mixedIn: [number, number] = [-1, -1]
  readonly #toldIn: [number, number] = [-1, -1]
  /** How loud it was of late: the power of a sample. */
  loudness = 0
  /** It is in the mix however many others are louder. */
  isAlwaysMixed = false
  /** Others are louder: it is not in the mix. */
  isLeftOut = false
  #isPrivate = false
  /** What it is to have, and what its last frame had. */
  #volume = UNITY_GAIN
  #gain = UNITY_GAIN
  #level: AutomaticLevel | undefined
  /** What it says first may come in the middle of a word. */
  #isNew = false
  /** Made when its rate is not the room's. */
  #scratch: Int16Array | undefined

  constructor(mixer: Mixer) {
    const { arena } = mixer.kernels
    this.#mixer = mixer
    this.#said = [arena.int16(2 * MIXER_FRAME), arena.int16(2 * MIXER_FRAME)]
  }

  get isSpeaking(): boolean {
    return this.#framesOpen > 0
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#heardIn ^ this.#saidIn
  }

  /** Takes 20 ms of its sound. A second frame in one round, after a stall, is left out. */
  hear(frame: Int16Array): void {
    if (this.#isWide) this.#beWide(false)
    this.#hear(frame, MIXER_FRAME, SPEAKING)
  }

  /** The same at 16 kHz, which makes it a wideband party. */
  hearWide(frame: Int16Array): void {
    if (!this.#isWide) this.#beWide(true)
    this.#hear(frame, 2 * MIXER_FRAME, SPEAKING_WIDE)
  }

  #hear(frame: Int16Array, length: number, speaking: number): void {
    const { round, kernels } = this.#mixer
    if (this.#heardIn === round) return
    this.#heardIn = round
    const energy = kernels.energy(frame, 0, length)
    this.meter?.hear(energy, length)
    if (energy > speaking) {
      if (this.#framesOpen === 0) this.#begin()
      this.#framesOpen = HANGOVER_FRAMES
    } else if (this.#framesOpen === 0 || --this.#framesOpen === 0) return
    this.#speak(frame, length, Math.round(energy / length))
  }

  #begin(): void {
    this.isLeftOut = false
    this.loudness = 0
  }

  /** @param power of a sample */
  #speak(frame: Int16Array, length: number, power: number): void {
    const { round, gatheringLength, kernels } = this.#mixer
    this.loudness = Math.max(power, this.loudness - (this.loudness >> 3))
    this.#level?.hear(power)
    const said = this.#saying(round)
    if (gatheringLength === length) said.set(frame)
    else {
      this.#pastHeard ??= this.#newPast()
      if (this.#convertedHeardIn !== round - 1) this.#pastHeard.fill(0)
      this.#convertedHeardIn = round
      this.#convert(this.#pastHeard, frame, length, said)
    }
    const gain = this.#level === undefined ? this.#volume : (this.#volume * this.#level.gain) >> GAIN_BITS
    if (gain !== UNITY_GAIN || this.#gain !== UNITY_GAIN) kernels.amplify(said, gatheringLength, this.#gain, gain)
    this.#gain = gain
    if (this.#isNew) fadeIn(said, gatheringLength)
    this.#isNew = false
    if (this.isAlwaysMixed) this.#mixer.add(said)
    else if (!this.#isPrivate) this.#mixer.speak(this)
  }

  /** How loud it is in the room, and whether it is brought nearer to the others by itself. */
  useLevel(volumeDb: number, isAutomatic: boolean): void {
    this.#volume = gainOf(volumeDb)
    this.#level = isAutomatic ? (this.#level ?? new AutomaticLevel()) : undefined
  }

  /** Whether only those hear it who have it among their {@link whispers}. */
  get isPrivate(): boolean {
    return this.#isPrivate
  }

  set isPrivate(isPrivate: boolean) {
    if (isPrivate === this.#isPrivate) return
    this.fallSilent()
    this.#isPrivate = isPrivate
    this.#isNew = true
  }

  /** What it has said in the round that is gathered, as the mixer may change it. */
  get saying(): Int16Array {
    return this.#said[this.#mixer.round & 1]!
  }

  /** Whether what it said in the round before was in the mix, and not to its end only. */
  get isMixed(): boolean {
    const before = this.#mixer.round - 1
    return !this.isLeftOut && this.#mixedIn[before & 1] === before
  }

  /** What it has said in the round that is gathered is not in the mix: it hears whatever is. */
  notMixed(): void {
    this.#mixedIn[this.#mixer.round & 1] = -1
  }

  /** It is heard from now on, though it may be in the middle of a word. */
  comeIn(): void {
    this.#isNew = true
  }

  /**
   * It is not heard from now on, though it may have been in the middle of a word: what it said last rings on
   * and fades, which ends that without a click.
   */
  fallSilent(): void {
    if (this.#isWide) this.#beWide(false)
    this.pass()
  }

  /** The next 20 ms of its sound are for nobody: it falls silent as in {@link fallSilent}, and comes up when it is heard again. */
  pass(): void {
    const { round, gatheringLength, mixedLength } = this.#mixer
    this.#framesOpen = 0
    this.#isNew = true
    const before = (round - 1) & 1
    const wasHeard = this.#mixedIn[before] === round - 1 || this.#toldIn[before] === round - 1
    if (!wasHeard || this.#heardIn === round || gatheringLength !== mixedLength) return
    const last = this.#said[before]!
    const rest = this.#saying(round)
    fadingInto(last, rest, mixedLength)
    if (!this.#isPrivate) this.#mixer.add(rest)
  }

  #saying(round: number): Int16Array {
    this.#saidIn = round
    this.#mixedIn[round & 1] = this.#isPrivate ? -1 : round
    this.#toldIn[round & 1] = this.#isPrivate ? round : -1
    return this.#said[round & 1]!
  }

  fill(packet: OutgoingPacket): Transmission {
    const frame = packet.codec.sampleRateHz / FRAMES_PER_SECOND
    if (packet.samples !== frame || this.#ring !== undefined) return this.#fillFromRing(packet, frame)
    const own = this.said
    if (own === undefined && !packet.marker && !this.#isWhisperedTo) {
      this.#mixer.fillCommon(packet)
      return 'audio'
    }
    this.#hearInto(own, packet.pcm, frame)
    if (packet.marker) fadeIn(packet.pcm, frame)
    packet.encode()
    return 'audio'
  }

  /** Called by the mixer at the end of each round while packets are not those of the rounds. */
  keepRound(): void {
    const ring = this.#ring!
    const frame = this.#ringFrame
    ring.skip(frame - (ring.capacity - ring.length))
    const scratch = this.#ringScratch!
    this.#hearInto(this.said, scratch, frame)
    ring.write(scratch)
  }

  /** Leaves the room. It must neither hear nor send any more. */
  leave(): void {
    const { arena } = this.#mixer.kernels
    this.#mixer.leave(this)
    this.fallSilent()
    for (const array of this.#said) arena.release(array)
    if (this.#scratch !== undefined) arena.release(this.#scratch)
    if (this.#ringScratch !== undefined) arena.release(this.#ringScratch)
  }

  /** What it said in the round that is heard now, if that is in the mix, at the rate of the round. */
  get said(): Int16Array | undefined {
    const mixed = this.#mixer.round - 1
    if (this.#saidIn < mixed) return undefined
    return mixed >= 0 && this.#mixedIn[mixed & 1] === mixed ? this.#said[mixed & 1] : undefined
  }

  /** What it said in that round to those who have it among their {@link whispers}. */
  get told(): Int16Array | undefined {
    const mixed = this.#mixer.round - 1
    return mixed >= 0 && this.#toldIn[mixed & 1] === mixed ? this.#said[mixed & 1] : undefined
  }

  get #isWhisperedTo(): boolean {
    for (let i = 0; i < this.whispers.length; i++) if (this.whispers[i]!.told !== undefined) return true
    return false
  }

  #beWide(isWide: boolean): void {
    this.#isWide = isWide
    this.#mixer.countWide(isWide ? 1 : -1)
  }

  /** What all hear who only listen, in `length` samples. */
  #commonInto(into: Int16Array, length: number): void {
    this.#mixer.kernels.copySamples(this.#mixer.common(length), 0, length, into, 0)
  }

  /** What it hears in the round that is heard now, in `length` samples. */
  #hearInto(own: Int16Array | undefined, into: Int16Array, length: number): void {
    if (own === undefined && !this.#isWhisperedTo) {
      this.#commonInto(into, length)
      return
    }
    const { mixedLength, round } = this.#mixer
    if (mixedLength === length) {
      this.#mixer.hearInto(own, this.whispers, into)
      return
    }
    this.#scratch ??= this.#mixer.kernels.arena.int16(2 * MIXER_FRAME)
    this.#pastSent ??= this.#newPast()
    if (this.#convertedSentIn !== round - 1) this.#pastSent.fill(0)
    this.#convertedSentIn = round
    this.#mixer.hearInto(own, this.whispers, this.#scratch)
    this.#convert(this.#pastSent, this.#scratch, mixedLength, into)
  }

  /** Brings 20 ms to the other rate. */
  #convert(past: Int16Array, samples: Int16Array, length: number, into: Int16Array): void {
    const { up, down } = this.#mixer.rates
    ;(length === MIXER_FRAME ? up : down).process(past, samples, 0, length, into, 0)
  }

  #newPast(): Int16Array {
    const { up, down } = this.#mixer.rates
    return new Int16Array(Math.max(up.past, down.past))
  }

  /** Forgets what waits to be sent: the room has rested meanwhile. */
  forget(): void {
    this.#ring?.skip(this.#ring.length)
  }

  #fillFromRing(packet: OutgoingPacket, frame: number): Transmission {
    if (this.#ring === undefined || this.#ringFrame !== frame) {
      const { arena } = this.#mixer.kernels
      if (this.#ring === undefined) this.#mixer.buffer(this)
      if (this.#ringScratch !== undefined) arena.release(this.#ringScratch)
      this.#ring = new SampleRing(RING_FRAMES * frame)
      this.#ringScratch = arena.int16(frame)
      this.#ringFrame = frame
    }
    if (this.#ring.length < packet.samples) return 'pause'
    if (this.#ring.length > packet.samples + MAX_EXCESS_FRAMES * frame)
      this.#ring.skip(this.#ring.length - packet.samples)
    this.#ring.readInto(packet.pcm, packet.samples)
    packet.encode()
    return 'audio'
  }
}

const NOBODY: readonly MixerParty[] = []
const SPEAKING = energyAtLevel(-50, MIXER_FRAME)
const SPEAKING_WIDE = energyAtLevel(-50, 2 * MIXER_FRAME)
const FRAMES_PER_SECOND = 50
const HANGOVER_FRAMES = 25
/** A packet of 60 ms and as much again. */
const RING_FRAMES = 6
/** Kept while nobody sent packets, because something else was sent: a room is heard as it is now. */
const MAX_EXCESS_FRAMES = 2
