/**
 * The dot products of one block of samples with `count` rows of coefficients, `length` of each. Four rows at a time,
 * because then every sample is loaded once for four. The twin is src/media/dsp/tone-bank.ts.
 */
export function dotBank(samples: usize, length: usize, rows: usize, count: usize, into: usize): void {
  const row = length * 2
  let k: usize = 0
  for (; k + 4 <= count; k += 4) {
    const first = rows + k * row
    let i: usize = 0
    let a: i32 = 0
    let b: i32 = 0
    let c: i32 = 0
    let d: i32 = 0
    if (ASC_FEATURE_SIMD) {
      let sumA = i32x4.splat(0)
      let sumB = i32x4.splat(0)
      let sumC = i32x4.splat(0)
      let sumD = i32x4.splat(0)
      for (; i + 8 <= length; i += 8) {
        const eight = v128.load(samples + 2 * i)
        const at = first + 2 * i
        sumA = i32x4.add(sumA, i32x4.dot_i16x8_s(eight, v128.load(at)))
        sumB = i32x4.add(sumB, i32x4.dot_i16x8_s(eight, v128.load(at + row)))
        sumC = i32x4.add(sumC, i32x4.dot_i16x8_s(eight, v128.load(at + 2 * row)))
        sumD = i32x4.add(sumD, i32x4.dot_i16x8_s(eight, v128.load(at + 3 * row)))
      }
      a = sumOf(sumA)
      b = sumOf(sumB)
      c = sumOf(sumC)
      d = sumOf(sumD)
    }
    for (; i < length; i++) {
      const sample = i32(load<i16>(samples + 2 * i))
      const at = first + 2 * i
      a += sample * load<i16>(at)
      b += sample * load<i16>(at + row)
      c += sample * load<i16>(at + 2 * row)
      d += sample * load<i16>(at + 3 * row)
    }
    const target = into + 4 * k
    store<i32>(target, a)
    store<i32>(target, b, 4)
    store<i32>(target, c, 8)
    store<i32>(target, d, 12)
  }
  for (; k < count; k++) store<i32>(into + 4 * k, dot(samples, rows + k * row, length))
}

/** One dot product, wrapping at 32 bits. */
export function dot(samples: usize, row: usize, length: usize): i32 {
  let i: usize = 0
  let sum: i32 = 0
  if (ASC_FEATURE_SIMD) {
    let sums = i32x4.splat(0)
    for (; i + 8 <= length; i += 8)
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(v128.load(samples + 2 * i), v128.load(row + 2 * i)))
    sum = sumOf(sums)
  }
  for (; i < length; i++) sum += i32(load<i16>(samples + 2 * i)) * load<i16>(row + 2 * i)
  return sum
}

function sumOf(lanes: v128): i32 {
  const pairs = i32x4.add(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1))
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
}
