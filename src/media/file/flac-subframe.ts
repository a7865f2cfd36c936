import type { FlacBits } from './flac-bits.ts'

/** Decodes one channel of a frame of FLAC (RFC 9639 section 9.2). */
export function decodeSubframe(bits: FlacBits, blockSize: number, width: number): Int32Array {
  if (bits.bits(1) !== 0) throw damaged('a channel does not begin where it should')
  const type = bits.bits(6)
  const wasted = bits.bits(1) === 0 ? 0 : bits.unary() + 1
  const used = width - wasted
  if (used < 1) throw damaged('a channel wastes all its bits')
  const samples = new Int32Array(blockSize)
  if (type === 0) samples.fill(bits.signed(used))
  else if (type === 1) for (let i = 0; i < blockSize; i++) samples[i] = bits.signed(used)
  else if (type >= 8 && type <= 12) predict(bits, samples, used, FIXED[type - 8]!, 0)
  else if (type >= 32) decodeLinear(bits, samples, used, type - 31)
  else throw damaged('a channel is of a reserved kind')
  if (wasted > 0) for (let i = 0; i < blockSize; i++) samples[i] = samples[i]! << wasted
  return samples
}

function decodeLinear(bits: FlacBits, samples: Int32Array, width: number, order: number): void {
  const warmUp = readWarmUp(bits, samples, width, order)
  const precision = bits.bits(4) + 1
  if (precision === 16) throw damaged('a predictor is of a reserved precision')
  const shift = bits.signed(5)
  if (shift < 0) throw damaged('a predictor shifts the wrong way')
  const coefficients = Array.from({ length: order }, () => bits.signed(precision))
  readResidual(bits, samples, warmUp)
  restore(samples, coefficients, shift)
}

function predict(
  bits: FlacBits,
  samples: Int32Array,
  width: number,
  coefficients: readonly number[],
  shift: number,
): void {
  readResidual(bits, samples, readWarmUp(bits, samples, width, coefficients.length))
  restore(samples, coefficients, shift)
}

function readWarmUp(bits: FlacBits, samples: Int32Array, width: number, order: number): number {
  if (order > samples.length) throw damaged('a predictor is longer than its frame')
  for (let i = 0; i < order; i++) samples[i] = bits.signed(width)
  return order
}

/** Adds the prediction to what was read as its error. The sums stay below 2^53, where numbers are exact. */
function restore(samples: Int32Array, coefficients: readonly number[], shift: number): void {
  const order = coefficients.length
  const scale = 2 ** -shift
  for (let i = order; i < samples.length; i++) {
    let sum = 0
    for (let k = 0; k < order; k++) sum += coefficients[k]! * samples[i - 1 - k]!
    samples[i] = samples[i]! + Math.floor(sum * scale)
  }
}

/** Rice codes in partitions, each with a parameter of its own. */
function readResidual(bits: FlacBits, samples: Int32Array, order: number): void {
  const method = bits.bits(2)
  if (method > 1) throw damaged('what a predictor leaves is coded in a reserved way')
  const parameterBits = method === 0 ? 4 : 5
  const partitions = 1 << bits.bits(4)
  const size = samples.length / partitions
  if (!Number.isInteger(size) || size < order) throw damaged('a frame cannot be cut into its partitions')
  for (let partition = 0, at = order; partition < partitions; partition++) {
    const end = (partition + 1) * size
    const parameter = bits.bits(parameterBits)
    if (parameter === (1 << parameterBits) - 1) {
      const width = bits.bits(5)
      for (; at < end; at++) samples[at] = bits.signed(width)
    } else
      for (; at < end; at++) {
        const folded = bits.unary() * 2 ** parameter + bits.bits(parameter)
        samples[at] = folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2
      }
  }
}

/** The predictors of orders 0 to 4 that need no coefficients. */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]]

function damaged(why: string): Error {
  return new Error(`the FLAC file is damaged: ${why}`)
}
