/** Mixing over one 32-bit sum. The twin is src/media/dsp/mix.ts. */

/** Adds `length` samples to the sums. */
export function mixAdd(samples: usize, length: usize, sums: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load(samples + 2 * i)
      const target = sums + 4 * i
      v128.store(target, i32x4.add(v128.load(target), i32x4.extend_low_i16x8_s(eight)))
      v128.store(target + 16, i32x4.add(v128.load(target + 16), i32x4.extend_high_i16x8_s(eight)))
    }
  }
  for (; i < length; i++) store<i32>(sums + 4 * i, load<i32>(sums + 4 * i) + load<i16>(samples + 2 * i))
}

/** Begins the sums with `length` samples. */
export function mixBegin(samples: usize, length: usize, sums: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load(samples + 2 * i)
      v128.store(sums + 4 * i, i32x4.extend_low_i16x8_s(eight))
      v128.store(sums + 4 * i + 16, i32x4.extend_high_i16x8_s(eight))
    }
  }
  for (; i < length; i++) store<i32>(sums + 4 * i, load<i16>(samples + 2 * i))
}

/** Takes the sums back to 16 bits through the soft limiter. */
export function limit(sums: usize, length: usize, into: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 8 <= length; i += 8) {
      const low = limitFour(v128.load(sums + 4 * i))
      const high = limitFour(v128.load(sums + 4 * i + 16))
      v128.store(into + 2 * i, i16x8.narrow_i32x4_s(low, high))
    }
  }
  for (; i < length; i++) store<i16>(into + 2 * i, i16(limitOne(load<i32>(sums + 4 * i))))
}

/** What a party hears who is part of the sums: everybody but `own`. */
export function unmix(sums: usize, own: usize, length: usize, into: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load(own + 2 * i)
      const low = i32x4.sub(v128.load(sums + 4 * i), i32x4.extend_low_i16x8_s(eight))
      const high = i32x4.sub(v128.load(sums + 4 * i + 16), i32x4.extend_high_i16x8_s(eight))
      v128.store(into + 2 * i, i16x8.narrow_i32x4_s(limitFour(low), limitFour(high)))
    }
  }
  for (; i < length; i++) store<i16>(into + 2 * i, i16(limitOne(load<i32>(sums + 4 * i) - load<i16>(own + 2 * i))))
}

/** Makes samples louder or softer, `step` more for each: gains are whole numbers of 2^-20. The twin is src/media/dsp/amplify.ts. */
export function amplify(samples: usize, length: usize, gain: i32, step: i32): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    let gains = i32x4.add(i32x4.splat(gain), i32x4.mul(i32x4.splat(step), i32x4(0, 1, 2, 3)))
    const next = i32x4.splat(4 * step)
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load(samples + 2 * i)
      const low = amplifyFour(i32x4.extend_low_i16x8_s(eight), gains)
      gains = i32x4.add(gains, next)
      const high = amplifyFour(i32x4.extend_high_i16x8_s(eight), gains)
      gains = i32x4.add(gains, next)
      v128.store(samples + 2 * i, i16x8.narrow_i32x4_s(low, high))
    }
  }
  for (; i < length; i++) {
    const value = (load<i16>(samples + 2 * i) * ((gain + i32(i) * step) >> 10)) >> 10
    store<i16>(samples + 2 * i, i16(limitOne(value)))
  }
}

function amplifyFour(values: v128, gains: v128): v128 {
  return limitFour(i32x4.shr_s(i32x4.mul(values, i32x4.shr_s(gains, 10)), 10))
}

function limitFour(values: v128): v128 {
  const magnitude = i32x4.abs(values)
  const half = i32x4.add(i32x4.shr_u(magnitude, 1), i32x4.splat(12_288))
  const quarter = i32x4.add(i32x4.shr_u(magnitude, 2), i32x4.splat(20_480))
  const limited = i32x4.min_s(i32x4.min_s(magnitude, half), i32x4.min_s(quarter, i32x4.splat(32_767)))
  const sign = i32x4.shr_s(values, 31)
  return i32x4.sub(v128.xor(limited, sign), sign)
}

function limitOne(value: i32): i32 {
  const magnitude = abs(value)
  const limited = min(min(magnitude, (magnitude >> 1) + 12_288), min((magnitude >> 2) + 20_480, 32_767))
  return value < 0 ? -limited : limited
}
