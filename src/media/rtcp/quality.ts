/** What a listener had to bear, on average over a call. */
export interface Impairments {
  /** From mouth to ear, in milliseconds. */
  readonly delayMs: number
  /** The share of packets that could not be played, 0..1. */
  readonly loss: number
}

/** How a call sounded. */
export interface Quality {
  /** The E-model's rating factor R, 0..100: 90 and more is very satisfactory, below 60 most are not satisfied. */
  readonly rating: number
  /** The mean opinion score that listeners would give, 1..4.5 (ITU-T P.800). */
  readonly mos: number
}

/**
 * Rates a call by the E-model (ITU-T G.107, all parameters that we cannot know at their defaults):
 *
 *     R = 93.2 - Id - Ie,eff
 *     Id = 0.024 d + 0.11 max(0, d - 177.3)                     delay d in ms (Cole and Rosenbluth 2001, eq. 3)
 *     Ie,eff = Ie + (95 - Ie) Ppl / (Ppl + Bpl)                 random loss Ppl in percent (G.107 eq. 7-29, BurstR 1)
 *     MOS = 1 + 0.035 R + 7e-6 R (R - 60) (100 - R)             (G.107 annex B)
 *
 * Ie and Bpl are those of G.711 with concealment, 0 and 25.1 (G.113 appendix I). The scale is the narrowband one and
 * ends at MOS 4.4: a wideband codec is rated as if it were G.711.
 */
export function rateCall({ delayMs, loss }: Impairments): Quality {
  const delayImpairment = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - 177.3)
  const lossPercent = 100 * loss
  const lossImpairment = CODEC_IMPAIRMENT + (95 - CODEC_IMPAIRMENT) * (lossPercent / (lossPercent + LOSS_ROBUSTNESS))
  const rating = Math.min(Math.max(93.2 - delayImpairment - lossImpairment, 0), 100)
  // Just above R = 0 the polynomial dips below the scale.
  return { rating, mos: Math.max(1, 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)) }
}

const CODEC_IMPAIRMENT = 0
const LOSS_ROBUSTNESS = 25.1
