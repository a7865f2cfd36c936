import type { SrtpCrypto } from './crypto.ts'
import { PacketIndex, type PacketIndexState } from './packet-index.ts'
import { deriveKeys, KEY_LABELS } from './session-keys.ts'
import type { SrtpSuite } from './suites.ts'
import { type Transform, transformOf } from './transform.ts'

/** What offer and answer agreed on for the protection of a stream (RFC 4568): plain data that crosses a thread. */
export interface SrtpParameters {
  readonly suite: SrtpSuite
  /** Master key and master salt of what we send, and of what we receive. */
  readonly sendKey: Uint8Array
  readonly receiveKey: Uint8Array
}

/** Which packets a sender has sealed. */
export interface SrtpSenderState {
  readonly index: PacketIndexState
  readonly ssrc: number
  readonly rtcpIndex: number
}

/** Which packets of which sources a receiver has opened. */
export interface SrtpReceiverState {
  readonly sources: ReadonlyMap<number, PacketIndexState>
  readonly rtcpSources: ReadonlyMap<number, PacketIndexState>
}

/** Protects what a leg sends, in place. */
export class SrtpSender {
  readonly #rtp: Transform
  readonly #rtcp: Transform
  /** Of the present SSRC; none comes back after another, because they are random. */
  #index = new PacketIndex()
  #ssrc = -1
  #rtcpIndex = 0

  constructor(crypto: SrtpCrypto, { suite, sendKey }: SrtpParameters) {
    this.#rtp = transformOf(crypto, suite, deriveKeys(crypto, suite, sendKey, KEY_LABELS.rtp), false)
    this.#rtcp = transformOf(crypto, suite, deriveKeys(crypto, suite, sendKey, KEY_LABELS.rtcp), true)
  }

  /** What another one with the same keys goes on from, in another thread perhaps: no keystream is used twice. */
  get state(): SrtpSenderState {
    return { index: this.#index.state, ssrc: this.#ssrc, rtcpIndex: this.#rtcpIndex }
  }

  set state(state: SrtpSenderState) {
    this.#index.state = state.index
    this.#ssrc = state.ssrc
    this.#rtcpIndex = state.rtcpIndex
  }

  /**
   * Seals an RTP packet of ours and returns its new length, or -1 when a packet of that number has been sealed
   * before: the same keystream must never cover two payloads (RFC 3711 section 9.1).
   */
  sealRtp(bytes: Uint8Array, length: number): number {
    const ssrc = uint32(bytes, 8)
    if (ssrc !== this.#ssrc) {
      if (this.#ssrc >= 0) this.#index = new PacketIndex()
      this.#ssrc = ssrc
    }
    const index = this.#index.estimate(uint16(bytes, 2))
    if (index < 0 || this.#index.isReplay(index)) return -1
    this.#index.take(index)
    return this.#rtp.seal(bytes, rtpHeaderLength(bytes, length), length, ssrc, index)
  }

  /** Seals a compound RTCP packet and returns its new length. */
  sealRtcp(bytes: Uint8Array, length: number): number {
    this.#rtcpIndex++
    return this.#rtcp.seal(bytes, RTCP_CLEAR_LENGTH, length, uint32(bytes, 4), this.#rtcpIndex)
  }
}

/** Takes the protection off what a leg receives, in place; each packet once. */
export class SrtpReceiver {
  readonly #rtp: Transform
  readonly #rtcp: Transform
  readonly #sources = new Map<number, PacketIndex>()
  readonly #rtcpSources = new Map<number, PacketIndex>()

  constructor(crypto: SrtpCrypto, { suite, receiveKey }: SrtpParameters) {
    this.#rtp = transformOf(crypto, suite, deriveKeys(crypto, suite, receiveKey, KEY_LABELS.rtp), false)
    this.#rtcp = transformOf(crypto, suite, deriveKeys(crypto, suite, receiveKey, KEY_LABELS.rtcp), true)
  }

  /** What another one with the same keys goes on from, in another thread perhaps: no packet is taken twice. */
  get state(): SrtpReceiverState {
    return { sources: statesOf(this.#sources), rtcpSources: statesOf(this.#rtcpSources) }
  }

  set state({ sources, rtcpSources }: SrtpReceiverState) {
    restore(this.#sources, sources)
    restore(this.#rtcpSources, rtcpSources)
  }

  /** Opens an RTP packet and returns its new length; -1 when it is not authentic, or was there before. */
  openRtp(bytes: Uint8Array, length: number): number {
    const clear = rtpHeaderLength(bytes, length)
    if (clear > length) return -1
    const ssrc = uint32(bytes, 8)
    const known = this.#sources.get(ssrc)
    const index = known === undefined ? uint16(bytes, 2) : known.estimate(uint16(bytes, 2))
    return this.#open(this.#rtp, this.#sources, bytes, clear, length, ssrc, index)
  }

  /** The same for a compound RTCP packet. One that is authentic but not encrypted is refused. */
  openRtcp(bytes: Uint8Array, length: number): number {
    const wordAt = length - this.#rtcp.indexFromEnd
    if (wordAt < RTCP_CLEAR_LENGTH) return -1
    const word = uint32(bytes, wordAt)
    if (word < 0x8000_0000) return -1
    const ssrc = uint32(bytes, 4)
    return this.#open(this.#rtcp, this.#rtcpSources, bytes, RTCP_CLEAR_LENGTH, length, ssrc, word - 0x8000_0000)
  }

  /** Sources are remembered for good, or what was said under an old one could be said again. */
  #open(
    transform: Transform,
    sources: Map<number, PacketIndex>,
    bytes: Uint8Array,
    clear: number,
    length: number,
    ssrc: number,
    index: number,
  ): number {
    const known = sources.get(ssrc)
    if (known === undefined ? sources.size >= MAX_SOURCES : index < 0 || known.isReplay(index)) return -1
    const opened = transform.open(bytes, clear, length, ssrc, index)
    if (opened < 0) return -1
    const source = known ?? new PacketIndex()
    if (known === undefined) sources.set(ssrc, source)
    source.take(index)
    return opened
  }
}

function statesOf(sources: ReadonlyMap<number, PacketIndex>): ReadonlyMap<number, PacketIndexState> {
  return new Map([...sources].map(([ssrc, index]) => [ssrc, index.state]))
}

function restore(sources: Map<number, PacketIndex>, states: ReadonlyMap<number, PacketIndexState>): void {
  for (const [ssrc, state] of states) {
    const index = new PacketIndex()
    index.state = state
    sources.set(ssrc, index)
  }
}

/** Fixed header, contributing sources and extension; more than `length` when they do not fit. */
function rtpHeaderLength(bytes: Uint8Array, length: number): number {
  const fixed = 12 + 4 * (bytes[0]! & 0x0f)
  if (length < 12 || (bytes[0]! & 0x10) === 0) return Math.max(fixed, 12)
  return fixed + 4 > length ? length + 1 : fixed + 4 + 4 * uint16(bytes, fixed + 2)
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** Header and SSRC of the first packet. */
const RTCP_CLEAR_LENGTH = 8
/** SSRCs that one key may come under: a telephone needs one, a gateway that restarts its stream some. */
const MAX_SOURCES = 16
