/** What a far end says of the Opus that it wants to receive (RFC 7587 section 6.1), as far as it concerns a sender of mono voice. */
export interface OpusWishes {
  /** Highest rate of sound that it can play, 8,000..48,000 Hz. Default 48,000. */
  readonly maxPlaybackRateHz?: number
  /** Bits in a second, 6,000..510,000. */
  readonly maxAverageBitrate?: number
  /** It makes use of the redundancy that Opus can carry against loss. Default false. */
  readonly useInbandFec?: boolean
  /** It would like silence not to be sent. Default false. */
  readonly useDtx?: boolean
  /** It wants packets of one size. Default false. */
  readonly constantBitrate?: boolean
}

/** Reads the format parameters of Opus. What is unknown, malformed or out of range is passed over. */
export function opusWishes(fmtp: string | undefined): OpusWishes {
  const parameters = new Map<string, number>()
  for (const part of (fmtp ?? '').split(';', MAX_PARAMETERS)) {
    const [, name, value] = PARAMETER.exec(part) ?? []
    if (name !== undefined) parameters.set(name.toLowerCase(), Number(value))
  }
  const between = (name: string, least: number, most: number): number | undefined => {
    const value = parameters.get(name)
    return value !== undefined && value >= least && value <= most ? value : undefined
  }
  const maxPlaybackRateHz = between('maxplaybackrate', 8000, 48_000)
  const maxAverageBitrate = between('maxaveragebitrate', 6000, 510_000)
  return {
    ...(maxPlaybackRateHz !== undefined && { maxPlaybackRateHz }),
    ...(maxAverageBitrate !== undefined && { maxAverageBitrate }),
    ...(parameters.get('useinbandfec') === 1 && { useInbandFec: true }),
    ...(parameters.get('usedtx') === 1 && { useDtx: true }),
    ...(parameters.get('cbr') === 1 && { constantBitrate: true }),
  }
}

const PARAMETER = /^\s*([a-z-]+)=(\d{1,9})\s*$/i
const MAX_PARAMETERS = 32
