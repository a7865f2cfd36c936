import { err, ok, type Result, type Writable } from '../../kit/index.ts'
import {
  AUDIO_CODECS,
  type AudioCodec,
  type AudioCodecName,
  audioCodecOf,
  encodingOf,
  type PayloadFormat,
  telephoneEventPayloadType,
} from './codecs.ts'
import {
  answersOffer,
  type CryptoKeys,
  type CryptoLine,
  type CryptoSuite,
  offeredLines,
  type SrtpPolicy,
} from './crypto.ts'
import { type MediaLine, parseDescription, type RemoteDescription, type RemoteMedia } from './description.ts'
import { type Direction, meet } from './direction.ts'
import { type OpusWishes, opusWishes } from './opus.ts'
import { type LocalFormat, type LocalMediaLine, printDescription } from './print.ts'

/** What we bring to a negotiation: where we want our media, and what we can do. */
export interface LocalMedia {
  /** The `o=` session id, the same for the life of a session, 0..2^53-1. */
  readonly sessionId: number
  /** The `o=` session version: one more whenever the description changes (RFC 3264 section 8). */
  readonly sessionVersion: number
  /** The IPv4 or IPv6 address and UDP port at which we receive RTP. */
  readonly address: string
  readonly port: number
  /** In order of preference, at least one. */
  readonly codecs: readonly AudioCodecName[]
  /** Whether to offer, or to agree to, telephone-event (RFC 4733). */
  readonly telephoneEvent: boolean
  /**
   * The payload types of the session so far, by what `a=rtpmap` calls the format: our offers keep to them, because in
   * a session a payload type must not change its meaning (RFC 3264 section 8.3.2). See {@link Negotiation.payloadTypes}.
   */
  readonly payloadTypes?: ReadonlyMap<string, number>
  /** The packet duration that we would like to receive, in ms. */
  readonly ptimeMs: number
  /** As seen from us. */
  readonly direction: Direction
  /**
   * The media lines of the session so far, when there are more than our one audio line: an offer within a session
   * repeats every line in its place, refused ones with port 0 (RFC 3264 section 8). See {@link NegotiatedStream.layout}.
   */
  readonly layout?: MediaLayout
  /** SRTP, where it is not forbidden. */
  readonly srtp?: LocalSrtp
  /** Whether RTCP may share the port of RTP (RFC 5761). Default true. */
  readonly rtcpMux?: boolean
}

export interface LocalSrtp {
  readonly policy: Exclude<SrtpPolicy, 'forbidden'>
  /** The keys of the session, the same each time. */
  readonly keys: () => CryptoKeys
  /** The session has SRTP, which later offers of ours keep up. */
  readonly isInUse: boolean
}

/** The media lines of a session: which one is our audio, and what the others are. */
export interface MediaLayout {
  readonly audioIndex: number
  readonly lines: readonly MediaLine[]
}

/** What offer and answer agreed on, in the terms of the media room. */
export interface NegotiatedStream {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly codec: AudioCodecName
  /** RTP payload type of the codec, 0..127. */
  readonly payloadType: number
  /** RTP payload type of telephone-event (RFC 4733) when it was agreed on. */
  readonly telephoneEventPayloadType?: number
  /** The clock of telephone-event, where the far end has it with no other than 8 kHz although that is not the codec's. */
  readonly telephoneEventClockRateHz?: number
  /** What the far end wants of Opus, when that is the codec. */
  readonly opus?: OpusWishes
  /** Packet duration that we send, in ms: what the far end asked for, when we can do that. */
  readonly ptimeMs: number
  /** As seen from us. */
  readonly direction: Direction
  /** RTCP shares the port of RTP (RFC 5761). */
  readonly rtcpMux: boolean
  /**
   * Where the far end takes RTCP when the port is not shared: what it has stated (RFC 3605), otherwise the port above its
   * RTP (RFC 3550 section 11), where ours always is, so that our descriptions need not state it.
   */
  readonly rtcp?: { readonly address: string; readonly port: number }
  /** SRTP: the suite, and master key and salt of either direction. Absent when the stream is in the clear. */
  readonly srtp?: { readonly suite: CryptoSuite; readonly sendKey: Uint8Array; readonly receiveKey: Uint8Array }
}

/** An agreement, and the shape of the session that later offers have to keep. */
export interface Negotiation {
  readonly stream: NegotiatedStream
  readonly layout: MediaLayout
  /** The dynamic payload types that were agreed on, by what `a=rtpmap` calls the format. */
  readonly payloadTypes: ReadonlyMap<string, number>
}

/** The packet durations that we send, in ms. */
const SENDABLE_PTIMES_MS: readonly number[] = [10, 20, 30, 40, 60]

/** Makes an offer (RFC 3264 section 5). */
export function createOffer(local: LocalMedia): Uint8Array {
  const formats = offeredFormats(local)
  const { address, port, sessionId, sessionVersion, ptimeMs, direction } = local
  const { policy, keys } = local.srtp ?? {}
  const lines = local.layout?.lines ?? [policy === 'required' ? SECURE_AUDIO_LINE : AUDIO_LINE]
  const crypto = keys !== undefined && offersSrtp(local) ? offeredLines(keys()) : []
  const audioIndex = local.layout?.audioIndex ?? 0
  const media = lines.map((line, index): LocalMediaLine => {
    if (index !== audioIndex) return { refused: true, ...line }
    return {
      refused: false,
      protocol: line.protocol,
      port,
      formats,
      ptimeMs,
      direction,
      rtcpMux: local.rtcpMux ?? true,
      crypto,
    }
  })
  return printDescription({ address, sessionId, sessionVersion, timing: '0 0', media })
}

/**
 * Answers an offer (RFC 3264 section 6): takes the first audio line that we can serve, with the first codec of the
 * offer that we have, and refuses every other line. An error means 488 Not Acceptable Here.
 */
export function answerOffer(
  offer: Uint8Array,
  local: LocalMedia,
): Result<Negotiation & { readonly answer: Uint8Array }> {
  const remote = parseDescription(offer)
  if (!remote.ok) return remote
  const agreed = agree(remote.value, local, () => true)
  if (!agreed.ok) return agreed
  const { stream, layout, cryptoTag } = agreed.value
  const formats = agreedFormats(stream)
  const { address, port, sessionId, sessionVersion, ptimeMs } = local
  const { direction, rtcpMux, srtp } = stream
  const crypto =
    srtp === undefined || cryptoTag === undefined
      ? []
      : [{ tag: cryptoTag, suite: srtp.suite, keyAndSalt: srtp.sendKey }]
  const media = layout.lines.map((line, index): LocalMediaLine => {
    if (index !== layout.audioIndex) return { refused: true, ...line }
    return { refused: false, protocol: line.protocol, port, formats, ptimeMs, direction, rtcpMux, crypto }
  })
  const answer = printDescription({ address, sessionId, sessionVersion, timing: remote.value.timing, media })
  return ok({ answer, stream, layout, payloadTypes: agreed.value.payloadTypes })
}

/**
 * Answers an offer within a session that takes every stream away (RFC 3264 section 8.2): each has port 0 in the answer, too.
 * `undefined` when it is no such offer. One that brings another stream instead, such as T.38, is none: who refuses that leaves
 * the session as it is.
 */
export function answerRemoval(offer: Uint8Array, local: LocalMedia): Uint8Array | undefined {
  const remote = parseDescription(offer)
  if (!remote.ok || local.layout === undefined) return undefined
  const { timing, media } = remote.value
  if (media.length < local.layout.lines.length || media.some(({ port }) => port !== 0)) return undefined
  const { address, sessionId, sessionVersion } = local
  const lines = media.map(({ line }): LocalMediaLine => ({ refused: true, ...line }))
  return printDescription({ address, sessionId, sessionVersion, timing, media: lines })
}

/** Takes the answer to the offer that was made from `local`. An error means that there is no common ground: end the call. */
export function acceptAnswer(local: LocalMedia, answer: Uint8Array): Result<Negotiation> {
  const remote = parseDescription(answer)
  return remote.ok ? agree(remote.value, local, (line) => offersSrtp(local) && answersOffer(line)) : remote
}

const AUDIO_LINE: MediaLine = { type: 'audio', protocol: 'RTP/AVP', formats: '' }
const SECURE_AUDIO_LINE: MediaLine = { ...AUDIO_LINE, protocol: 'RTP/SAVP' }
/** Profiles with and without SRTP; keys may also come with the latter (RFC 8643). */
const SECURE_PROTOCOLS: readonly string[] = ['RTP/SAVP', 'RTP/SAVPF']
const CLEAR_PROTOCOLS: readonly string[] = ['RTP/AVP', 'RTP/AVPF']

function offersSrtp({ srtp }: LocalMedia): boolean {
  return srtp !== undefined && (srtp.policy !== 'accepted' || srtp.isInUse)
}

/** @param isUsable whether a key of the far end may be taken */
function agree(
  remote: RemoteDescription,
  local: LocalMedia,
  isUsable: (line: CryptoLine) => boolean,
): Result<Negotiation & { readonly cryptoTag?: number }> {
  let reason = 'no audio over RTP/AVP'
  for (const [audioIndex, media] of remote.media.entries()) {
    const { type, protocol } = media.line
    const isSecure = SECURE_PROTOCOLS.includes(protocol) && local.srtp !== undefined
    if (type !== 'audio' || media.port === 0 || !(isSecure || CLEAR_PROTOCOLS.includes(protocol))) continue
    if (media.address === undefined) {
      reason = 'no usable connection address'
      continue
    }
    const crypto = local.srtp === undefined ? undefined : media.crypto.find(isUsable)
    if (crypto === undefined && (isSecure || local.srtp?.policy === 'required')) {
      reason = isSecure ? 'no key for SRTP that we could use' : 'SRTP is required'
      continue
    }
    const stream = matchStream(media, media.address, local, crypto)
    const layout = { audioIndex, lines: remote.media.map(({ line }) => line) }
    if (stream !== undefined) {
      const payloadTypes = new Map(agreedFormats(stream).map(({ rtpmap, payloadType }) => [rtpmap, payloadType]))
      return ok({ stream, layout, payloadTypes, ...(crypto !== undefined && { cryptoTag: crypto.tag }) })
    }
    reason = 'no common codec'
  }
  return err(reason)
}

function matchStream(
  media: RemoteMedia,
  remoteAddress: string,
  local: LocalMedia,
  crypto: CryptoLine | undefined,
): NegotiatedStream | undefined {
  for (const format of media.formats) {
    const codec = audioCodecOf(format)
    if (codec === undefined || !local.codecs.includes(codec)) continue
    const isShared = media.rtcpMux && local.rtcpMux !== false
    const rtcp = isShared ? undefined : controlAddress(media, remoteAddress)
    const events = local.telephoneEvent ? telephoneEventFor(codec, media.formats) : undefined
    const stream: Writable<NegotiatedStream> = {
      remoteAddress,
      remotePort: media.port,
      codec,
      payloadType: format.payloadType,
      ptimeMs: sendingPtime(media, local.ptimeMs),
      direction: meet(local.direction, media.direction),
      rtcpMux: isShared,
    }
    if (events !== undefined) {
      stream.telephoneEventPayloadType = events.payloadType
      if (events.clockRateHz !== clockRateOf(codec)) stream.telephoneEventClockRateHz = events.clockRateHz
    }
    if (codec === 'OPUS') stream.opus = opusWishes(format.fmtp)
    if (rtcp !== undefined) stream.rtcp = rtcp
    if (crypto !== undefined && local.srtp !== undefined) {
      const { suite, keyAndSalt } = crypto
      stream.srtp = { suite, sendKey: local.srtp.keys()[suite], receiveKey: keyAndSalt }
    }
    return stream
  }
  return undefined
}

function controlAddress({ rtcp, port }: RemoteMedia, remoteAddress: string): NegotiatedStream['rtcp'] {
  const controlPort = rtcp?.port ?? port + 1
  if (controlPort < 1 || controlPort > 65_535) return undefined
  return { address: rtcp?.address ?? remoteAddress, port: controlPort }
}

/**
 * The telephone-event that shares the codec's clock (RFC 4733 section 2.1: one RTP stream has one clock). Far ends that
 * have none for a faster clock mean the one of 8 kHz to be used.
 */
function telephoneEventFor(codec: AudioCodecName, formats: readonly PayloadFormat[]): PayloadFormat | undefined {
  const rate = clockRateOf(codec)
  let found: PayloadFormat | undefined
  for (const format of formats) {
    if (format.clockRateHz !== rate && (format.clockRateHz !== 8000 || found !== undefined)) continue
    if (format.encoding.toLowerCase() !== 'telephone-event') continue
    if (format.clockRateHz === rate) return format
    found = format
  }
  return found
}

/** Each codec, and telephone-event for each clock among them, last the one of 8 kHz, which every far end knows. */
function offeredFormats({ codecs, telephoneEvent, payloadTypes }: LocalMedia): LocalFormat[] {
  const formats = codecs.map((name) => codecFormat(name, AUDIO_CODECS[name].payloadType))
  if (telephoneEvent) {
    const rates = new Set(codecs.map(clockRateOf))
    rates.delete(8000)
    for (const rate of [...rates, 8000]) formats.push(telephoneEventFormat(telephoneEventPayloadType(rate), rate))
  }
  return payloadTypes === undefined ? formats : keepPayloadTypes(formats, payloadTypes)
}

/** Gives each format the payload type that it has in the session, and the others none of those. */
function keepPayloadTypes(formats: readonly LocalFormat[], kept: ReadonlyMap<string, number>): LocalFormat[] {
  const taken = new Set(kept.values())
  return formats.map((format) => {
    let payloadType = kept.get(format.rtpmap)
    if (payloadType === undefined) {
      payloadType = format.payloadType
      while (taken.has(payloadType)) payloadType = payloadType >= 127 ? 96 : payloadType + 1
      taken.add(payloadType)
    }
    return { ...format, payloadType }
  })
}

function agreedFormats(stream: NegotiatedStream): LocalFormat[] {
  const { codec, payloadType, telephoneEventPayloadType: events } = stream
  const rate = stream.telephoneEventClockRateHz ?? clockRateOf(codec)
  const format = codecFormat(codec, payloadType)
  return events === undefined ? [format] : [format, telephoneEventFormat(events, rate)]
}

function sendingPtime(media: RemoteMedia, ours: number): number {
  const wished = media.ptimeMs !== undefined && SENDABLE_PTIMES_MS.includes(media.ptimeMs) ? media.ptimeMs : ours
  const { maxPtimeMs } = media
  if (maxPtimeMs === undefined || wished <= maxPtimeMs) return wished
  return SENDABLE_PTIMES_MS.findLast((ptime) => ptime <= maxPtimeMs) ?? wished
}

function codecFormat(name: AudioCodecName, payloadType: number): LocalFormat {
  const { clockRateHz, channels, fmtp }: AudioCodec = AUDIO_CODECS[name]
  const encoding = encodingOf(name)
  const rtpmap = channels === 1 ? `${encoding}/${clockRateHz}` : `${encoding}/${clockRateHz}/${channels}`
  return { payloadType, rtpmap, ...(fmtp !== undefined && { fmtp }) }
}

/** The sixteen DTMF events, which is also the default when the far end states no list (RFC 4733 section 2.4.1). */
function telephoneEventFormat(payloadType: number, clockRateHz: number): LocalFormat {
  return { payloadType, rtpmap: `telephone-event/${clockRateHz}`, fmtp: '0-15' }
}

function clockRateOf(codec: AudioCodecName): number {
  return AUDIO_CODECS[codec].clockRateHz
}
