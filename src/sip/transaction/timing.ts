/**
 * The durations behind every timer of the transactions (RFC 3261 section 17 and its table of timers, RFC 6026
 * section 7), in milliseconds. Timers A, B, E, F, G, H, J, L and M follow from `t1Ms` and `t2Ms`.
 */
export interface TransactionTiming {
  /** T1, the estimated round trip. Retransmissions start with it; 64*T1 is how long anything is waited for. */
  readonly t1Ms: number
  /** T2, the longest interval between retransmissions of a non-INVITE request and of a response to INVITE. */
  readonly t2Ms: number
  /** T4, the longest time a message stays in the network; timers I and K. */
  readonly t4Ms: number
  /** Timer D: how long an INVITE client absorbs retransmitted failures on an unreliable transport, at least 32 s. */
  readonly timerDMs: number
  /** How long the TU may stay silent before the server side sends 100 Trying (section 17.2.1). */
  readonly tryingMs: number
}

/** The values of RFC 3261: T1 500 ms, T2 4 s, T4 5 s, timer D 32 s, 100 Trying after 200 ms. */
export const RFC_TIMING: TransactionTiming = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, timerDMs: 32_000, tryingMs: 200 }

/** 64*T1, the patience of timers B, F, H, J, L and M: 32 s by default. */
export function patienceMs(timing: TransactionTiming): number {
  return 64 * timing.t1Ms
}
