import { saturate } from '../dsp/mix.ts'
import {
  ANTILOGARITHM,
  DECISION_COUNT,
  DECISIONS_6,
  JOIN_FIRST,
  JOIN_SECOND,
  QUANTIZER_4,
  QUANTIZER_6,
  SCALE_STEP_4,
  SPLIT_HIGH,
  SPLIT_LOW,
  G722_TABLES as T,
} from './g722-tables.ts'

/**
 * G.722 (ITU-T, 2012) at 64 kbit/s: 16 kHz sound in as many octets as G.711 takes for 8 kHz. A filter splits the
 * sound into two bands of 8,000 samples a second; each is coded as the difference from what an adaptive predictor
 * expects, with 6 bits in the lower band and 2 in the upper. An octet holds one sample of either band.
 *
 * The arithmetic is the recommendation's, bit by bit; block names in the comments are those of its clause 6.
 */
export interface G722State {
  /** Predictor and scale of the lower band, then of the upper, then the place in the window. */
  readonly bands: Int32Array
  /** The last samples that the splitting or joining filter has seen. */
  readonly window: Int16Array
}

/** The length of {@link G722State.bands}. */
export const G722_BANDS = 64
/** The length of {@link G722State.window}: room for 80 steps before the past has to be moved to the front. */
export const G722_WINDOW = 184

/** Brings a state to where encoder and decoder begin. */
export function g722Reset({ bands, window }: G722State): void {
  bands.fill(0)
  window.fill(0)
  bands[DETECTOR] = 32
  bands[UPPER + DETECTOR] = 8
}

/** Encodes `length` samples at 16 kHz, an even number, into half as many octets. */
export function g722EncodeInto(
  state: G722State,
  samples: Int16Array,
  from: number,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  const { bands, window } = state
  for (let i = 0; i < length; i += 2) {
    const place = slide(state, samples[from + i]!, samples[from + i + 1]!)
    const lower = encodeLower(bands, filter(window, place, SPLIT_LOW) >> 14)
    const upper = encodeUpper(bands, filter(window, place, SPLIT_HIGH) >> 14)
    into[at + (i >> 1)] = (upper << 6) | lower
  }
}

/** Decodes `length` octets into twice as many samples at 16 kHz. */
export function g722DecodeInto(
  state: G722State,
  payload: Uint8Array,
  from: number,
  length: number,
  into: Int16Array,
  at: number,
): void {
  const { bands, window } = state
  for (let i = 0; i < length; i++) {
    const octet = payload[from + i]!
    const low = decodeLower(bands, octet & 0x3f)
    const high = decodeUpper(bands, octet >> 6)
    const place = slide(state, low + high, low - high)
    into[at + 2 * i] = saturate(filter(window, place, JOIN_FIRST) >> 11)
    into[at + 2 * i + 1] = saturate(filter(window, place, JOIN_SECOND) >> 11)
  }
}

/** Offsets within the state of a band. */
const PREDICTED = 0
const ZERO_PART = 1
const LOG_SCALE = 2
const DETECTOR = 3
const POLE1 = 4
const POLE2 = 5
const RECONSTRUCTED = 6
const PARTIAL1 = 7
const PARTIAL2 = 8
const ZEROS = 9
const DIFFERENCES = 15
/** Where the upper band begins, and where the place in the window stands. */
const UPPER = 24
const PLACE = 48

/** Puts two samples into the window and returns where the 24 begin that the filter sees now. */
function slide({ bands, window }: G722State, first: number, second: number): number {
  let place = bands[PLACE]!
  if (place + 24 > window.length) {
    window.copyWithin(0, place, place + 22)
    place = 0
  }
  window[place + 22] = first
  window[place + 23] = second
  bands[PLACE] = place + 2
  return place
}

/** The transmitting and receiving quadrature mirror filters (clauses 3.1 and 4.4). */
function filter(window: Int16Array, place: number, table: number): number {
  let sum = 0
  for (let i = 0; i < 24; i++) sum += window[place + i]! * T[table + i]!
  return sum
}

function encodeLower(band: Int32Array, sample: number): number {
  const error = saturate(sample - band[PREDICTED]!)
  const magnitude = error < 0 ? ~error : error
  const detector = band[DETECTOR]!
  let level = 0
  while (level < DECISION_COUNT && magnitude >= (T[DECISIONS_6 + level]! * detector) >> 12) level++
  // QUANTL: codewords fall as the level rises, and the two highest of the negative side stand apart.
  const code = error < 0 ? (level < 2 ? 63 - level : 33 - level) : 61 - level
  adaptLower(band, code >> 2)
  return code
}

function decodeLower(band: Int32Array, code: number): number {
  const difference = (T[QUANTIZER_6 + code]! * band[DETECTOR]!) >> 15
  const sample = limit15(band[PREDICTED]! + difference)
  adaptLower(band, code >> 2)
  return sample
}

/** INVQAL, LOGSCL and SCALEL: prediction and scale follow the four highest bits only. */
function adaptLower(band: Int32Array, code: number): void {
  const difference = (T[QUANTIZER_4 + code]! * band[DETECTOR]!) >> 15
  const scale = ((band[LOG_SCALE]! * 127) >> 7) + T[SCALE_STEP_4 + code]!
  band[LOG_SCALE] = Math.max(0, Math.min(18_432, scale))
  band[DETECTOR] = linearScale(band[LOG_SCALE]!, 8)
  predict(band, 0, difference)
}

function encodeUpper(band: Int32Array, sample: number): number {
  const error = saturate(sample - band[UPPER + PREDICTED]!)
  const magnitude = error < 0 ? ~error : error
  const isLarge = magnitude >= (564 * band[UPPER + DETECTOR]!) >> 12
  const code = error < 0 ? (isLarge ? 0 : 1) : isLarge ? 2 : 3
  adaptUpper(band, code)
  return code
}

function decodeUpper(band: Int32Array, code: number): number {
  return limit15(adaptUpper(band, code))
}

/** INVQAH, LOGSCH and SCALEH; returns the reconstructed sample. */
function adaptUpper(band: Int32Array, code: number): number {
  const isLarge = (code & 1) === 0
  const value = isLarge ? 7408 : 1616
  const difference = ((code < 2 ? -value : value) * band[UPPER + DETECTOR]!) >> 15
  const scale = ((band[UPPER + LOG_SCALE]! * 127) >> 7) + (isLarge ? 798 : -214)
  band[UPPER + LOG_SCALE] = Math.max(0, Math.min(22_528, scale))
  band[UPPER + DETECTOR] = linearScale(band[UPPER + LOG_SCALE]!, 10)
  const sample = band[UPPER + PREDICTED]! + difference
  predict(band, UPPER, difference)
  return sample
}

/** From the logarithm of a scale to the scale itself. */
function linearScale(logarithm: number, exponent: number): number {
  const value = T[ANTILOGARITHM + ((logarithm >> 6) & 31)]!
  const shift = exponent - (logarithm >> 11)
  return (shift < 0 ? value << -shift : value >> shift) << 2
}

/** The predictor of a band, which has two poles and six zeros: takes in a difference and says what comes next. */
function predict(v: Int32Array, o: number, difference: number): void {
  const sign = difference >> 15
  // RECONS, PARREC
  const reconstructed = saturate(v[o + PREDICTED]! + difference)
  const partial = saturate(v[o + ZERO_PART]! + difference)
  const isLikeLast = partial >> 15 === v[o + PARTIAL1]! >> 15
  const isLikeOneBefore = partial >> 15 === v[o + PARTIAL2]! >> 15
  // UPPOL2
  const push = saturate(v[o + POLE1]! << 2)
  const second =
    (isLikeOneBefore ? 128 : -128) +
    (Math.min(32_767, isLikeLast ? -push : push) >> 7) +
    ((v[o + POLE2]! * 32_512) >> 15)
  const pole2 = Math.max(-12_288, Math.min(12_288, second))
  // UPPOL1
  const bound = saturate(15_360 - pole2)
  const first = saturate((isLikeLast ? 192 : -192) + ((v[o + POLE1]! * 32_640) >> 15))
  const pole1 = Math.max(-bound, Math.min(bound, first))
  // UPZERO, DELAYA and FILTEZ in one, from the oldest on
  const push0 = difference === 0 ? 0 : 128
  let zeroPart = 0
  for (let i = 5; i >= 0; i--) {
    const past = v[o + DIFFERENCES + i]!
    const zero = saturate((past >> 15 === sign ? push0 : -push0) + ((v[o + ZEROS + i]! * 32_640) >> 15))
    const next = i === 0 ? difference : v[o + DIFFERENCES + i - 1]!
    v[o + ZEROS + i] = zero
    v[o + DIFFERENCES + i] = next
    zeroPart += (zero * saturate(2 * next)) >> 15
  }
  zeroPart = saturate(zeroPart)
  // FILTEP, PREDIC
  const former = v[o + RECONSTRUCTED]!
  const polePart = saturate(((pole1 * saturate(2 * reconstructed)) >> 15) + ((pole2 * saturate(2 * former)) >> 15))
  v[o + RECONSTRUCTED] = reconstructed
  v[o + PARTIAL2] = v[o + PARTIAL1]!
  v[o + PARTIAL1] = partial
  v[o + POLE1] = pole1
  v[o + POLE2] = pole2
  v[o + ZERO_PART] = zeroPart
  v[o + PREDICTED] = saturate(polePart + zeroPart)
}

function limit15(value: number): number {
  return Math.max(-16_384, Math.min(16_383, value))
}
