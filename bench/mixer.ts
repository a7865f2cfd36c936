// What rooms compute in a tick of 20 ms, without the network: microseconds by the plain TypeScript twins, by
// WebAssembly without SIMD and with it. Medians of interleaved rounds. The target is 200 µs for the first row.
//
//     npm run bench -- mixer
import type { Kernels } from '../src/media/wasm/kernels.ts'
import { built, interleaved } from './interleaved.ts'

const { Codecs } = await built<typeof import('../src/media/codec/codecs.ts')>('codec/codecs')
const { Mixer } = await built<typeof import('../src/media/node/mixer.ts')>('node/mixer')
const { MixerParty } = await built<typeof import('../src/media/node/mixer-party.ts')>('node/mixer-party')
const { OutgoingPacket } = await built<typeof import('../src/media/node/transmitter.ts')>('node/transmitter')
const { RoomNoise } = await built<typeof import('../src/media/node/room-noise.ts')>('node/room-noise')
const { createKernels } = await built<typeof import('../src/media/wasm/kernels.ts')>('wasm/kernels')

const KINDS = ['twin', 'scalar', 'simd'] as const
const TICKS = 20

/** So many rooms with so many parties each, of whom so many speak. */
interface Rooms {
  readonly rooms: number
  readonly parties: number
  readonly speaking: number
  /** With automatic level, and noise while nobody speaks, as conference rooms have it. */
  readonly levelled?: true
}

const ROWS: readonly Rooms[] = [
  { rooms: 1, parties: 1000, speaking: 3 },
  { rooms: 1, parties: 1000, speaking: 0 },
  { rooms: 200, parties: 5, speaking: 2 },
  { rooms: 1, parties: 1000, speaking: 3, levelled: true },
  { rooms: 1, parties: 1000, speaking: 0, levelled: true },
  { rooms: 200, parties: 5, speaking: 2, levelled: true },
  { rooms: 1000, parties: 0, speaking: 0 },
]

/** One tick of the rooms, all µ-law: every party is decoded and judged, the sum is mixed and encoded for everybody. */
function tickOf({ rooms, parties, speaking, levelled }: Rooms, kernels: Kernels): () => void {
  const { arena } = kernels
  const codecs = new Codecs(kernels)
  const codec = codecs.open('PCMU')
  const packet = new OutgoingPacket(arena, codec)
  const frame = arena.int16(160)
  const [loud, faint] = [6000, 1].map((peak) => {
    for (let i = 0; i < 160; i++) frame[i] = Math.round(peak * Math.sin(i / 5))
    const payload = arena.bytes(160)
    codec.encodeInto(frame, 0, 160, payload, 0)
    return payload
  }) as [Uint8Array, Uint8Array]
  const noise = new RoomNoise(arena)
  const all = Array.from({ length: rooms }, () => {
    const mixer = new Mixer(kernels, codecs)
    const inside = Array.from({ length: parties }, () => new MixerParty(mixer))
    if (levelled) mixer.noise = noise
    if (levelled) for (const party of inside) party.useLevel(0, true)
    return { mixer, parties: inside }
  })
  return () => {
    for (const room of all) {
      for (let i = 0; i < parties; i++) {
        codec.decodeInto(i < speaking ? loud : faint, 0, 160, frame, 0)
        room.parties[i]!.hear(frame)
      }
      room.mixer.mix()
      for (let i = 0; i < parties; i++) room.parties[i]!.fill(packet)
    }
  }
}

console.log(`${'µs a tick'.padEnd(52)}${KINDS.map((kind) => kind.padStart(9)).join('')}   % of a core (simd)`)
for (const row of ROWS) {
  const times = interleaved(
    KINDS.map((kind) => tickOf(row, createKernels({ kind }))),
    TICKS,
  ).map((ns) => ns / 1000)
  const name = `${row.rooms} room${row.rooms > 1 ? 's' : ''} of ${row.parties}, ${row.speaking} speaking in each${row.levelled ? ', levelled' : ''}`
  const share = ((100 * times[2]!) / 20_000).toFixed(2)
  console.log(`${name.padEnd(52)}${times.map((us) => us.toFixed(0).padStart(9)).join('')}${share.padStart(12)}`)
}
