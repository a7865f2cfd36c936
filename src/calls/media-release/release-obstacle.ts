import type { CodecName } from '../../media/index.ts'
import { type NegotiatedStream, reachOf } from '../../sip/index.ts'

/** What decides whether the sound of a call may go past us. */
export interface ReleasableSound {
  /** What offer and answer have agreed on last. */
  readonly stream: NegotiatedStream | undefined
  /** Whether somebody here plays, records, listens, or waits for keys. */
  readonly isInUse: boolean
  readonly isOnHold: boolean
  /** Its far end is one of ours: an application, or a room. */
  readonly isInside: boolean
  /** The IP address that its SIP goes to, when that is known. */
  readonly farEnd: string | undefined
  /** The address of ours that it is told, when that is not the bound one. */
  readonly announced: string | undefined
}

/**
 * Why two far ends cannot send their sound to each other now, or `undefined`: each has to understand what the other sends as
 * it stands, and to reach it by all that is known here.
 */
export function releaseObstacle(one: ReleasableSound, other: ReleasableSound): string | undefined {
  for (const { isInUse, isOnHold, isInside } of [one, other]) {
    if (isInUse) return 'somebody here plays, records or listens'
    if (isOnHold) return 'one holds the other'
    if (isInside) return 'one of them is here'
  }
  if (one.stream === undefined || other.stream === undefined) return 'one of them has no sound'
  return formatObstacle(one.stream, other.stream) ?? networkObstacle(one, other, one.stream, other.stream)
}

function formatObstacle(one: NegotiatedStream, other: NegotiatedStream): string | undefined {
  if (one.srtp !== undefined || other.srtp !== undefined) return 'one of them is encrypted'
  if (one.codec !== other.codec || one.payloadType !== other.payloadType) return 'they have no codec in common'
  const isSameEvent =
    one.telephoneEventPayloadType === other.telephoneEventPayloadType &&
    one.telephoneEventClockRateHz === other.telephoneEventClockRateHz
  if (!isSameEvent) return 'they have no form of keys in common'
  return isSameOpus(one, other) ? undefined : 'they want Opus in different forms'
}

function isSameOpus({ codec, opus }: NegotiatedStream, other: NegotiatedStream): boolean {
  return codec !== ('OPUS' satisfies CodecName) || JSON.stringify(opus) === JSON.stringify(other.opus)
}

/**
 * Those of one family that are told the same address of ours are in one network, unless a NAT is in front of one: its
 * packets then come from elsewhere than its description says.
 */
function networkObstacle(
  { announced, farEnd }: ReleasableSound,
  other: ReleasableSound,
  { remoteAddress }: NegotiatedStream,
  { remoteAddress: otherAddress }: NegotiatedStream,
): string | undefined {
  if (remoteAddress.includes(':') !== otherAddress.includes(':')) return 'one has IPv4, the other IPv6'
  const reach = reachOf(remoteAddress)
  if (announced !== other.announced || reach !== reachOf(otherAddress)) return 'they are in different networks'
  if (reach === 'everywhere') return undefined
  const isBehindNat = [farEnd, other.farEnd].some((address) => address !== undefined && reachOf(address) !== reach)
  return isBehindNat ? 'one of them is behind a NAT' : undefined
}
