import { describe, expect, it } from 'vitest'
import type { ExchangeReport, PhoneChange, TrunkStatus } from '../../calls/index.ts'
import type { Logger } from '../../kit/index.ts'
import { logReport } from './records.ts'

const NOON = Date.UTC(2026, 10, 26, 12, 0, 0)

/** Level and text of what is logged. */
function lineOf(report: ExchangeReport): string {
  const lines: string[] = []
  const note = (level: string) => (_fields: unknown, text?: string) => void lines.push(`${level}: ${text}`)
  const logger: Logger = {
    trace: note('trace'),
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => logger,
  } as Logger
  logReport(logger, report)
  return lines.join()
}

describe('the line for a trunk', () => {
  const cases: [expected: string, status: Partial<TrunkStatus>][] = [
    ['info: trunk a: registers', { registration: { state: 'trying' } }],
    ['info: trunk a: registered until 12:00:00Z', { registration: { state: 'registered', until: NOON } }],
    [
      'warn: trunk a: not registered (no answer), next try at 12:00:00Z',
      { isUp: false, registration: { state: 'trying', reason: 'no answer', retryAt: NOON } },
    ],
    [
      'warn: trunk a: registration refused with 403 Forbidden, next try at 12:00:00Z',
      { isUp: false, registration: { state: 'refused', status: 403, reason: 'Forbidden', retryAt: NOON } },
    ],
    ['info: trunk a: its registration is taken back', { registration: { state: 'stopped' } }],
    [
      'warn: trunk a: registered until 12:00:00Z; does not answer OPTIONS (no answer)',
      {
        isUp: false,
        registration: { state: 'registered', until: NOON },
        reachability: { state: 'down', since: NOON, reason: 'no answer' },
      },
    ],
    ['info: trunk a: answers OPTIONS in 12 ms', { reachability: { state: 'up', since: NOON, roundTripMs: 12.3 } }],
  ]
  it.each(cases)('%s', (expected, status) => {
    expect(lineOf({ type: 'trunkChanged', status: { name: 'a', isUp: true, ...status } })).toBe(expected)
  })
})

describe('the line for a phone', () => {
  const phone = { user: 'alice', contact: 'sip:alice@10.0.0.5', source: 'udp 203.0.113.7:40000', until: NOON }
  const cases: [expected: string, change: PhoneChange][] = [
    [
      'info: user alice has registered a phone, sip:alice@10.0.0.5 from udp 203.0.113.7:40000, until 12:00:00Z',
      { phone, isRegistered: true },
    ],
    [
      'info: user alice is no longer at sip:alice@10.0.0.5: the registration was not refreshed',
      { phone, isRegistered: false, reason: 'expired' },
    ],
  ]
  it.each(cases)('%s', (expected, change) => {
    expect(lineOf({ type: 'phoneChanged', change })).toBe(expected)
  })
})
