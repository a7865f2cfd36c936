import type { Codec } from '../codec/codec.ts'
import { MAX_SENT_PAYLOAD, RTP_HEADER_LENGTH } from '../rtp/packet.ts'
import { MAX_TRAILER } from '../srtp/transform.ts'
import type { ToneState } from '../tone/generator.ts'
import type { Arena } from '../wasm/arena.ts'
import type { EventState } from './event-sender.ts'

/** One packet on its way out. There is one per engine, filled anew for each packet of each leg. */
export class OutgoingPacket {
  readonly bytes: Uint8Array
  /** The same memory, for those who can write four octets at a time. */
  readonly words: Int32Array
  /** Where the payload begins in {@link bytes}. */
  readonly payloadOffset = RTP_HEADER_LENGTH
  /** Room for the samples of this packet before they are encoded. */
  readonly pcm: Int16Array
  /** How many samples this packet stands for, at the codec's rate. */
  samples = 160
  /** The codec that the leg sends. */
  codec: Codec
  /** When the packet leaves, on the RTP clock. A transmitter may put it back to when an event began. */
  timestamp = 0
  /** How fast that clock runs, and the one of the durations of telephone events. */
  ticksPerMs = 8
  eventTicksPerMs = 8
  marker = false
  /** Octets of payload. */
  payloadLength = 0

  /** @param arena where the kernels reach the packet */
  constructor(arena: Arena, codec: Codec) {
    this.bytes = arena.bytes(RTP_HEADER_LENGTH + MAX_SENT_PAYLOAD + MAX_TRAILER)
    this.words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length >> 2)
    this.pcm = arena.int16(MAX_SAMPLES)
    this.codec = codec
  }

  /** Encodes {@link pcm} as the payload. */
  encode(): void {
    this.payloadLength = this.codec.encodeInto(this.pcm, 0, this.samples, this.bytes, this.payloadOffset)
  }
}

/** 60 ms at 16 kHz. */
const MAX_SAMPLES = 960

/** What a transmitter did with the slot that it was given. */
export type Transmission =
  /** The packet holds audio. */
  | 'audio'
  /** The packet holds a telephone event. */
  | 'event'
  /** Nothing leaves in this slot; there is more to come. */
  | 'pause'
  /** Everything has been sent in earlier slots. */
  | 'done'

/** Where a transmitter is: the sample of a clip, the place in a tone or among digits. */
export type TransmitterState = number | ToneState | EventState

/** Something that a leg sends, one packet at a time: a clip, a tone, digits. It allocates nothing per packet. */
export interface Transmitter {
  /** Milliseconds from packet to packet where that is not the stream's ptime. */
  readonly packetMs?: number
  /** Gives 16 kHz where the codec of the packet has it. Any other transmitter gets to see a codec at 8 kHz. */
  readonly isWideband?: boolean
  /**
   * Where it is, for another one of the same source that goes on from there, in another thread perhaps. Without it the source
   * itself knows.
   */
  state?: TransmitterState
  /** Reads a little of each object that it needs to fill a packet, see {@link Touch}. */
  touch?(): number
  /** Fills the packet of the slot at `packet.timestamp`. */
  fill(packet: OutgoingPacket): Transmission
}
