import { fromBase64 } from '../../kit/index.ts'
import { type G711Kernels, g711 } from '../codec/g711.ts'
import { type G722State, g722DecodeInto, g722EncodeInto } from '../codec/g722.ts'
import { G722_TABLES } from '../codec/g722-tables.ts'
import { amplify, GAIN_BITS, gainStep } from '../dsp/amplify.ts'
import { copyOctets, copySamples } from '../dsp/copy.ts'
import { energy, shapedEnergy } from '../dsp/level.ts'
import { linearInto } from '../dsp/linear.ts'
import { limitInto, mixAdd, mixBegin, unmixInto } from '../dsp/mix.ts'
import { polyphaseInto } from '../dsp/polyphase.ts'
import { dotBankInto } from '../dsp/tone-bank.ts'
import { Arena, addressOf } from './arena.ts'
import { SCALAR_KERNELS } from './generated/scalar.ts'
import { SIMD_KERNELS } from './generated/simd.ts'
import { type WasmMemory, wasm } from './web-assembly.ts'

/**
 * The arithmetic of the hot path, by whichever means is fastest here. What each function does, its plain TypeScript
 * twin of the same name says; both give the same results to the last bit.
 *
 * Arrays of {@link Kernels.arena} are worked on by the WebAssembly kernels, any others by the twins, so every caller
 * may pass what it has. As with the twins, the caller has checked that the arrays are long enough.
 */
export interface Kernels extends G711Kernels {
  readonly kind: 'simd' | 'scalar' | 'twin'
  readonly arena: Arena
  readonly g722DecodeInto: typeof g722DecodeInto
  readonly g722EncodeInto: typeof g722EncodeInto
  readonly copyOctets: typeof copyOctets
  readonly copySamples: typeof copySamples
  readonly energy: typeof energy
  readonly shapedEnergy: typeof shapedEnergy
  readonly amplify: typeof amplify
  readonly mixBegin: typeof mixBegin
  readonly mixAdd: typeof mixAdd
  readonly limitInto: typeof limitInto
  readonly unmixInto: typeof unmixInto
  readonly dotBankInto: typeof dotBankInto
  readonly polyphaseInto: typeof polyphaseInto
  readonly linearInto: typeof linearInto
}

export interface KernelOptions {
  /** A memory of fixed size, so that its views never detach. Default: 64 MiB of our own, which takes up what of it is used. */
  readonly memory?: WasmMemory
  /** The first octet of the memory that is the arena's, a multiple of 16. Default 16. */
  readonly from?: number
  /** To compare the means with each other. Default: the best there is. */
  readonly kind?: Kernels['kind']
}

/**
 * The kernels of this thread, for whoever brings no memory: one memory serves all, because only one of them works at a
 * time.
 */
export function threadKernels(): Kernels {
  shared ??= createKernels()
  return shared
}

let shared: Kernels | undefined

/** Compiles the kernels over a memory, or falls back to the twins where there is no WebAssembly. */
export function createKernels(options: KernelOptions = {}): Kernels {
  const kind = options.kind ?? bestKind()
  if (kind === 'twin' || wasm === undefined) return twinKernels(options)
  const memory = options.memory ?? new wasm.Memory({ initial: DEFAULT_PAGES, maximum: DEFAULT_PAGES })
  const module = new wasm.Module(fromBase64(kind === 'simd' ? SIMD_KERNELS : SCALAR_KERNELS))
  const { exports } = new wasm.Instance(module, { env: { memory } })
  return wasmKernels(kind, new Arena(memory.buffer, options.from), exports as KernelExports)
}

const DEFAULT_PAGES = 1024

function bestKind(): Kernels['kind'] {
  if (wasm === undefined) return 'twin'
  return wasm.validate(fromBase64(SIMD_KERNELS)) ? 'simd' : 'scalar'
}

function twinKernels({ memory, from }: KernelOptions): Kernels {
  const arena = new Arena(memory?.buffer ?? new ArrayBuffer(0), from)
  return {
    kind: 'twin',
    arena,
    ...g711,
    g722DecodeInto,
    g722EncodeInto,
    copyOctets,
    copySamples,
    energy,
    shapedEnergy,
    amplify,
    mixBegin,
    mixAdd,
    limitInto,
    unmixInto,
    dotBankInto,
    polyphaseInto,
    linearInto,
  }
}

/** What kernels/index.ts exports. Every argument is a count or an offset into the memory, in octets. */
interface KernelExports {
  decodePcmu(from: number, length: number, into: number): void
  decodePcma(from: number, length: number, into: number): void
  encodePcmu(from: number, length: number, into: number): void
  encodePcma(from: number, length: number, into: number): void
  g722Decode(bands: number, window: number, tables: number, from: number, length: number, into: number): void
  g722Encode(bands: number, window: number, tables: number, from: number, length: number, into: number): void
  copy(from: number, octets: number, into: number): void
  energy(samples: number, length: number): number
  shapedEnergy(samples: number, length: number, shape: number): number
  amplify(samples: number, length: number, gain: number, step: number): void
  mixBegin(samples: number, length: number, sums: number): void
  mixAdd(samples: number, length: number, sums: number): void
  limit(sums: number, length: number, into: number): void
  unmix(sums: number, own: number, length: number, into: number): void
  dotBank(samples: number, length: number, rows: number, count: number, into: number): void
  polyphase(
    samples: number,
    rows: number,
    taps: number,
    phases: number,
    step: number,
    count: number,
    into: number,
  ): void
  linear(samples: number, phase: number, step: number, count: number, into: number): void
}

function wasmKernels(kind: 'simd' | 'scalar', arena: Arena, kernels: KernelExports): Kernels {
  const tables = arena.int16(G722_TABLES.length)
  tables.set(G722_TABLES)
  const g722Tables = addressOf(tables)
  return {
    kind,
    arena,
    decodePcmu(payload, from, length, into, at) {
      const source = addressOf(payload)
      const target = addressOf(into)
      if (source < 0 || target < 0) g711.decodePcmu(payload, from, length, into, at)
      else kernels.decodePcmu(source + from, length, target + 2 * at)
    },
    decodePcma(payload, from, length, into, at) {
      const source = addressOf(payload)
      const target = addressOf(into)
      if (source < 0 || target < 0) g711.decodePcma(payload, from, length, into, at)
      else kernels.decodePcma(source + from, length, target + 2 * at)
    },
    encodePcmu(samples, from, length, into, at) {
      const source = addressOf(samples)
      const target = addressOf(into)
      if (source < 0 || target < 0) g711.encodePcmu(samples, from, length, into, at)
      else kernels.encodePcmu(source + 2 * from, length, target + at)
    },
    encodePcma(samples, from, length, into, at) {
      const source = addressOf(samples)
      const target = addressOf(into)
      if (source < 0 || target < 0) g711.encodePcma(samples, from, length, into, at)
      else kernels.encodePcma(source + 2 * from, length, target + at)
    },
    g722DecodeInto(state, payload, from, length, into, at) {
      const source = addressOf(payload)
      const target = addressOf(into)
      if (source < 0 || target < 0 || !isResident(state)) g722DecodeInto(state, payload, from, length, into, at)
      else
        kernels.g722Decode(
          addressOf(state.bands),
          addressOf(state.window),
          g722Tables,
          source + from,
          length,
          target + 2 * at,
        )
    },
    g722EncodeInto(state, samples, from, length, into, at) {
      const source = addressOf(samples)
      const target = addressOf(into)
      if (source < 0 || target < 0 || !isResident(state)) g722EncodeInto(state, samples, from, length, into, at)
      else
        kernels.g722Encode(
          addressOf(state.bands),
          addressOf(state.window),
          g722Tables,
          source + 2 * from,
          length,
          target + at,
        )
    },
    copyOctets(octets, from, length, into, at) {
      const source = addressOf(octets)
      const target = addressOf(into)
      if (source < 0 || target < 0) copyOctets(octets, from, length, into, at)
      else kernels.copy(source + from, length, target + at)
    },
    copySamples(samples, from, length, into, at) {
      const source = addressOf(samples)
      const target = addressOf(into)
      if (source < 0 || target < 0) copySamples(samples, from, length, into, at)
      else kernels.copy(source + 2 * from, 2 * length, target + 2 * at)
    },
    energy(samples, from = 0, length = samples.length - from) {
      const source = addressOf(samples)
      return source < 0 ? energy(samples, from, length) : kernels.energy(source + 2 * from, length)
    },
    shapedEnergy(samples, at, shape) {
      const source = addressOf(samples)
      const factors = addressOf(shape)
      if (source < 0 || factors < 0) return shapedEnergy(samples, at, shape)
      return kernels.shapedEnergy(source + 2 * at, shape.length, factors)
    },
    amplify(samples, length, from, to) {
      const source = addressOf(samples)
      if (source < 0) amplify(samples, length, from, to)
      else kernels.amplify(source, length, from << GAIN_BITS, gainStep(length, from, to))
    },
    mixBegin(samples, sums, length = samples.length) {
      const source = addressOf(samples)
      const target = addressOf(sums)
      if (source < 0 || target < 0) mixBegin(samples, sums, length)
      else kernels.mixBegin(source, length, target)
    },
    mixAdd(samples, sums, length = samples.length) {
      const source = addressOf(samples)
      const target = addressOf(sums)
      if (source < 0 || target < 0) mixAdd(samples, sums, length)
      else kernels.mixAdd(source, length, target)
    },
    limitInto(sums, into, length = into.length) {
      const source = addressOf(sums)
      const target = addressOf(into)
      if (source < 0 || target < 0) limitInto(sums, into, length)
      else kernels.limit(source, length, target)
    },
    unmixInto(sums, own, into, length = own.length) {
      const source = addressOf(sums)
      const less = addressOf(own)
      const target = addressOf(into)
      if (source < 0 || less < 0 || target < 0) unmixInto(sums, own, into, length)
      else kernels.unmix(source, less, length, target)
    },
    dotBankInto(samples, at, length, rows, into) {
      const source = addressOf(samples)
      const factors = addressOf(rows)
      const target = addressOf(into)
      if (source < 0 || factors < 0 || target < 0) dotBankInto(samples, at, length, rows, into)
      else kernels.dotBank(source + 2 * at, length, factors, into.length, target)
    },
    polyphaseInto(samples, filter, into, at, count) {
      const source = addressOf(samples)
      const rows = addressOf(filter.rows)
      const target = addressOf(into)
      if (source < 0 || rows < 0 || target < 0) polyphaseInto(samples, filter, into, at, count)
      else kernels.polyphase(source, rows, filter.taps, filter.phases, filter.step, count, target + 2 * at)
    },
    linearInto(samples, phase, step, into, count = into.length) {
      const source = addressOf(samples)
      const target = addressOf(into)
      if (source < 0 || target < 0) linearInto(samples, phase, step, into, count)
      else kernels.linear(source, phase, step, count, target)
    },
  }
}

function isResident({ bands, window }: G722State): boolean {
  return addressOf(bands) >= 0 && addressOf(window) >= 0
}
