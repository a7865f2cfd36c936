import type { Random } from '../../kit/index.ts'
import { Codecs } from '../codec/codecs.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import { ToneBank } from '../dtmf/tone-bank.ts'
import { RoomNoise } from '../node/room-noise.ts'
import { OutgoingPacket } from '../node/transmitter.ts'
import { MAX_DATAGRAM, RtpPacket } from '../rtp/packet.ts'
import type { SrtpCrypto } from '../srtp/crypto.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { MediaIo } from './media-io.ts'
import { Punctuality } from './punctuality.ts'

/**
 * What all legs of an engine share because only one of them works at a time: the network, and one buffer of each
 * kind. This is why nothing is allocated per packet.
 */
export class Workshop {
  readonly io: MediaIo
  readonly random: Random
  readonly punctuality: Punctuality = new Punctuality()
  /** The datagram just received; one octet longer than any that we take, so that a cut one shows. */
  readonly datagram: Uint8Array
  readonly received: RtpPacket = new RtpPacket()
  /** The ciphers of SRTP, where the engine has them. */
  crypto: SrtpCrypto | undefined
  readonly packet: OutgoingPacket
  /** 20 ms of samples at 8 kHz. */
  readonly frame: Int16Array
  /** The same at 16 kHz. */
  readonly wideFrame: Int16Array
  readonly kernels: Kernels
  readonly codecs: Codecs
  readonly toneBank: ToneBank
  #roomNoise: RoomNoise | undefined

  constructor(io: MediaIo, random: Random, kernels: Kernels, opus?: OpusLibrary) {
    this.io = io
    this.random = random
    this.kernels = kernels
    this.codecs = new Codecs(kernels, opus)
    this.toneBank = new ToneBank(kernels)
    this.packet = new OutgoingPacket(kernels.arena, this.codecs.open('PCMU'))
    this.datagram = kernels.arena.bytes(MAX_DATAGRAM + 1)
    this.frame = kernels.arena.int16(160)
    this.wideFrame = kernels.arena.int16(320)
  }

  /** Made for the first room that wants it. */
  get roomNoise(): RoomNoise {
    this.#roomNoise ??= new RoomNoise(this.kernels.arena)
    return this.#roomNoise
  }
}
