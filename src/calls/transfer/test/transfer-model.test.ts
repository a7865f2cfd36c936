import { expect, test } from 'vitest'
import { runTransfer } from './model/transfer-run.ts'

/** All of them are run with RINGDOWN_TRANSFER_RUNS=200000; RINGDOWN_TRANSFER_SEED is the seed of the first run. */
const RUNS = Number(process.env.RINGDOWN_TRANSFER_RUNS ?? 600)
const FIRST_SEED = Number(process.env.RINGDOWN_TRANSFER_SEED ?? 1)

/** What a few hundred runs must have met, or the model does not reach where it should. */
const MET = [
  ...['NORMAL, target', 'NORMAL, gone', 'HANGUP, gone', 'TARGETREJECT, app', 'TARGETHANGUP, app', 'TIMEOUT, app'].map(
    (how) => `forGood: ${how}`,
  ),
  ...['NORMAL, target', 'NORMAL, app', 'HANGUP, gone', 'TARGETREJECT, app', 'TIMEOUT, app', 'FAIL, app'].map(
    (how) => `onLoan: ${how}`,
  ),
  'released',
  ...['NORMAL, target', 'NORMAL, app', 'HANGUP, gone', 'TARGETREJECT, app', 'TIMEOUT, app', 'FAIL, app'].map(
    (how) => `service: ${how}`,
  ),
  ...[
    'NORMAL, gone',
    'HANGUP, gone',
    'TARGETREJECT, app',
    'TIMEOUT, app',
    'FAIL, app',
    'FAIL, gone',
    'NORMAL, target',
  ].map((how) => `blind: ${how}`),
  ...['NORMAL, gone', 'HANGUP, gone', 'TARGETREJECT, app', 'TARGETHANGUP, app'].map((how) => `attended: ${how}`),
  ...['NORMAL, room', 'NORMAL, app', 'NORMAL, gone', 'HANGUP, gone'].map((how) => `room: ${how}`),
]

test(`${RUNS} transfers in which anybody does anything: everybody is where he has to be, and the cause is right`, async () => {
  const seen = new Set<string>()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const report = await runTransfer(seed)
    if (report.problems.length > 0)
      expect.fail(
        `${report.seen}\n${report.problems.join('\n')}\nagain: RINGDOWN_TRANSFER_SEED=${seed} RINGDOWN_TRANSFER_RUNS=1\n${report.ladder}`,
      )
    seen.add(report.seen)
    if (report.hasReleased) seen.add('released')
  }
  if (RUNS >= 600) expect([...seen]).toEqual(expect.arrayContaining(MET))
}, 36_000_000)
