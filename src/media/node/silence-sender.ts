import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/** Sends a number of packets of silence: enough for a NAT to open and for a far end to latch onto us. */
export class SilenceSender implements Transmitter {
  #left: number

  constructor(packets: number) {
    this.#left = packets
  }

  /** Packets that are still to be sent. */
  get left(): number {
    return this.#left
  }

  fill(packet: OutgoingPacket): Transmission {
    if (this.#left === 0) return 'done'
    this.#left--
    packet.payloadLength = packet.codec.silenceInto(packet.samples, packet.bytes, packet.payloadOffset)
    return 'audio'
  }
}
