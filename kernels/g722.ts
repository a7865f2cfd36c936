import { dot } from './tone-bank'

/**
 * G.722. The twin is src/media/codec/g722.ts, which explains the blocks; offsets into states and tables are the same
 * there. States and tables stand in the memory and are handed in.
 */

export function g722Encode(
  bands: usize,
  window: usize,
  tables: usize,
  samples: usize,
  length: usize,
  into: usize,
): void {
  for (let i: usize = 0; i < length; i += 2) {
    const place = slide(bands, window, load<i16>(samples + 2 * i), load<i16>(samples + 2 * i, 2))
    const lower = encodeLower(bands, tables, dot(place, tables + 2 * SPLIT_LOW, 24) >> 14)
    const upper = encodeUpper(bands + 4 * UPPER, tables, dot(place, tables + 2 * SPLIT_HIGH, 24) >> 14)
    store<u8>(into + (i >> 1), u8((upper << 6) | lower))
  }
}

export function g722Decode(
  bands: usize,
  window: usize,
  tables: usize,
  payload: usize,
  length: usize,
  into: usize,
): void {
  for (let i: usize = 0; i < length; i++) {
    const octet = i32(load<u8>(payload + i))
    const low = decodeLower(bands, tables, octet & 0x3f)
    const high = limit15(adaptUpper(bands + 4 * UPPER, tables, octet >> 6))
    const place = slide(bands, window, i16(low + high), i16(low - high))
    store<i16>(into + 4 * i, i16(saturate(dot(place, tables + 2 * JOIN_FIRST, 24) >> 11)))
    store<i16>(into + 4 * i, i16(saturate(dot(place, tables + 2 * JOIN_SECOND, 24) >> 11)), 2)
  }
}

const QUANTIZER_6: usize = 0
const QUANTIZER_4: usize = 64
const SCALE_STEP_4: usize = 80
const ANTILOGARITHM: usize = 96
const DECISIONS_6: usize = 128
const DECISION_COUNT: i32 = 29
const SPLIT_LOW: usize = 160
const SPLIT_HIGH: usize = 184
const JOIN_FIRST: usize = 208
const JOIN_SECOND: usize = 232

/** Octets from the beginning of a band's state. */
const PREDICTED: usize = 0
const ZERO_PART: usize = 4
const LOG_SCALE: usize = 8
const DETECTOR: usize = 12
const POLE1: usize = 16
const POLE2: usize = 20
const RECONSTRUCTED: usize = 24
const PARTIAL1: usize = 28
const PARTIAL2: usize = 32
const ZEROS: usize = 36
const DIFFERENCES: usize = 60
/** In words. */
const UPPER: usize = 24
const PLACE: usize = 48
const WINDOW: i32 = 184

function slide(bands: usize, window: usize, first: i16, second: i16): usize {
  let place = load<i32>(bands + 4 * PLACE)
  if (place + 24 > WINDOW) {
    memory.copy(window, window + 2 * usize(place), 44)
    place = 0
  }
  store<i32>(bands + 4 * PLACE, place + 2)
  const at = window + 2 * usize(place)
  store<i16>(at, first, 44)
  store<i16>(at, second, 46)
  return at
}

function entry(tables: usize, table: usize, index: i32): i32 {
  return i32(load<i16>(tables + 2 * (table + usize(index))))
}

function encodeLower(band: usize, tables: usize, sample: i32): i32 {
  const error = saturate(sample - load<i32>(band, PREDICTED))
  const magnitude = error ^ (error >> 31)
  const detector = load<i32>(band, DETECTOR)
  let level = 0
  // Halved once, because loud samples are as likely as soft ones.
  if (magnitude >= (entry(tables, DECISIONS_6, 13) * detector) >> 12) level = 14
  while (level < DECISION_COUNT && magnitude >= (entry(tables, DECISIONS_6, level) * detector) >> 12) level++
  const code = error < 0 ? (level < 2 ? 63 - level : 33 - level) : 61 - level
  adaptLower(band, tables, code >> 2)
  return code
}

function decodeLower(band: usize, tables: usize, code: i32): i32 {
  const difference = (entry(tables, QUANTIZER_6, code) * load<i32>(band, DETECTOR)) >> 15
  const sample = limit15(load<i32>(band, PREDICTED) + difference)
  adaptLower(band, tables, code >> 2)
  return sample
}

function adaptLower(band: usize, tables: usize, code: i32): void {
  const difference = (entry(tables, QUANTIZER_4, code) * load<i32>(band, DETECTOR)) >> 15
  const scale = ((load<i32>(band, LOG_SCALE) * 127) >> 7) + entry(tables, SCALE_STEP_4, code)
  adaptScale(band, tables, max(0, min(18_432, scale)), 8)
  predict(band, difference)
}

function encodeUpper(band: usize, tables: usize, sample: i32): i32 {
  const error = saturate(sample - load<i32>(band, PREDICTED))
  const magnitude = error ^ (error >> 31)
  const isLarge = magnitude >= (564 * load<i32>(band, DETECTOR)) >> 12
  const code = error < 0 ? (isLarge ? 0 : 1) : isLarge ? 2 : 3
  adaptUpper(band, tables, code)
  return code
}

function adaptUpper(band: usize, tables: usize, code: i32): i32 {
  const isLarge = (code & 1) === 0
  const value = isLarge ? 7408 : 1616
  const difference = ((code < 2 ? -value : value) * load<i32>(band, DETECTOR)) >> 15
  const scale = ((load<i32>(band, LOG_SCALE) * 127) >> 7) + (isLarge ? 798 : -214)
  adaptScale(band, tables, max(0, min(22_528, scale)), 10)
  const sample = load<i32>(band, PREDICTED) + difference
  predict(band, difference)
  return sample
}

function adaptScale(band: usize, tables: usize, logarithm: i32, exponent: i32): void {
  const value = entry(tables, ANTILOGARITHM, (logarithm >> 6) & 31)
  const shift = exponent - (logarithm >> 11)
  store<i32>(band, logarithm, LOG_SCALE)
  store<i32>(band, (shift < 0 ? value << -shift : value >> shift) << 2, DETECTOR)
}

function predict(v: usize, difference: i32): void {
  const reconstructed = saturate(load<i32>(v, PREDICTED) + difference)
  const partial = saturate(load<i32>(v, ZERO_PART) + difference)
  const isLikeLast = partial >> 15 === load<i32>(v, PARTIAL1) >> 15
  const isLikeOneBefore = partial >> 15 === load<i32>(v, PARTIAL2) >> 15
  const push = saturate(load<i32>(v, POLE1) << 2)
  const second =
    (isLikeOneBefore ? 128 : -128) +
    (min(32_767, isLikeLast ? -push : push) >> 7) +
    ((load<i32>(v, POLE2) * 32_512) >> 15)
  const pole2 = max(-12_288, min(12_288, second))
  const bound = saturate(15_360 - pole2)
  const first = saturate((isLikeLast ? 192 : -192) + ((load<i32>(v, POLE1) * 32_640) >> 15))
  const pole1 = max(-bound, min(bound, first))
  const zeroPart = adaptZeros(v, difference)
  const former = load<i32>(v, RECONSTRUCTED)
  const polePart = saturate(((pole1 * saturate(2 * reconstructed)) >> 15) + ((pole2 * saturate(2 * former)) >> 15))
  store<i32>(v, reconstructed, RECONSTRUCTED)
  store<i32>(v, load<i32>(v, PARTIAL1), PARTIAL2)
  store<i32>(v, partial, PARTIAL1)
  store<i32>(v, pole1, POLE1)
  store<i32>(v, pole2, POLE2)
  store<i32>(v, zeroPart, ZERO_PART)
  store<i32>(v, saturate(polePart + zeroPart), PREDICTED)
}

function adaptZeros(v: usize, difference: i32): i32 {
  const sign = difference >> 15
  const push = difference === 0 ? 0 : 128
  let sum = 0
  let next = difference
  for (let at = v; at < v + 24; at += 4) {
    const past = load<i32>(at, DIFFERENCES)
    const zero = saturate((past >> 15 === sign ? push : -push) + ((load<i32>(at, ZEROS) * 32_640) >> 15))
    store<i32>(at, zero, ZEROS)
    store<i32>(at, next, DIFFERENCES)
    sum += (zero * saturate(2 * next)) >> 15
    next = past
  }
  return saturate(sum)
}

function saturate(value: i32): i32 {
  return max(-32_768, min(32_767, value))
}

function limit15(value: i32): i32 {
  return max(-16_384, min(16_383, value))
}
