/**
 * G.711. The twin is src/media/codec/g711.ts, which uses tables; here the eight segments are powers of two: looked up
 * by `swizzle` to decode, and found in the exponent of a float to encode.
 */

export function decodePcmu(from: usize, length: usize, into: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    // 2^segment
    const scales = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0)
    for (; i + 16 <= length; i += 16) {
      const bits = v128.not(v128.load(from + i))
      const scale = i8x16.swizzle(scales, v128.and(i8x16.shr_u(bits, 4), i8x16.splat(7)))
      const steps = v128.and(bits, i8x16.splat(15))
      const target = into + 2 * i
      const low = muLawMagnitude(i16x8.extend_low_i8x16_u(steps), i16x8.extend_low_i8x16_u(scale))
      const high = muLawMagnitude(i16x8.extend_high_i8x16_u(steps), i16x8.extend_high_i8x16_u(scale))
      v128.store(target, negateWhere(i16x8.shr_s(i16x8.extend_low_i8x16_s(bits), 15), low))
      v128.store(target + 16, negateWhere(i16x8.shr_s(i16x8.extend_high_i8x16_s(bits), 15), high))
    }
  }
  for (; i < length; i++) {
    const bits = ~i32(load<u8>(from + i))
    const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132
    store<i16>(into + 2 * i, i16((bits & 0x80) === 0 ? magnitude : -magnitude))
  }
}

export function decodePcma(from: usize, length: usize, into: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    // 2^(segment - 1), and 1 for the first segment: the lowest two are one straight line.
    const scales = i8x16(1, 1, 2, 4, 8, 16, 32, 64, 0, 0, 0, 0, 0, 0, 0, 0)
    for (; i + 16 <= length; i += 16) {
      const bits = v128.xor(v128.load(from + i), i8x16.splat(0x55))
      const segment = v128.and(i8x16.shr_u(bits, 4), i8x16.splat(7))
      const scale = i8x16.swizzle(scales, segment)
      const leading = i8x16.min_u(segment, i8x16.splat(1))
      const steps = v128.and(bits, i8x16.splat(15))
      const target = into + 2 * i
      const low = aLawMagnitude(
        i16x8.extend_low_i8x16_u(steps),
        i16x8.extend_low_i8x16_u(leading),
        i16x8.extend_low_i8x16_u(scale),
      )
      const high = aLawMagnitude(
        i16x8.extend_high_i8x16_u(steps),
        i16x8.extend_high_i8x16_u(leading),
        i16x8.extend_high_i8x16_u(scale),
      )
      v128.store(target, negateWhere(v128.not(i16x8.shr_s(i16x8.extend_low_i8x16_s(bits), 15)), low))
      v128.store(target + 16, negateWhere(v128.not(i16x8.shr_s(i16x8.extend_high_i8x16_s(bits), 15)), high))
    }
  }
  for (; i < length; i++) {
    const bits = i32(load<u8>(from + i)) ^ 0x55
    const segment = (bits >> 4) & 7
    const step = ((bits & 15) << 4) + 8
    const magnitude = segment === 0 ? step : (step + 256) << (segment - 1)
    store<i16>(into + 2 * i, i16((bits & 0x80) === 0 ? -magnitude : magnitude))
  }
}

export function encodePcmu(from: usize, length: usize, into: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 16 <= length; i += 16) {
      const source = from + 2 * i
      const low = muLawCode(v128.load(source))
      const high = muLawCode(v128.load(source + 16))
      v128.store(into + i, v128.not(i8x16.narrow_i16x8_u(low, high)))
    }
  }
  for (; i < length; i++) {
    const sample = i32(load<i16>(from + 2 * i))
    const sign = sample >> 31
    const magnitude = min((sample ^ sign) + 132, 32_767)
    const segment = 24 - clz(magnitude)
    const code = (segment << 4) | ((magnitude >> (segment + 3)) & 15)
    store<u8>(into + i, u8(~(code | (sign & 0x80))))
  }
}

export function encodePcma(from: usize, length: usize, into: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 16 <= length; i += 16) {
      const source = from + 2 * i
      const low = aLawCode(v128.load(source))
      const high = aLawCode(v128.load(source + 16))
      v128.store(into + i, v128.xor(i8x16.narrow_i16x8_u(low, high), i8x16.splat(-0x2b)))
    }
  }
  for (; i < length; i++) {
    const sample = i32(load<i16>(from + 2 * i))
    const sign = sample >> 31
    const magnitude = sample ^ sign
    const segment = max(0, 24 - clz(magnitude))
    const code = (segment << 4) | ((magnitude >> max(4, segment + 3)) & 15)
    store<u8>(into + i, u8((code | (sign & 0x80)) ^ 0xd5))
  }
}

function muLawMagnitude(steps: v128, scale: v128): v128 {
  const biased = i16x8.add(i16x8.shl(steps, 3), i16x8.splat(132))
  return i16x8.sub(i16x8.mul(biased, scale), i16x8.splat(132))
}

function aLawMagnitude(steps: v128, leading: v128, scale: v128): v128 {
  const base = i16x8.add(i16x8.shl(leading, 8), i16x8.splat(8))
  return i16x8.mul(i16x8.add(i16x8.shl(steps, 4), base), scale)
}

/** Two's complement by mask: all ones negate, all zeros do not. */
function negateWhere(mask: v128, magnitude: v128): v128 {
  return i16x8.sub(v128.xor(magnitude, mask), mask)
}

/** Sign, segment and step of eight samples, before the inversion of all bits. The saturating sum is the clipping. */
function muLawCode(samples: v128): v128 {
  const sign = i16x8.shr_s(samples, 15)
  const magnitude = i16x8.add_sat_s(v128.xor(samples, sign), i16x8.splat(132))
  return v128.or(floatCode(magnitude), v128.and(sign, i16x8.splat(0x80)))
}

/** Sign, segment and step of eight samples, before the inversion of every second bit (and of the sign). */
function aLawCode(samples: v128): v128 {
  const sign = i16x8.shr_s(samples, 15)
  const magnitude = v128.xor(samples, sign)
  const isFirstSegment = i16x8.lt_s(magnitude, i16x8.splat(256))
  const code = v128.bitselect(i16x8.shr_u(magnitude, 4), floatCode(magnitude), isFirstSegment)
  return v128.or(code, v128.and(sign, i16x8.splat(0x80)))
}

/**
 * A float's exponent and its four highest mantissa bits are the segment and the step of a magnitude of 128 and more
 * (where segment 0 begins with the exponent 7, which is stored as 134).
 */
function floatCode(magnitude: v128): v128 {
  const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(magnitude))
  const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(magnitude))
  const codes = i16x8.narrow_i32x4_s(i32x4.shr_u(low, 19), i32x4.shr_u(high, 19))
  return i16x8.sub(codes, i16x8.splat(134 << 4))
}
