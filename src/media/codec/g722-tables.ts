/**
 * The tables of ITU-T G.722 (2012), 64 kbit/s, in one array: the kernel reads them from its own memory by the same
 * offsets.
 */

/** Where each table begins in {@link G722_TABLES}. */
export const QUANTIZER_6 = 0
export const QUANTIZER_4 = 64
export const SCALE_STEP_4 = 80
export const ANTILOGARITHM = 96
export const DECISIONS_6 = 128
export const SPLIT_LOW = 160
export const SPLIT_HIGH = 184
export const JOIN_FIRST = 208
export const JOIN_SECOND = 232

/** Decision levels of the 6-bit quantizer of the lower band (table 14, LL6). */
export const DECISION_COUNT = 29

/** Output values of the inverse quantizers by codeword (tables 17 and 18): the ladder of magnitudes, from the largest. */
const MAGNITUDES_6 = [
  24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
  4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
]
const MAGNITUDES_4 = [20_456, 12_896, 8968, 6288, 4240, 2584, 1200]

const negative = (values: readonly number[]): number[] => values.map((value) => -value)

/** The lowest four codewords of the lower band are not used; they stand for the smallest negative step. */
const quantizer6 = [
  ...new Array(4).fill(-136),
  ...negative(MAGNITUDES_6.slice(0, 28)),
  ...MAGNITUDES_6,
  ...negative(MAGNITUDES_6.slice(28)),
]
const quantizer4 = [0, ...negative(MAGNITUDES_4), ...MAGNITUDES_4, 0]

/** What a 4-bit codeword adds to the logarithm of the lower band's scale (table 20, WL by way of RIL). */
const steps = [-60, 3042, 1198, 538, 334, 172, 58, -30]
const scaleStep4 = [...steps, 3042, 1198, 538, 334, 172, 58, -30, -60]

/** 2,048 * 2^(i / 32) (table 21, ILB). */
const antilogarithm = [
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
  3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
]

const decisions6 = [
  35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458,
  1612, 1765, 1980, 2195, 2557, 2919,
]

/** One half of the symmetrical 24-tap filter that splits and joins the bands (table 11). */
const mirror = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11]

const interleave = (even: (i: number) => number, odd: (i: number) => number): number[] =>
  mirror.flatMap((_, i) => [even(i), odd(i)])

export const G722_TABLES: Int16Array = new Int16Array(256)
for (const [at, table] of [
  [QUANTIZER_6, quantizer6],
  [QUANTIZER_4, quantizer4],
  [SCALE_STEP_4, scaleStep4],
  [ANTILOGARITHM, antilogarithm],
  [DECISIONS_6, decisions6],
  [
    SPLIT_LOW,
    interleave(
      (i) => mirror[i]!,
      (i) => mirror[11 - i]!,
    ),
  ],
  [
    SPLIT_HIGH,
    interleave(
      (i) => -mirror[i]!,
      (i) => mirror[11 - i]!,
    ),
  ],
  [
    JOIN_FIRST,
    interleave(
      () => 0,
      (i) => mirror[11 - i]!,
    ),
  ],
  [
    JOIN_SECOND,
    interleave(
      (i) => mirror[i]!,
      () => 0,
    ),
  ],
] as const)
  G722_TABLES.set(table, at)
