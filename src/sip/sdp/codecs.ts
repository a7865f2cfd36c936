/** The audio codecs that can be negotiated. Adding one is a row here and a codec of the same name in the media room. */
export const AUDIO_CODECS = {
  PCMU: { clockRateHz: 8000, channels: 1, payloadType: 0 },
  PCMA: { clockRateHz: 8000, channels: 1, payloadType: 8 },
  G722: { clockRateHz: 8000, channels: 1, payloadType: 9 },
  L16: { clockRateHz: 8000, channels: 1, payloadType: 118 },
  'L16/16000': { encoding: 'L16', clockRateHz: 16_000, channels: 1, payloadType: 119 },
  /** Always called 48 kHz stereo (RFC 7587 section 7). We play and make mono of 16 kHz at most. */
  OPUS: {
    encoding: 'opus',
    clockRateHz: 48_000,
    channels: 2,
    payloadType: 111,
    fmtp: 'maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=40000;stereo=0;useinbandfec=1',
  },
} as const satisfies Record<string, AudioCodec>

export type AudioCodecName = keyof typeof AUDIO_CODECS

export interface AudioCodec {
  /** The encoding name in SDP, where it is not the name that we give it. */
  readonly encoding?: string
  /** As SDP writes it, which for G.722 is not the sample rate (RFC 3551 section 4.5.2). */
  readonly clockRateHz: number
  readonly channels: number
  /** The static payload type of RFC 3551 section 6, or the dynamic one (96..127) that our offers use. */
  readonly payloadType: number
  /** Format parameters that we state for it, for example `useinbandfec=1`. */
  readonly fmtp?: string
}

/** The payload type that our own offers give to telephone-event with the clock of most codecs. */
export const TELEPHONE_EVENT_PAYLOAD_TYPE = 101

/** The same for each clock that a codec may have: telephone-event has to share it (RFC 4733 section 2.1). */
export function telephoneEventPayloadType(clockRateHz: number): number {
  return clockRateHz === 8000 ? TELEPHONE_EVENT_PAYLOAD_TYPE : clockRateHz === 16_000 ? 102 : 103
}

/** What an `a=rtpmap` line says about a payload type, and what RFC 3551 section 6 says where the line is missing. */
export interface PayloadFormat {
  readonly payloadType: number
  readonly encoding: string
  readonly clockRateHz: number
  readonly channels: number
  /** Its format parameters, when there are any. */
  readonly fmtp?: string
}

/** Finds the codec of ours that `format` means; encoding names are case-insensitive (RFC 8866 section 6.6). */
export function audioCodecOf(format: PayloadFormat): AudioCodecName | undefined {
  const encoding = format.encoding.toUpperCase()
  for (const codec of ENCODINGS)
    if (codec.encoding === encoding && codec.clockRateHz === format.clockRateHz && codec.channels === format.channels)
      return codec.name
  return undefined
}

/** The encoding name of a codec in SDP. */
export function encodingOf(name: AudioCodecName): string {
  const { encoding }: AudioCodec = AUDIO_CODECS[name]
  return encoding ?? name
}

const NAMES = Object.keys(AUDIO_CODECS) as AudioCodecName[]
const ENCODINGS = NAMES.map((name) => {
  const { clockRateHz, channels } = AUDIO_CODECS[name]
  return { name, encoding: encodingOf(name).toUpperCase(), clockRateHz, channels }
})

/** The codec that owns a static payload type, for descriptions that leave its rtpmap out. */
export function staticFormat(payloadType: number): PayloadFormat | undefined {
  if (payloadType >= 96) return undefined
  for (const name of NAMES) {
    const { clockRateHz, channels, payloadType: ours } = AUDIO_CODECS[name]
    if (ours === payloadType) return { payloadType, encoding: encodingOf(name), clockRateHz, channels }
  }
  return undefined
}
