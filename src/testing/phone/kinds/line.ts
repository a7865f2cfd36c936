import type { LinkConditions } from '../../network/conditions.ts'
import type { NatKind } from '../../network/nat.ts'
import type { DtmfHabits } from '../dtmf-habits.ts'
import type { PhoneKind } from '../phone-kind.ts'

/** Ways of sending keys that gateways are known for. */
const GATEWAYS = {
  /** No marker bit on the first packet of a press. */
  noMarker: { marker: false },
  /** The packets that end a press are never sent. */
  noEnds: { ends: 0 },
  /** Keys are held for 1.7 s. */
  longKeys: { keyMs: 1700 },
  /** Each packet of a press is stamped with its own time. */
  movingTimestamp: { movingTimestamp: true },
  /** Keys as tones in the sound; events are not offered. */
  inband: { by: 'inband' },
  /** Keys by SIP INFO. */
  info: { by: 'info' },
} satisfies Record<string, Partial<DtmfHabits>>

/** The same phone behind a gateway with a habit of its own in sending keys. */
export function gateway(habit: keyof typeof GATEWAYS | Partial<DtmfHabits>, kind: PhoneKind = {}): PhoneKind {
  const habits: Partial<DtmfHabits> = typeof habit === 'string' ? GATEWAYS[habit] : habit
  return { ...kind, set: { ...kind.set, dtmf: { ...kind.set?.dtmf, ...habits } } }
}

/** The same phone behind a NAT. */
export function behindNat(nat: NatKind, kind: PhoneKind = {}): PhoneKind {
  return { ...kind, line: { ...kind.line, nat } }
}

/** The same phone on a line that treats packets badly, both ways: loss, jitter, reordering, delay. */
export function onLine(conditions: Partial<LinkConditions>, kind: PhoneKind = {}): PhoneKind {
  return { ...kind, line: { ...kind.line, conditions: { ...kind.line?.conditions, ...conditions } } }
}
