import { describe, expect, it } from 'vitest'
import { Counters, NEVER, seededRandom } from '../../kit/index.ts'
import { type MediaCounter, MediaEngine, type MediaEvent } from '../../media/index.ts'
import { streamTo } from '../../media/test/harness.ts'
import { MemoryNetwork } from '../../media/test/memory-network.ts'
import type { MediaIoCounter } from './io-counters.ts'
import { WorkerEngine } from './worker-engine.ts'
import type { WorkerReport } from './worker-messages.ts'

function create() {
  /** Each look at it takes `stepMs`. */
  const clock = { now: 1000, stepMs: 0 }
  const counters = new Counters<MediaCounter | MediaIoCounter>()
  const events: MediaEvent[][] = []
  const reports: { at: number; report: WorkerReport }[] = []
  const worker = new WorkerEngine({
    engine: new MediaEngine({ io: new MemoryNetwork().io(), random: seededRandom(1), counters }),
    counters,
    onEvents: (some) => events.push([...some]),
    onReport: (report) => reports.push({ at: clock.now, report }),
    now: () => (clock.now += clock.stepMs),
  })
  /** Lets time pass, waking `lateMs` after each deadline. */
  const pass = (durationMs: number, lateMs = 0): void => {
    const end = clock.now + durationMs
    while (worker.deadline() + lateMs <= end) {
      clock.now = worker.deadline() + lateMs
      worker.expire()
    }
    clock.now = end
  }
  return { clock, events, reports, worker, pass }
}

describe('WorkerEngine', () => {
  it('says what a turn brought about at once, in one piece', () => {
    const { worker, events } = create()
    worker.take([1, 2, 3].map((leg) => ({ type: 'open', leg, localAddress: '127.0.0.1' })))
    expect(events.map((some) => some.map(({ type, leg }) => [type, leg]))).toEqual([
      [
        ['opened', 1],
        ['opened', 2],
        ['opened', 3],
      ],
    ])
  })

  it('reports at once when nothing is left to do, and has no deadline then', () => {
    const { worker, reports } = create()
    worker.take([{ type: 'open', leg: 1, localAddress: '127.0.0.1' }])
    expect(reports.map(({ report }) => report.counters)).toEqual([{ legs: 1, legsOpened: 1 }])
    worker.take([{ type: 'close', leg: 1 }])
    expect(reports.at(-1)?.report.counters.legs).toBe(0)
    expect(worker.deadline()).toBe(NEVER)
  })

  it('reports soon after legs have come or gone, else each second, whatever happens', () => {
    const { worker, reports, clock, pass } = create()
    worker.take([
      { type: 'open', leg: 1, localAddress: '127.0.0.1' },
      { type: 'start', leg: 1, stream: streamTo('127.0.0.1', 4000) },
    ])
    const begun = clock.now
    for (let leg = 2; leg < 12; leg++) {
      pass(5)
      worker.take([{ type: 'open', leg, localAddress: '127.0.0.1' }])
    }
    pass(3000)
    expect(reports.map(({ at }) => at - begun)).toEqual([100, 1100, 2100])
    expect(reports[0].report.counters.legs).toBe(11)
  })

  it('knows how late its sub-ticks are', () => {
    const { worker, reports, pass } = create()
    worker.take([{ type: 'open', leg: 1, localAddress: '127.0.0.1' }])
    worker.take([{ type: 'start', leg: 1, stream: streamTo('127.0.0.1', 4000) }])
    pass(1100, 1.5)
    const { p50, max } = reports[reports.length - 1].report.lateness
    expect([p50, max]).toEqual([expect.closeTo(1.5, 6), expect.closeTo(1.5, 6)])
  })

  it('does its sub-ticks in time however many commands come at once', () => {
    const { worker, reports, clock, pass } = create()
    worker.take([
      { type: 'open', leg: 1, localAddress: '127.0.0.1' },
      { type: 'start', leg: 1, stream: streamTo('127.0.0.1', 4000) },
    ])
    clock.stepMs = 1
    worker.take(Array.from({ length: 50 }, (_, i) => ({ type: 'open', leg: i + 2, localAddress: '127.0.0.1' })))
    clock.stepMs = 0
    pass(1100)
    const { counters, lateness } = reports.at(-1)!.report
    expect(counters.legs).toBe(51)
    expect(lateness.max).toBeLessThan(5)
    expect(counters.lateTicks).toBeUndefined()
  })
})
