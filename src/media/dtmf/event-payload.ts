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

/**
 * Brings the duration of a telephone-event payload to another clock. One that is too long for it then stays the longest
 * that can be said; on a fast clock a long key would have to be cut into segments (RFC 4733 section 2.5.1.3), which
 * nobody needs who hears digits.
 */
export function scaleEventDuration(payload: Uint8Array, at: number, ratio: number): void {
  const duration = Math.min(Math.round(((payload[at + 2]! << 8) | payload[at + 3]!) * ratio), 0xffff)
  payload[at + 2] = duration >>> 8
  payload[at + 3] = duration
}
