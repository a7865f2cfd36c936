/** Octets of a telephone-event payload (RFC 4733 section 2.3). */
export const EVENT_PAYLOAD_LENGTH = 4

/**
 * Writes a telephone-event payload.
 * @param volume in -dBm0, 0..63
 * @param duration since the event began, in timestamp units, 0..65,535
 */
export function writeEventPayload(
  into: Uint8Array,
  at: number,
  event: number,
  end: boolean,
  volume: number,
  duration: number,
): void {
  into[at] = event
  into[at + 1] = (end ? 0x80 : 0) | volume
  into[at + 2] = duration >>> 8
  into[at + 3] = duration
}
