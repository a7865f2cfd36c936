/** The audio codecs that can be negotiated. Adding one is a row here and a codec of the same name in the media room. */
export const AUDIO_CODECS = {
  PCMU: { clockRateHz: 8000, channels: 1, payloadType: 0 },
  PCMA: { clockRateHz: 8000, channels: 1, payloadType: 8 },
  G722: { clockRateHz: 8000, channels: 1, payloadType: 9 },
  L16: { clockRateHz: 8000, channels: 1, payloadType: 118 },
} as const satisfies Record<string, AudioCodec>

export type AudioCodecName = keyof typeof AUDIO_CODECS

export interface AudioCodec {
  /** As SDP writes it, which for G.722 is not the sample rate (RFC 3551 section 4.5.2). */
  readonly clockRateHz: number
  readonly channels: number
  /** The static payload type of RFC 3551 section 6, or the dynamic one (96..127) that our offers use. */
  readonly payloadType: number
  /** Format parameters that we state for it, for example `useinbandfec=1`. */
  readonly fmtp?: string
}

/** The payload type that our own offers give to telephone-event. */
export const TELEPHONE_EVENT_PAYLOAD_TYPE = 101

/** What an `a=rtpmap` line says about a payload type, and what RFC 3551 section 6 says where the line is missing. */
export interface PayloadFormat {
  readonly payloadType: number
  readonly encoding: string
  readonly clockRateHz: number
  readonly channels: number
}

/** Finds the codec of ours that `format` means; encoding names are case-insensitive (RFC 8866 section 6.6). */
export function audioCodecOf(format: PayloadFormat): AudioCodecName | undefined {
  const name = format.encoding.toUpperCase()
  if (!Object.hasOwn(AUDIO_CODECS, name)) return undefined
  const codec: AudioCodec = AUDIO_CODECS[name as AudioCodecName]
  const same = codec.clockRateHz === format.clockRateHz && codec.channels === format.channels
  return same ? (name as AudioCodecName) : undefined
}

/** The codec that owns a static payload type, for descriptions that leave its rtpmap out. */
export function staticFormat(payloadType: number): PayloadFormat | undefined {
  if (payloadType >= 96) return undefined
  for (const [encoding, codec] of Object.entries(AUDIO_CODECS)) {
    if (codec.payloadType === payloadType) {
      return { payloadType, encoding, clockRateHz: codec.clockRateHz, channels: codec.channels }
    }
  }
  return undefined
}
