import type { Random } from '../../kit/index.ts'
import { OutgoingPacket } from '../node/transmitter.ts'
import { RtpPacket } from '../rtp/packet.ts'
import type { MediaIo } from './media-io.ts'

/**
 * What all legs of an engine share because only one of them works at a time: the network, and one buffer of each
 * kind. This is why nothing is allocated per packet.
 */
export class Workshop {
  readonly io: MediaIo
  readonly random: Random
  /** The datagram just received; one octet longer than any that we take, so that a cut one shows. */
  readonly datagram: Uint8Array = new Uint8Array(MAX_DATAGRAM + 1)
  readonly received: RtpPacket = new RtpPacket()
  readonly packet: OutgoingPacket = new OutgoingPacket()
  /** 20 ms of samples. */
  readonly frame: Int16Array = new Int16Array(160)

  constructor(io: MediaIo, random: Random) {
    this.io = io
    this.random = random
  }
}

/** 60 ms of G.711 with every contributing source and a long extension still fit. */
export const MAX_DATAGRAM = 800
