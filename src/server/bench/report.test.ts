import { describe, expect, it } from 'vitest'
import type { BenchResult } from './bench.ts'
import { isLoadSlow, progressLine, table } from './report.ts'

const percentiles = { p50: 1, p99: 2, p999: 3 }
const RESULT: BenchResult = {
  plan: { mode: 'ivr', calls: 100, rate: 50, holdMs: 15_000 },
  target: 'sip:ivr@127.0.0.1:5060',
  cores: { subject: [0], load: [1] },
  calls: { placed: 100, answered: 98, failed: 2, causes: { BUSY: 2 }, most: 98, perSecond: 50 },
  setupMs: percentiles,
  cpu: { plateau: { seconds: 12, calls: 98, cores: 0.025, percentPer100Calls: 2.55, lateTicksPerSecond: 0.25 } },
  memory: { idleBytes: 90e6, mostBytes: 101e6, afterBytes: 100e6 },
  latenessMs: percentiles,
  media: { streams: 98, packets: 70_000, lost: 1, lostBySubject: 2, slotsSkipped: 3, jitterMs: percentiles },
  load: { cores: 0.1, latenessP99Ms: 0.3 },
}

describe('the table', () => {
  it('says everything that was measured', () => {
    const text = table(RESULT).join('\n')
    for (const part of [
      '98 answered, 2 failed (2 BUSY)',
      '2.55 % of a core per 100 calls (2.5 % with 98 calls, over 12 s)',
      'resident 90 MB idle, 101 MB at most, 100 MB after',
      'p50 1.00, p99 2.00, p99.9 3.00 ms of its media ticks; while the calls stood, 0.3 a second were 5 ms late or more',
      '70000 packets heard on 98 streams, 1 lost, 2 lost the other way, 3 slots skipped',
    ])
      expect(text).toContain(part)
  })

  it('leaves out what cannot be known of a system that is not ours', () => {
    const { cpu: _cpu, memory: _memory, latenessMs: _lateness, ...foreign } = RESULT
    const text = table({ ...foreign, cores: undefined }).join('\n')
    expect(text).not.toMatch(/^(CPU|memory|lateness|cores)/m)
  })

  it('admits that the calls were over too soon', () => {
    expect(table({ ...RESULT, cpu: {} }).join('\n')).toContain('place more of them')
  })
})

describe('a slow load', () => {
  it.each([
    ['late', { load: { cores: 0.1, latenessP99Ms: 11 } }],
    ['busy', { load: { cores: 0.95, latenessP99Ms: 0.3 } }],
    ['behind its rate', { calls: { ...RESULT.calls, perSecond: 30 } }],
  ])('that is %s is told of', (_, change) => {
    const slow = { ...RESULT, ...change }
    expect(isLoadSlow(slow)).toBe(true)
    expect(table(slow).at(-1)).toMatch(/could not keep up/)
    expect(isLoadSlow(RESULT)).toBe(false)
  })
})

it('the progress line names failures only when there are some', () => {
  const tally = { placed: 7, up: 5, failed: 0 }
  const now = { seconds: 3.2, tally: tally as never, sample: undefined, cores: 0.123 }
  expect(progressLine(now)).toBe('   3 s, 7 placed, 5 up, CPU 12.3 % of a core')
  expect(progressLine({ ...now, tally: { ...tally, failed: 2 } as never })).toContain('5 up, 2 failed')
})
