/** The sum of the squares of `length` samples. The twin is src/media/dsp/level.ts. */
export function energy(samples: usize, length: usize): f64 {
  let i: usize = 0
  let sum: u64 = 0
  if (ASC_FEATURE_SIMD) {
    let sums = i64x2.splat(0)
    for (; i + 8 <= length; i += 8) {
      const eight = v128.load(samples + 2 * i)
      // Two squares of -32,768 are 2^31: read without a sign, they are right.
      const pairs = i32x4.dot_i16x8_s(eight, eight)
      sums = i64x2.add(sums, i64x2.add(i64x2.extend_low_i32x4_u(pairs), i64x2.extend_high_i32x4_u(pairs)))
    }
    sum = u64(i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1))
  }
  for (; i < length; i++) {
    const sample = i32(load<i16>(samples + 2 * i))
    sum += u64(sample * sample)
  }
  return f64(sum)
}

/**
 * The sum of the squares of `length` samples, each first multiplied by its place in `shape` and rounded to a whole
 * number; `shape` is in 32,768ths and nowhere -32,768. The twin is src/media/dsp/level.ts.
 */
export function shapedEnergy(samples: usize, length: usize, shape: usize): f64 {
  let i: usize = 0
  let sum: u64 = 0
  if (ASC_FEATURE_SIMD) {
    let sums = i64x2.splat(0)
    for (; i + 8 <= length; i += 8) {
      const eight = i16x8.q15mulr_sat_s(v128.load(samples + 2 * i), v128.load(shape + 2 * i))
      const pairs = i32x4.dot_i16x8_s(eight, eight)
      sums = i64x2.add(sums, i64x2.add(i64x2.extend_low_i32x4_u(pairs), i64x2.extend_high_i32x4_u(pairs)))
    }
    sum = u64(i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1))
  }
  for (; i < length; i++) {
    const shaped = (i32(load<i16>(samples + 2 * i)) * i32(load<i16>(shape + 2 * i)) + 0x4000) >> 15
    sum += u64(shaped * shaped)
  }
  return f64(sum)
}
