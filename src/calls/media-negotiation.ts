import { ok, type Result } from '../kit/index.ts'
import type { CodecName } from '../media/index.ts'
import {
  type Direction,
  MediaSession,
  type NegotiatedStream,
  type SessionMedia,
  type SrtpPolicy,
} from '../sip/index.ts'
import { Holds } from './holds.ts'
import type { CallHost } from './host.ts'
import type { ReleasableSound } from './media-release/release-obstacle.ts'
import type { SoundPlace } from './media-release/release-plan.ts'

/**
 * The offers and answers of a call (RFC 3264): what we want and can, what the far end was told of it, and the stream that the
 * two have agreed on. What is done with that stream is for its listener.
 */
export class MediaNegotiation {
  /** Who holds whom: the directions of its offers and answers. */
  readonly holds = new Holds()
  readonly #host: CallHost
  readonly #onAgreed: (stream: NegotiatedStream) => void
  #session: MediaSession
  #local: SessionMedia
  #stream: NegotiatedStream | undefined
  #isInside = false
  /** Instead of the bound address. */
  #announced: string | undefined
  /** The IP address that the SIP of the far end has. */
  #farEnd: string | undefined
  /** Where the far end sends its sound, when that is not to us. */
  #sendsTo: SoundPlace | undefined
  /** Where our latest offer asks it to. */
  #offeredPlace: SoundPlace | undefined
  #bound: string | undefined

  /** @param onAgreed offer and answer have agreed on the (next) stream */
  constructor(host: CallHost, onAgreed: (stream: NegotiatedStream) => void) {
    this.#host = host
    this.#onAgreed = onAgreed
    this.#session = new MediaSession(host.random.uint32(), host.random)
    this.#local = {
      address: host.mediaAddress,
      port: 0,
      codecs: availableCodecs(host, host.codecs),
      telephoneEvent: true,
      ptimeMs: 20,
      direction: 'sendrecv',
      srtp: host.srtp,
    }
  }

  /** The stream that offer and answer agreed on last. */
  get stream(): NegotiatedStream | undefined {
    return this.#stream
  }

  /** Where our own packets reach this leg, whatever address others are told: bound to all, it is there for loopback, too. */
  get #insideAddress(): string {
    const { mediaAddress } = this.#host
    return mediaAddress === '0.0.0.0' ? '127.0.0.1' : /^[0:]+$/.test(mediaAddress) ? '::1' : mediaAddress
  }

  /** Where our end of the stream is, from now on. */
  bind(address: string, port: number): void {
    this.#bound = address
    this.#local = {
      ...this.#local,
      address: this.#isInside ? this.#insideAddress : (this.#announced ?? address),
      port,
    }
  }

  /** Restricts and orders the codecs of the offers and answers to come. Those that the engine does not have are left out. */
  useCodecs(codecs: readonly CodecName[]): void {
    this.#local = { ...this.#local, codecs: availableCodecs(this.#host, codecs) }
  }

  /** Offers this codec first. */
  preferCodec(codec: CodecName): void {
    this.useCodecs([codec, ...this.#local.codecs.filter((name) => name !== codec)])
  }

  /** What the offers and answers to come think of SRTP. */
  useSrtp(policy: SrtpPolicy): void {
    this.#local = { ...this.#local, srtp: policy }
  }

  /** The far end is another leg of ours: nothing to hide from anybody, and no address for the world outside. */
  stayInside(): void {
    this.useSrtp('forbidden')
    this.#isInside = true
  }

  /** The offers and answers to come are for a far end whose SIP is at this IP address; `undefined` when that is not known. */
  announceTo(farEnd: string | undefined): void {
    this.#farEnd = farEnd
    this.#announced = this.#host.announcedMediaAddress(farEnd)
    if (this.#bound !== undefined) this.#local = { ...this.#local, address: this.#announced ?? this.#bound }
  }

  /**
   * Forgets what was offered: another far end is offered a session of its own, with keys of its own.
   * @returns what takes that back
   */
  renew(): () => void {
    const before = this.#session
    this.#session = new MediaSession(this.#host.random.uint32(), this.#host.random)
    return () => {
      this.#session = before
    }
  }

  /** A session description that offers all that we want: the first of a call, or the one that a re-INVITE without an offer asks for. */
  offer(): Uint8Array {
    return this.#offer(this.holds.directionOfOffer(), this.#sendsTo)
  }

  /** A later offer, which leaves the far end its hold. {@link Holds.isHolding} follows with the answer. */
  offerAgain(isHolding: boolean): Uint8Array {
    return this.#offer(this.holds.directionOfChange(isHolding), undefined)
  }

  /** Offers that the far end sends its sound to `to`, which takes it in the present codec; or to us again. */
  offerPlace(to: SoundPlace | undefined): Uint8Array {
    return this.#offer(this.holds.directionOfChange(this.holds.isHolding), to)
  }

  #offer(direction: Direction, to: SoundPlace | undefined): Uint8Array {
    this.#offeredPlace = to
    return this.#session.offer({ ...this.#described(to), direction })
  }

  #described(to: SoundPlace | undefined): SessionMedia {
    const { codec } = this.#stream ?? {}
    if (to === undefined || codec === undefined) return this.#local
    return { ...this.#local, ...to, codecs: [codec], srtp: 'forbidden' }
  }

  /** Where the far end sends its sound, when that is not to us. */
  get sendsTo(): SoundPlace | undefined {
    return this.#sendsTo
  }

  /** What decides whether the sound may go past us, as far as it was agreed on. */
  get releasable(): Omit<ReleasableSound, 'isInUse'> {
    return {
      stream: this.#stream,
      isOnHold: this.holds.isHolding || this.holds.isHeld || this.#stream?.direction !== 'sendrecv',
      isInside: this.#isInside,
      farEnd: this.#farEnd,
      announced: this.#announced,
    }
  }

  /** Offers what stands: nothing changes. */
  restate(): Uint8Array {
    this.holds.directionOfChange(this.holds.isHolding)
    this.#offeredPlace = this.#sendsTo
    return this.#session.restate() ?? this.offer()
  }

  /** Takes an offer of the far end and returns our answer. */
  answer(offer: Uint8Array): Result<Uint8Array> {
    const direction = this.holds.directionOfAnswer
    let answered = this.#session.answer(offer, { ...this.#described(this.#sendsTo), direction })
    if (!answered.ok && this.#sendsTo !== undefined) {
      // What the other one cannot take, we may.
      answered = this.#session.answer(offer, { ...this.#local, direction })
      if (answered.ok) this.#sendsTo = undefined
    }
    if (!answered.ok) return answered
    this.holds.answered(answered.value.stream.direction)
    this.#agreed(answered.value.stream)
    return ok(answered.value.answer)
  }

  /** Takes the far end's answer to {@link offer}. */
  accept(answer: Uint8Array): Result<NegotiatedStream> {
    const accepted = this.#session.accept(answer)
    if (!accepted.ok) return accepted
    this.holds.accepted(accepted.value.direction)
    this.#sendsTo = this.#offeredPlace
    this.#agreed(accepted.value)
    return accepted
  }

  #agreed(stream: NegotiatedStream): void {
    this.#stream = stream
    this.#onAgreed(stream)
  }
}

/** Without Opus where the engine has none. An empty list would be no offer: G.711 is always there. */
function availableCodecs({ hasOpus }: CallHost, codecs: readonly CodecName[]): readonly CodecName[] {
  const available = hasOpus ? codecs : codecs.filter((name) => name !== 'OPUS')
  return available.length > 0 ? available : ['PCMU', 'PCMA']
}
