import { dot } from './tone-bank'

/**
 * A polyphase FIR filter: output `n` is the dot product of the `taps` samples from `n * step / phases` on with the row
 * of coefficients (14 bits after the point) of phase `n * step % phases`. The twin is src/media/dsp/polyphase.ts.
 */
export function polyphase(
  samples: usize,
  rows: usize,
  taps: usize,
  phases: usize,
  step: usize,
  count: usize,
  into: usize,
): void {
  let at = samples
  let phase: usize = 0
  for (let n: usize = 0; n < count; n++) {
    const sum = dot(at, rows + 2 * phase * taps, taps)
    store<i16>(into + 2 * n, i16(min(max((sum + 8192) >> 14, -32_768), 32_767)))
    phase += step
    while (phase >= phases) {
      phase -= phases
      at += 2
    }
  }
}

/**
 * Straight lines between samples: output `n` is read at `phase + n * step`, both with 16 bits after the point.
 * The twin is src/media/dsp/linear.ts.
 */
export function linear(samples: usize, phase: u32, step: u32, count: usize, into: usize): void {
  for (let n: usize = 0; n < count; n++) {
    const at = samples + 2 * usize(phase >> 16)
    const left = i32(load<i16>(at))
    const right = i32(load<i16>(at, 2))
    store<i16>(into + 2 * n, i16(left + (((right - left) * i32((phase & 0xffff) >> 1)) >> 15)))
    phase += step
  }
}
