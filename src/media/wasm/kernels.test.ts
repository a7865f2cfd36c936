import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { G722_BANDS, G722_WINDOW, type G722State, g722Reset } from '../codec/g722.ts'
import { gainOf } from '../dsp/amplify.ts'
import { polyphaseFilter, polyphaseLength } from '../dsp/polyphase.ts'
import { addressOf } from './arena.ts'
import { createKernels, type Kernels } from './kernels.ts'
import { wasm } from './web-assembly.ts'

const twins = createKernels({ kind: 'twin' })

const sample = fc.oneof(
  { arbitrary: fc.integer({ min: -32_768, max: 32_767 }), weight: 4 },
  fc.constantFrom(-32_768, 32_767, 0, -1),
)
const samplesOf = (length: number): fc.Arbitrary<Int16Array> =>
  fc.array(sample, { minLength: length, maxLength: length }).map((values) => Int16Array.from(values))
/** Odd lengths too, so that every kernel's tail is met. */
const samples = fc.integer({ min: 0, max: 70 }).chain(samplesOf)

function resident16(kernels: Kernels, values: ArrayLike<number>): Int16Array {
  const array = kernels.arena.int16(values.length)
  array.set(values)
  return array
}

function resident32(kernels: Kernels, values: ArrayLike<number>): Int32Array {
  const array = kernels.arena.int32(values.length)
  array.set(values)
  return array
}

function g722State({ arena }: Kernels): G722State {
  return { bands: arena.int32(G722_BANDS), window: arena.int16(G722_WINDOW) }
}

const everySample = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768)
const everyOctet = Uint8Array.from({ length: 256 }, (_, i) => i)

describe.each(['simd', 'scalar'] as const)('the %s kernels and their twins', (kind) => {
  const kernels = createKernels({ kind })

  it.each(['encodePcmu', 'encodePcma'] as const)('%s: agree on every sample', (name) => {
    const expected = new Uint8Array(65_536)
    twins[name](everySample, 0, 65_536, expected, 0)
    const source = resident16(kernels, everySample)
    const into = kernels.arena.bytes(65_536)
    kernels[name](source, 0, 65_536, into, 0)
    expect(Buffer.compare(into, expected)).toBe(0)
  })

  it.each(['decodePcmu', 'decodePcma'] as const)('%s: agree on every octet', (name) => {
    const expected = new Int16Array(256)
    twins[name](everyOctet, 0, 256, expected, 0)
    const source = kernels.arena.bytes(256)
    source.set(everyOctet)
    const into = kernels.arena.int16(256)
    kernels[name](source, 0, 256, into, 0)
    expect([...into]).toEqual([...expected])
  })

  it('G.711: agree on any part of an array, and write nothing else', () => {
    const octets = kernels.arena.bytes(256)
    octets.set(everyOctet)
    const source = resident16(kernels, everySample.subarray(30_000, 30_256))
    const pcm = kernels.arena.int16(300)
    const coded = kernels.arena.bytes(300)
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(40), (from, length, at) => {
        for (const [encode, decode] of [
          ['encodePcmu', 'decodePcmu'],
          ['encodePcma', 'decodePcma'],
        ] as const) {
          pcm.fill(1)
          coded.fill(1)
          const expectedPcm = new Int16Array(300).fill(1)
          const expectedCoded = new Uint8Array(300).fill(1)
          kernels[decode](octets, from, length, pcm, at)
          twins[decode](everyOctet, from, length, expectedPcm, at)
          kernels[encode](source, from, length, coded, at)
          twins[encode](source, from, length, expectedCoded, at)
          expect(Buffer.compare(coded, expectedCoded)).toBe(0)
          expect([...pcm]).toEqual([...expectedPcm])
        }
      }),
    )
  })

  it('energy: agree', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const array = resident16(kernels, values)
        expect(kernels.energy(array)).toBe(twins.energy(values))
        kernels.arena.release(array)
      }),
    )
    const loudest = resident16(kernels, new Int16Array(1000).fill(-32_768))
    expect(kernels.energy(loudest)).toBe(1000 * 2 ** 30)
    expect(kernels.energy(loudest, 3, 9)).toBe(9 * 2 ** 30)
  })

  it('energy under a window: agree', () => {
    const shapes = fc.array(fc.integer({ min: -32_767, max: 32_767 }), { minLength: 70, maxLength: 70 })
    fc.assert(
      fc.property(samples, shapes, fc.nat(20), (values, shape, at) => {
        const used = Int16Array.from(shape.slice(0, Math.max(0, values.length - at)))
        const arrays = [resident16(kernels, values), resident16(kernels, used)] as const
        expect(kernels.shapedEnergy(arrays[0], at, arrays[1])).toBe(twins.shapedEnergy(values, at, used))
        for (const array of arrays) kernels.arena.release(array)
      }),
    )
    const loudest = resident16(kernels, new Int16Array(1000).fill(-32_768))
    const full = resident16(kernels, new Int16Array(1000).fill(-32_767))
    expect(kernels.shapedEnergy(loudest, 0, full)).toBe(1000 * 32_767 ** 2)
  })

  it('copying: any part of an array, also towards the beginning of the same', () => {
    const octets = kernels.arena.bytes(256)
    const pcm = kernels.arena.int16(256)
    const elsewhere = new Int16Array(100)
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(50), (from, length, back) => {
        const at = Math.max(0, from - back)
        octets.set(everyOctet)
        kernels.copyOctets(octets, from, length, octets, at)
        expect([...octets.subarray(0, at)]).toEqual([...everyOctet.subarray(0, at)])
        expect([...octets.subarray(at, at + length)]).toEqual([...everyOctet.subarray(from, from + length)])
        expect([...octets.subarray(at + length)]).toEqual([...everyOctet.subarray(at + length)])
        pcm.set(everySample.subarray(0, 256))
        kernels.copySamples(pcm, from, length, pcm, at)
        expect([...pcm.subarray(at, at + length)]).toEqual([...everySample.subarray(from, from + length)])
        kernels.copySamples(everySample, from, length, elsewhere, 0)
        expect([...elsewhere.subarray(0, length)]).toEqual([...everySample.subarray(from, from + length)])
      }),
    )
    for (const array of [octets, pcm]) kernels.arena.release(array)
  })

  it('mixing: agree', () => {
    const voices = fc.integer({ min: 1, max: 40 }).chain((length) => fc.array(samplesOf(length), { minLength: 1 }))
    fc.assert(
      fc.property(voices, (all) => {
        const { length } = all[0]
        const sums = resident32(kernels, new Int32Array(length).fill(77))
        const expectedSums = new Int32Array(length).fill(-77)
        const residents = all.map((voice) => resident16(kernels, voice))
        for (const [i, voice] of all.entries()) {
          const add = i === 0 ? 'mixBegin' : 'mixAdd'
          kernels[add](residents[i], sums)
          twins[add](voice, expectedSums)
        }
        expect([...sums]).toEqual([...expectedSums])
        const into = kernels.arena.int16(length)
        const expected = new Int16Array(length)
        kernels.limitInto(sums, into)
        twins.limitInto(expectedSums, expected)
        expect([...into]).toEqual([...expected])
        kernels.unmixInto(sums, residents[0], into)
        twins.unmixInto(expectedSums, all[0], expected)
        expect([...into]).toEqual([...expected])
        for (const array of [sums, into, ...residents]) kernels.arena.release(array)
      }),
    )
  })

  it('amplification: agrees', () => {
    const gain = fc.integer({ min: 0, max: gainOf(29) })
    fc.assert(
      fc.property(samples, gain, gain, (values, from, to) => {
        const resident = resident16(kernels, values)
        kernels.amplify(resident, values.length, from, to)
        twins.amplify(values, values.length, from, to)
        expect([...resident]).toEqual([...values])
        kernels.arena.release(resident)
      }),
    )
  })

  it('tone bank: agree', () => {
    const blocks = fc
      .record({ length: fc.integer({ min: 1, max: 50 }), count: fc.integer({ min: 0, max: 18 }) })
      .chain(({ length, count }) =>
        fc.record({
          block: samplesOf(length),
          rows: fc.array(fc.integer({ min: -1000, max: 1000 }), {
            minLength: length * count,
            maxLength: length * count,
          }),
          count: fc.constant(count),
        }),
      )
    fc.assert(
      fc.property(blocks, ({ block, rows, count }) => {
        const arrays = [
          resident16(kernels, block),
          resident16(kernels, rows),
          resident32(kernels, new Int32Array(count)),
        ] as const
        const expected = new Int32Array(count)
        kernels.dotBankInto(arrays[0], 0, block.length, arrays[1], arrays[2])
        twins.dotBankInto(block, 0, block.length, Int16Array.from(rows), expected)
        expect([...arrays[2]]).toEqual([...expected])
        for (const array of arrays) kernels.arena.release(array)
      }),
    )
  })

  it.each([
    [2, 1],
    [3, 1],
    [6, 1],
    [1, 2],
    [1, 3],
    [1, 6],
  ])('polyphase %i:%i: agree, at full scale too', (up, down) => {
    const filter = polyphaseFilter(kernels.arena.int16(polyphaseLength(up, down)), up, down)
    const length = filter.taps - 1 + 12
    const count = (12 * up) / down
    fc.assert(
      fc.property(samplesOf(length), (values) => {
        const source = resident16(kernels, values)
        const into = kernels.arena.int16(count)
        const expected = new Int16Array(count)
        kernels.polyphaseInto(source, filter, into, 0, count)
        twins.polyphaseInto(values, filter, expected, 0, count)
        expect([...into]).toEqual([...expected])
        kernels.arena.release(source)
        kernels.arena.release(into)
      }),
    )
  })

  it('G.722: agree on anything, packet after packet', () => {
    const packets = fc.array(
      fc.record({ octets: fc.uint8Array({ maxLength: 100 }), pcm: fc.nat(50).chain((n) => samplesOf(2 * n)) }),
      { maxLength: 5 },
    )
    const states = [g722State(kernels), g722State(kernels), g722State(twins), g722State(twins)] as const
    const [decoder, encoder, twinDecoder, twinEncoder] = states
    const octets = kernels.arena.bytes(100)
    const pcm = kernels.arena.int16(200)
    fc.assert(
      fc.property(packets, (all) => {
        for (const state of states) g722Reset(state)
        for (const packet of all) {
          octets.set(packet.octets)
          kernels.g722DecodeInto(decoder, octets, 0, packet.octets.length, pcm, 0)
          const decoded = new Int16Array(2 * packet.octets.length)
          twins.g722DecodeInto(twinDecoder, packet.octets, 0, packet.octets.length, decoded, 0)
          expect([...pcm.subarray(0, decoded.length)]).toEqual([...decoded])
          pcm.set(packet.pcm)
          kernels.g722EncodeInto(encoder, pcm, 0, packet.pcm.length, octets, 0)
          const encoded = new Uint8Array(packet.pcm.length / 2)
          twins.g722EncodeInto(twinEncoder, packet.pcm, 0, packet.pcm.length, encoded, 0)
          expect([...octets.subarray(0, encoded.length)]).toEqual([...encoded])
        }
      }),
    )
    expect([...decoder.bands]).toEqual([...twinDecoder.bands])
    expect([...encoder.window]).toEqual([...twinEncoder.window])
  })

  it('linear: agree', () => {
    const steps = fc.record({ phase: fc.nat(0xffff), step: fc.nat(3 << 16), values: samplesOf(64) })
    fc.assert(
      fc.property(steps, ({ phase, step, values }) => {
        const source = resident16(kernels, values)
        const into = kernels.arena.int16(20)
        const expected = new Int16Array(20)
        kernels.linearInto(source, phase, step, into)
        twins.linearInto(values, phase, step, expected)
        expect([...into]).toEqual([...expected])
        kernels.arena.release(source)
        kernels.arena.release(into)
      }),
    )
  })

  it('leave arrays that stand elsewhere to the twins', () => {
    const octets = new Uint8Array(3)
    kernels.encodePcmu(Int16Array.of(0, 100, -100), 0, 3, octets, 0)
    const expected = new Uint8Array(3)
    twins.encodePcmu(Int16Array.of(0, 100, -100), 0, 3, expected, 0)
    expect([...octets]).toEqual([...expected])
  })
})

describe('createKernels', () => {
  it('uses SIMD, which every Node that we support has', () => {
    expect(createKernels().kind).toBe('simd')
  })

  it('works over a memory that is handed in, behind what stands there already', () => {
    const memory = new wasm!.Memory({ initial: 1, maximum: 1 })
    const kernels = createKernels({ memory, from: 1024 })
    const array = kernels.arena.int16(8)
    expect(addressOf(array)).toBeGreaterThanOrEqual(1024)
    expect(array.buffer).toBe(memory.buffer)
    expect(kernels.arena.left).toBe(65_536 - (addressOf(array) + 16))
  })
})
