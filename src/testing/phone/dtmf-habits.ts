/** How a phone, or the gateway before it, sends the keys that are pressed. The quirks are those of gateways in use. */
export interface DtmfHabits {
  /** RFC 4733 events, tones in the sound, or SIP INFO. Default `event`, and tones where events were not agreed on. */
  readonly by: 'event' | 'inband' | 'info'
  /** How long a key is held, ms. Default 100. */
  readonly keyMs: number
  /** Pause after each key, ms. Default 80. */
  readonly gapMs: number
  /** The marker bit on the first packet of a press. Default true. */
  readonly marker: boolean
  /** How often the end of a press is sent; 0 leaves it out. Default 3 (RFC 4733 section 2.5.1.4). */
  readonly ends: number
  /** Every packet of a press has a timestamp of its own, as some gateways stamp them. Default false. */
  readonly movingTimestamp: boolean
}

/** Keys as events, just as RFC 4733 wants them. */
export const GOOD_HABITS: DtmfHabits = {
  by: 'event',
  keyMs: 100,
  gapMs: 80,
  marker: true,
  ends: 3,
  movingTimestamp: false,
}
