import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const TICKS = 200_000
const LEGS = 20
/** Octets: 140,000 to 640,000 are what remains of compiled code, and one object in each tick makes 2,400,000 or more. */
const MOST_GROWTH = 1_500_000
/** A nice value: a tenth of what others get of a processor, and all that nobody wants. */
const GIVES_WAY = 10

/** Of the built engine in a process of its own: what a test runner allocates would drown what we look for. */
describe('from sweep to send nothing is allocated', () => {
  // Whether a number is boxed depends on what V8 has compiled when, which a busy machine shuffles: so nothing is compiled
  // behind the run's back, and another process may try. What the engine itself allocates, it allocates in each. V8 also
  // collects when it has been idle, to give memory back: that is not what we look for.
  it.each([
    'player',
    'player and listening for digits',
    'player that speech interrupts',
    'streaming player',
    'live audio and taps',
    'bridge',
    'bridge with transcoding',
    'room',
    'wideband room',
    'levelled room',
  ])(`${TICKS} ticks of 20 legs without one collection: %s`, { retry: 2, timeout: 400_000 }, async (scenario) => {
    const script = fileURLToPath(new URL('harness/ticks.mjs', import.meta.url))
    const flags = ['--expose-gc', '--no-concurrent-recompilation', '--no-memory-reducer']
    const ticks = spawn(process.execPath, [...flags, script, scenario, String(TICKS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // It does not matter how long it takes: whoever runs beside it is in real time.
    if (ticks.pid !== undefined) setPriority(ticks.pid, GIVES_WAY)
    const output = await text(ticks.stdout)
    const { collections, sent, heapGrowth } = JSON.parse(output) as Record<string, number>
    // Reports of RTCP come on top of one packet a tick.
    expect(sent).toBeGreaterThanOrEqual(TICKS * LEGS)
    expect(sent).toBeLessThan(TICKS * LEGS * 1.02)
    expect({ collections, heapGrowth }).toMatchObject({ collections: 0 })
    expect(heapGrowth).toBeLessThan(MOST_GROWTH)
  })
})
