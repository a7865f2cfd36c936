import { err, ok, type Random, type Result, type Writable } from '../../kit/index.ts'
import { type CryptoKeys, createKeys, type SrtpPolicy } from './crypto.ts'
import {
  acceptAnswer,
  answerOffer,
  answerRemoval,
  createOffer,
  type LocalMedia,
  type MediaLayout,
  type NegotiatedStream,
  type Negotiation,
} from './offer-answer.ts'

/** {@link LocalMedia} without what the session keeps count of. */
export type SessionMedia = Omit<LocalMedia, 'sessionId' | 'sessionVersion' | 'layout' | 'payloadTypes' | 'srtp'> & {
  /** Default `forbidden`. */
  readonly srtp?: SrtpPolicy
}

/**
 * One side of a session over its whole life (RFC 3264): keeps the session version, the place of every media line,
 * the payload types and the keys of SRTP from one offer and answer to the next.
 *
 * ```ts
 * const session = new MediaSession(1234, random)
 * const offer = session.offer({ address: '192.0.2.1', port: 4000, codecs: ['PCMU'], telephoneEvent: true, ptimeMs: 20, direction: 'sendrecv' })
 * const stream = session.accept(answerBytes)
 * ```
 */
export class MediaSession {
  readonly #sessionId: number
  #version = 1
  #lastPrinted: Uint8Array | undefined
  #offered: { readonly media: SessionMedia; readonly local: LocalMedia } | undefined
  /** What was agreed on last, as an offer of ours would say it. */
  #standing: SessionMedia | undefined
  #layout: MediaLayout | undefined
  #stream: NegotiatedStream | undefined
  readonly #payloadTypes = new Map<string, number>()

  readonly #random: Random
  /** Made when a description of ours is first to hold them. */
  #keys: CryptoKeys | undefined
  #hasSrtp = false

  /**
   * @param sessionId the `o=` session id: unique among our sessions, 0..2^53-1
   * @param random where the keys of SRTP come from: it must be fit for that
   */
  constructor(sessionId: number, random: Random) {
    this.#sessionId = sessionId
    this.#random = random
  }

  /** Makes an offer, the first or a later one (re-INVITE). It stands until `accept` or the next `offer`. */
  offer(media: SessionMedia): Uint8Array {
    let local = this.#local(media)
    let offer = createOffer(local)
    if (this.#differs(offer)) {
      this.#version++
      local = this.#local(media)
      offer = createOffer(local)
    }
    this.#offered = { media, local }
    this.#lastPrinted = offer
    return offer
  }

  /** Offers what stands, so that nothing changes: for a refresh (RFC 4028 section 7.4). `undefined` before there is anything. */
  restate(): Uint8Array | undefined {
    return this.#standing && this.offer(this.#standing)
  }

  /**
   * Answers an offer of the far end. One that takes the stream away leaves it where it was, inactive, until a later offer
   * brings it back. On an error nothing has changed: say 488.
   */
  answer(offer: Uint8Array, media: SessionMedia): Result<{ answer: Uint8Array; stream: NegotiatedStream }> {
    let negotiated = answerOffer(offer, this.#local(media))
    if (!negotiated.ok) return this.#answerRemoval(offer, media) ?? negotiated
    if (this.#differs(negotiated.value.answer)) {
      this.#version++
      negotiated = answerOffer(offer, this.#local(media))
      if (!negotiated.ok) return negotiated
    }
    this.#lastPrinted = negotiated.value.answer
    const { codec, direction, telephoneEventPayloadType: events } = negotiated.value.stream
    this.#standing = { ...media, codecs: [codec], direction, telephoneEvent: events !== undefined }
    this.#keep(negotiated.value)
    return negotiated
  }

  /** Takes the answer to our latest offer. */
  accept(answer: Uint8Array): Result<NegotiatedStream> {
    if (this.#offered === undefined) return err('an answer without an offer')
    const { media, local } = this.#offered
    const negotiated = acceptAnswer(local, answer)
    if (!negotiated.ok) return negotiated
    this.#standing = media
    this.#keep(negotiated.value)
    return ok(negotiated.value.stream)
  }

  #answerRemoval(
    offer: Uint8Array,
    media: SessionMedia,
  ): Result<{ answer: Uint8Array; stream: NegotiatedStream }> | undefined {
    let answer = this.#stream && answerRemoval(offer, this.#local(media))
    if (answer === undefined || this.#stream === undefined) return undefined
    if (this.#differs(answer)) {
      this.#version++
      answer = answerRemoval(offer, this.#local(media)) ?? answer
    }
    this.#lastPrinted = answer
    // Nor is RTCP wanted any more.
    const { rtcp: _, ...stream } = this.#stream
    this.#stream = { ...stream, direction: 'inactive', rtcpMux: false }
    this.#standing = { ...media, codecs: [stream.codec], port: 0, direction: 'inactive' }
    return ok({ answer, stream: this.#stream })
  }

  /** Written down one by one: to spread one object into another that has more costs as much as to print the answer. */
  #local(media: SessionMedia): LocalMedia {
    const { address, port, codecs, telephoneEvent, ptimeMs, direction, srtp: policy = 'forbidden' } = media
    const local: Writable<LocalMedia> = {
      sessionId: this.#sessionId,
      sessionVersion: this.#version,
      address,
      port,
      codecs,
      telephoneEvent,
      payloadTypes: this.#payloadTypes,
      ptimeMs,
      direction,
    }
    if (policy !== 'forbidden') local.srtp = { policy, keys: this.#makeKeys, isInUse: this.#hasSrtp }
    if (this.#layout !== undefined) local.layout = this.#layout
    if (media.rtcpMux !== undefined) local.rtcpMux = media.rtcpMux
    return local
  }

  readonly #makeKeys = (): CryptoKeys => {
    this.#keys ??= createKeys(this.#random)
    return this.#keys
  }

  /** Equal content keeps its version, changed content must not (RFC 3264 section 8). */
  #differs(printed: Uint8Array): boolean {
    const last = this.#lastPrinted
    return last !== undefined && (last.length !== printed.length || last.some((byte, i) => byte !== printed[i]))
  }

  #keep({ stream, layout, payloadTypes }: Negotiation): void {
    this.#layout = layout
    this.#stream = stream
    this.#hasSrtp = stream.srtp !== undefined
    for (const [format, payloadType] of payloadTypes) this.#payloadTypes.set(format, payloadType)
  }
}
