import type { CodecName } from '../../media/index.ts'
import { type NegotiatedStream, reachOf } from '../../sip/index.ts'
import type { MediaObstacle } from './media-news.ts'

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
 * it stands, and to reach it by all that is known here. What lasts goes before what passes.
 */
export function releaseObstacle(one: ReleasableSound, other: ReleasableSound): MediaObstacle | undefined {
  if (one.isInside || other.isInside) return 'inside'
  if (one.stream === undefined || other.stream === undefined) return 'noSound'
  return (
    formatObstacle(one.stream, other.stream) ??
    networkObstacle(one, other, one.stream, other.stream) ??
    (one.isInUse || other.isInUse ? 'inUse' : one.isOnHold || other.isOnHold ? 'onHold' : undefined)
  )
}

function formatObstacle(one: NegotiatedStream, other: NegotiatedStream): MediaObstacle | undefined {
  if (one.srtp !== undefined || other.srtp !== undefined) return 'encrypted'
  if (one.codec !== other.codec) return 'codec'
  if (one.payloadType !== other.payloadType) return 'payloadType'
  const isSameEvent =
    one.telephoneEventPayloadType === other.telephoneEventPayloadType &&
    one.telephoneEventClockRateHz === other.telephoneEventClockRateHz
  if (!isSameEvent) return 'keys'
  return isSameOpus(one, other) ? undefined : 'opus'
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
): MediaObstacle | undefined {
  if (remoteAddress.includes(':') !== otherAddress.includes(':')) return 'addressFamily'
  const reach = reachOf(remoteAddress)
  if (announced !== other.announced || reach !== reachOf(otherAddress)) return 'network'
  if (reach === 'everywhere') return undefined
  const isBehindNat = [farEnd, other.farEnd].some((address) => address !== undefined && reachOf(address) !== reach)
  return isBehindNat ? 'nat' : undefined
}
