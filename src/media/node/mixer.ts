import type { Codec } from '../codec/codec.ts'
import type { SampleRateHz } from '../codec/codec-rates.ts'
import type { Codecs } from '../codec/codecs.ts'
import type { TwoRates } from '../dsp/two-rates.ts'
import type { CodecName } from '../engine/control.ts'
import { MAX_SENT_PAYLOAD } from '../rtp/packet.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { MixerParty } from './mixer-party.ts'
import type { RoomNoise } from './room-noise.ts'
import { fadeIn, fadeOut, Seam } from './seam.ts'
import type { OutgoingPacket } from './transmitter.ts'

/** 20 ms at 8 kHz; twice as many samples at 16 kHz. */
export const MIXER_FRAME = 160

/**
 * A room's sound: everybody who speaks is added up once, and each {@link MixerParty} hears the sum without itself.
 * All who only listen hear the same, so it is limited once and encoded once for each codec among them.
 *
 * A round lasts 20 ms: parties hear, {@link Mixer.mix} ends the round, parties send what was mixed. Two rounds are
 * kept, the one that is being gathered and the one that is being sent, so the order within a round does not matter.
 * Nothing is allocated per round, and where nobody speaks next to nothing is computed.
 *
 * The room is mixed at 16 kHz as long as somebody in it has a wideband codec, and at 8 kHz otherwise; it changes from one
 * round to the next, with a {@link Seam} for those who only listen. In a wide room, what telephones hear is brought down
 * once for all of them.
 */
export class Mixer {
  /** Rounds mixed so far, which is also the number of the round being gathered. */
  round = 0
  readonly kernels: Kernels
  /** Samples in the round that is being gathered, and in the one that is being sent. */
  gatheringLength = MIXER_FRAME
  mixedLength = MIXER_FRAME
  readonly #codecs: Codecs
  #wideParties = 0
  #gathering: Int32Array
  #mixed: Int32Array
  /** Rounds in a row, up to the one that is heard now, in which nobody spoke. */
  #silentRounds = 0
  #isGathered = false
  readonly #common: Int16Array
  #isCommonReady = false
  /** The same at the other rate, made when somebody asks for it, and the resampler's past. */
  #converted: Int16Array | undefined
  #isConvertedReady = false
  #past: Int16Array | undefined
  #convertedIn = -1
  /** Of what they hear who only listen, at 8 and at 16 kHz. */
  readonly #seams: readonly [Seam, Seam] = [new Seam(), new Seam()]
  /** The round that is heard now has another rate than the one before. */
  #isOtherRate = false
  readonly #payloads: SharedPayload[] = []
  readonly #buffered: MixerParty[] = []
  /** Who has said something in the round that is being gathered: the first {@link #speaking} of the list. */
  readonly #speakers: MixerParty[] = []
  #speaking = 0
  /** Made when somebody whispers. */
  #told: Int32Array | undefined

  constructor(kernels: Kernels, codecs: Codecs) {
    const { arena } = kernels
    this.kernels = kernels
    this.#codecs = codecs
    this.#gathering = arena.int32(2 * MIXER_FRAME)
    this.#mixed = arena.int32(2 * MIXER_FRAME)
    this.#common = arena.int16(2 * MIXER_FRAME)
  }

  /** The ways between the rates. A room of telephones never asks for them. */
  get rates(): TwoRates {
    return this.#codecs.rates
  }

  /** Counts a party that has a wideband codec, or has one no more: from the next round on the room has the rate that follows. */
  countWide(change: 1 | -1): void {
    this.#wideParties += change
  }

  /** What is heard beside whoever speaks. */
  noise: RoomNoise | undefined
  /** How many who speak at once are heard, the loudest of them. */
  mostTalkers = MOST_TALKERS

  /** Adds a frame to the round that is being gathered. */
  add(frame: Int16Array): void {
    if (this.#isGathered) this.kernels.mixAdd(frame, this.#gathering, this.gatheringLength)
    else this.kernels.mixBegin(frame, this.#gathering, this.gatheringLength)
    this.#isGathered = true
  }

  /** Takes note of one who has said something in the round that is being gathered. */
  speak(party: MixerParty): void {
    this.#speakers[this.#speaking++] = party
  }

  /** Ends the round: what was gathered is heard now. */
  mix(): void {
    this.#gather()
    this.#silentRounds = this.#isGathered ? 0 : this.#silentRounds + 1
    const mixed = this.#gathering
    if (this.#silentRounds === 1 || this.#silentRounds === 2) mixed.fill(0)
    this.#gathering = this.#mixed
    this.#mixed = mixed
    this.#isOtherRate = this.mixedLength !== this.gatheringLength
    if (this.#isOtherRate) this.#keepEnds()
    this.mixedLength = this.gatheringLength
    this.gatheringLength = this.#wideParties > 0 ? 2 * MIXER_FRAME : MIXER_FRAME
    this.#isGathered = false
    this.#isCommonReady = false
    this.#isConvertedReady = false
    this.round++
    for (let i = 0; i < this.#buffered.length; i++) this.#buffered[i]!.keepRound()
  }

  /** Whoever comes into the mix, or is left out of it, in the middle of a word does so within 5 ms. */
  #gather(): void {
    const speakers = this.#speakers
    const length = this.gatheringLength
    this.#choose()
    for (let i = 0; i < this.#speaking; i++) {
      const party = speakers[i]!
      const isChosen = i < this.mostTalkers
      if (isChosen && party.isLeftOut) fadeIn(party.saying, length)
      else if (!isChosen && party.isMixed) fadeOut(party.saying, length)
      if (isChosen || party.isMixed) this.add(party.saying)
      else party.notMixed()
      party.isLeftOut = !isChosen
    }
    this.#speaking = 0
    if (this.noise !== undefined) this.add(this.noise.frame(this.round, length))
  }

  /** Brings the loudest to the front. Whoever is in the mix stays there until others are twice as loud. */
  #choose(): void {
    if (this.#speaking <= this.mostTalkers) return
    const speakers = this.#speakers
    for (let i = 0; i < this.mostTalkers; i++) {
      let loudest = i
      for (let k = i + 1; k < this.#speaking; k++) if (isLouder(speakers[k]!, speakers[loudest]!)) loudest = k
      const party = speakers[loudest]!
      speakers[loudest] = speakers[i]!
      speakers[i] = party
    }
  }

  /** What all hear who only listen, in so many samples; valid until the next {@link Mixer.mix}. */
  common(length: number): Int16Array {
    if (!this.#isCommonReady) {
      this.kernels.limitInto(this.#mixed, this.#common, this.mixedLength)
      if (this.#isOtherRate) this.#seamOf(this.mixedLength).join(this.#common, this.mixedLength, this.round)
    }
    this.#isCommonReady = true
    return length === this.mixedLength ? this.#common : this.#convertedCommon(length)
  }

  /** The next round has another rate: what those have heard last who only listen is to be joined to it. */
  #keepEnds(): void {
    const { mixedLength, round } = this
    const otherLength = 3 * MIXER_FRAME - mixedLength
    if (this.#isCommonReady) this.#seamOf(mixedLength).keep(this.#common, mixedLength, round)
    if (this.#isConvertedReady) this.#seamOf(otherLength).keep(this.#converted!, otherLength, round)
  }

  #seamOf(length: number): Seam {
    return this.#seams[length === MIXER_FRAME ? 0 : 1]
  }

  #convertedCommon(length: number): Int16Array {
    const { up, down } = this.rates
    this.#converted ??= this.kernels.arena.int16(2 * MIXER_FRAME)
    this.#past ??= new Int16Array(Math.max(up.past, down.past))
    if (!this.#isConvertedReady) {
      const way = this.mixedLength === MIXER_FRAME ? up : down
      if (this.#convertedIn !== this.round - 1) this.#past.fill(0)
      this.#convertedIn = this.round
      way.process(this.#past, this.#common, 0, this.mixedLength, this.#converted, 0)
      if (this.#isOtherRate) this.#seamOf(length).join(this.#converted, length, this.round)
    }
    this.#isConvertedReady = true
    return this.#converted
  }

  /** Writes what somebody hears who has said `own` in the round that is heard now, and to whom others whisper. */
  hearInto(own: Int16Array | undefined, whispers: readonly MixerParty[], into: Int16Array): void {
    const { kernels, mixedLength } = this
    const heard = whispers.length === 0 ? this.#mixed : this.#withWhispers(whispers)
    if (own === undefined) kernels.limitInto(heard, into, mixedLength)
    else kernels.unmixInto(heard, own, into, mixedLength)
  }

  #withWhispers(whispers: readonly MixerParty[]): Int32Array {
    this.#told ??= this.kernels.arena.int32(2 * MIXER_FRAME)
    this.#told.set(this.#mixed)
    for (let i = 0; i < whispers.length; i++) {
      const told = whispers[i]!.told
      if (told !== undefined) this.kernels.mixAdd(told, this.#told, this.mixedLength)
    }
    return this.#told
  }

  /**
   * Fills a packet of 20 ms for one who only listens. A codec with a memory, such as G.722, is one stream for all of
   * them; a far end that comes to it from a stream of its own follows within a few milliseconds.
   */
  fillCommon(packet: OutgoingPacket): void {
    const { name, sampleRateHz } = packet.codec
    const shared = this.#sharedPayload(name, sampleRateHz)
    if (shared.round !== this.round) this.#encodeCommon(shared, packet.samples)
    this.kernels.copyOctets(shared.scratch, 0, shared.length, packet.bytes, packet.payloadOffset)
    packet.payloadLength = shared.length
  }

  /** Once a codec has said silence for a while, the same octets say it again. */
  #encodeCommon(shared: SharedPayload, samples: number): void {
    shared.round = this.round
    shared.silentRounds = this.#silentRounds === 0 ? 0 : shared.silentRounds + 1
    if (shared.silentRounds > SETTLED_ROUNDS) return
    shared.length = shared.codec.encodeInto(this.common(samples), 0, samples, shared.scratch, 0)
  }

  /** Lets a party keep every round, because its packets are not those of the rounds. */
  buffer(party: MixerParty): void {
    this.#buffered.push(party)
  }

  /** Forgets a party. */
  leave(party: MixerParty): void {
    const index = this.#buffered.indexOf(party)
    if (index >= 0) this.#buffered.splice(index, 1)
    const speaker = this.#speakers.indexOf(party)
    if (speaker < 0) return
    // Those behind the ones who speak now are remembered for nothing.
    if (speaker < this.#speaking) this.#speakers[speaker] = this.#speakers[--this.#speaking]!
    else this.#speakers.splice(speaker, 1)
  }

  /** Ends the room; all parties have left. */
  release(): void {
    const { arena } = this.kernels
    for (const array of [this.#gathering, this.#mixed, this.#common]) arena.release(array)
    if (this.#converted !== undefined) arena.release(this.#converted)
    if (this.#told !== undefined) arena.release(this.#told)
    for (const { codec, scratch } of this.#payloads) {
      codec.release()
      arena.release(scratch)
    }
    this.#payloads.length = 0
  }

  /** A list and not a map: there are one or two codecs in a room. */
  #sharedPayload(name: CodecName, sampleRateHz: SampleRateHz): SharedPayload {
    for (let i = 0; i < this.#payloads.length; i++) {
      const shared = this.#payloads[i]!
      if (shared.codec.name === name && shared.codec.sampleRateHz === sampleRateHz) return shared
    }
    const scratch = this.kernels.arena.bytes(MAX_SENT_PAYLOAD)
    const codec = this.#codecs.open(name, sampleRateHz)
    const shared = { codec, scratch, length: 0, round: -1, silentRounds: 0 }
    this.#payloads.push(shared)
    return shared
  }
}

interface SharedPayload {
  readonly codec: Codec
  /** Where it is encoded. */
  readonly scratch: Uint8Array
  length: number
  /** The round that was encoded last. */
  round: number
  /** Up to that one, those in a row that were encoded and silent. */
  silentRounds: number
}

/** More at once are a noise. */
const MOST_TALKERS = 8
/** Those in the mix count for so much more: 6 dB. */
const STAYING = 4

function isLouder(one: MixerParty, other: MixerParty): boolean {
  return one.loudness * (one.isMixed ? STAYING : 1) > other.loudness * (other.isMixed ? STAYING : 1)
}

/** 200 ms: by then a codec with a memory has forgotten the sound before. */
const SETTLED_ROUNDS = 10
