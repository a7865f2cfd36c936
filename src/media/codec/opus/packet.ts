/** The RTP clock of Opus, whatever it carries (RFC 7587 section 4.1). */
export const OPUS_CLOCK_HZ = 48_000

/**
 * How long an Opus packet lasts, in ticks of 48 kHz: what its first octet says of the frames (RFC 6716 section 3.1)
 * times their number (section 3.2). 0 when it is none: nothing at all, no frames, frames that cannot be of that size,
 * or more than 120 ms. What is within the frames only the decoder sees.
 */
export function opusTicks(payload: Uint8Array, from: number, length: number): number {
  if (length === 0) return 0
  const toc = payload[from]!
  const frameTicks = ticksOfFrame(toc >> 3)
  switch (toc & 3) {
    case 0:
      return length - 1 <= MAX_FRAME_OCTETS ? frameTicks : 0
    case 1:
      return length % 2 === 1 ? 2 * frameTicks : 0
    case 2:
      return length > 1 ? 2 * frameTicks : 0
    default: {
      const ticks = length > 1 ? (payload[from + 1]! & 0x3f) * frameTicks : 0
      return ticks <= MAX_TICKS ? ticks : 0
    }
  }
}

/** SILK has frames of 10 to 60 ms, hybrid of 10 and 20, CELT of 2.5 to 20 (RFC 6716 table 2). */
function ticksOfFrame(configuration: number): number {
  if (configuration < 12) return SILK_TICKS[configuration & 3]!
  if (configuration < 16) return 480 << (configuration & 1)
  return 120 << (configuration & 3)
}

const SILK_TICKS = [480, 960, 1920, 2880] as const
const MAX_FRAME_OCTETS = 1275
const MAX_TICKS = 5760

/**
 * A packet no longer than this holds no sound: the sender falls silent, and may send nothing more until it speaks
 * again (discontinuous transmission, RFC 7587 section 3.1.3).
 */
export const OPUS_PAUSE_OCTETS = 2
