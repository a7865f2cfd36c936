// What the kernels are worth: nanoseconds for 160 samples, by the plain TypeScript twins, by WebAssembly without SIMD
// and with it. Medians of interleaved rounds, so that whatever else the machine does hits all three alike.
//
//     npm run bench -- kernels
import type { G722State } from '../src/media/codec/g722.ts'
import type { Kernels } from '../src/media/wasm/kernels.ts'
import { built, interleaved } from './interleaved.ts'

const { G722_BANDS, G722_WINDOW, g722Reset } = await built<typeof import('../src/media/codec/g722.ts')>('codec/g722')
const { polyphaseFilter, polyphaseLength } =
  await built<typeof import('../src/media/dsp/polyphase.ts')>('dsp/polyphase')
const { ToneBank } = await built<typeof import('../src/media/dtmf/tone-bank.ts')>('dtmf/tone-bank')
const { ToneDetector } = await built<typeof import('../src/media/dtmf/tone-detector.ts')>('dtmf/tone-detector')
const { createKernels } = await built<typeof import('../src/media/wasm/kernels.ts')>('wasm/kernels')

const CALLS = 1000
const KINDS = ['twin', 'scalar', 'simd'] as const

type Work = () => void

/** Every piece of work over arrays of its own, each 160 samples long. */
function worksOf(kernels: Kernels): Record<string, Work> {
  const { arena } = kernels
  const pcm = arena.int16(160)
  for (let i = 0; i < 160; i++) pcm[i] = Math.round(8000 * Math.sin(i / 3) + 500 * Math.sin(i * i))
  const octets = arena.bytes(160)
  kernels.encodePcmu(pcm, 0, 160, octets, 0)
  const into = arena.int16(160)
  const coded = arena.bytes(160)
  const sums = arena.int32(160)
  const rows = arena.int16(16 * 160)
  for (let i = 0; i < rows.length; i++) rows[i] = (i * 37) % 400
  const products = arena.int32(16)
  const history = arena.int16(160 + 160)
  history.set(pcm, 160)
  const up = polyphaseFilter(arena.int16(polyphaseLength(2, 1)), 2, 1)
  const down = polyphaseFilter(arena.int16(polyphaseLength(1, 2)), 1, 2)
  const g722Octets = arena.bytes(160)
  for (let i = 0; i < 160; i++) g722Octets[i] = (i * i * 7) & 0xff
  const wide = arena.int16(320)
  for (let i = 0; i < 320; i++) wide[i] = Math.round(6000 * Math.sin(i / 5) + 900 * Math.sin(i * i))
  const g722 = (): G722State => {
    const state = { bands: arena.int32(G722_BANDS), window: arena.int16(G722_WINDOW) }
    g722Reset(state)
    return state
  }
  const [wideDecoder, wideEncoder] = [g722(), g722()]
  const detector = new ToneDetector(new ToneBank(kernels), () => {})
  const key = arena.int16(160)
  for (let i = 0; i < 160; i++)
    key[i] = Math.round(
      4000 * Math.sin((2 * Math.PI * 750 * i) / 8000) + 4000 * Math.sin((2 * Math.PI * 1350 * i) / 8000),
    )
  return {
    'G.722 decode, 320 samples': () => kernels.g722DecodeInto(wideDecoder, g722Octets, 0, 160, wide, 0),
    'G.722 encode, 320 samples': () => kernels.g722EncodeInto(wideEncoder, wide, 0, 320, coded, 0),
    'µ-law decode': () => kernels.decodePcmu(octets, 0, 160, into, 0),
    'µ-law encode': () => kernels.encodePcmu(pcm, 0, 160, coded, 0),
    'A-law decode': () => kernels.decodePcma(octets, 0, 160, into, 0),
    'A-law encode': () => kernels.encodePcma(pcm, 0, 160, coded, 0),
    'mix add': () => kernels.mixAdd(pcm, sums),
    amplify: () => kernels.amplify(pcm, 160, 1024, 1024),
    'subtract self and limit': () => kernels.unmixInto(sums, pcm, into),
    energy: () => void kernels.energy(pcm),
    '8-tone bank': () => kernels.dotBankInto(pcm, 0, 160, rows, products),
    'polyphase to 160 at 2x': () => kernels.polyphaseInto(history, up, into, 0, 160),
    'polyphase from 160 at 1/2': () => kernels.polyphaseInto(history, down, into, 0, 80),
    'digit detector, a key': () => detector.hear(key),
    linear: () => kernels.linearInto(history, 0, 0xff00, into, 160),
  }
}

const works = KINDS.map((kind) => worksOf(createKernels({ kind })))
console.log(`${'ns for 160 samples'.padEnd(28)}${KINDS.map((kind) => kind.padStart(9)).join('')}   twin/simd`)
for (const name of Object.keys(works[0]!)) {
  const medians = interleaved(
    works.map((work) => work[name]!),
    CALLS,
  )
  const row = medians.map((time) => time.toFixed(0).padStart(9)).join('')
  console.log(`${name.padEnd(28)}${row}${(medians[0]! / medians[2]!).toFixed(1).padStart(12)}`)
}
