import type { Phone } from '../../../testing/index.ts'

/** The longest that nothing came to a phone in the next `ms`, to 5 ms. */
export async function longestGapMs(phone: Phone, ms: number): Promise<number> {
  let longest = 0
  let latestAt = phone.now
  let { packets } = phone.ears
  for (const endsAt = phone.now + ms; phone.now < endsAt; ) {
    await phone.sleep(5)
    if (phone.ears.packets !== packets) latestAt = phone.now
    packets = phone.ears.packets
    longest = Math.max(longest, phone.now - latestAt)
  }
  return longest
}
