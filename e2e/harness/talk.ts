import type { HeardTone, Phone } from 'ringdown/testing'

const HUM = [{ tone1: { frequencyHz: 620, amplitude: 13 }, durationMs: 600, add: 'summation' }] as const

/** Waits until a phone is in a call. Who calls it may have been answered by us before it is called, and it may have been in another. */
export function untilInCall(phone: Phone): Promise<void> {
  return phone.until('to be in a call', () => phone.state === 'ANSWERED', { isForEnd: true })
}

/** One hums until the other hears it: what connects them may be on its way yet. */
export async function expectHeard(from: Phone, to: Phone): Promise<Readonly<HeardTone>> {
  void from.hum(HUM, { loop: true })
  const heard = await to.hears.tone([620])
  from.silence()
  return heard
}
