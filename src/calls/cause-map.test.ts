import { describe, expect, test } from 'vitest'
import { causeOfRelease, causeOfResponse, reasonOfRelease, releaseReason, STATUS_OF_REJECT } from './cause-map.ts'

describe('the cause of a final response', () => {
  test.each([
    [486, 'BUSY'],
    [600, 'BUSY'],
    [480, 'NOANSWER'],
    [408, 'NOANSWER'],
    [487, 'NOANSWER'],
    [404, 'UNOBTAINABLE'],
    [484, 'UNOBTAINABLE'],
    [604, 'UNOBTAINABLE'],
    [410, 'CHANGED'],
    [301, 'CHANGED'],
    [502, 'OUTOFORDER'],
    [403, 'BARRED'],
    [603, 'REJECTED'],
    [433, 'REJECTED'],
    [608, 'REJECTED'],
    [503, 'CONGESTION'],
    [504, 'CONGESTION'],
    [400, 'FAILED'],
    [488, 'FAILED'],
    [500, 'FAILED'],
    [606, 'FAILED'],
    [699, 'FAILED'],
    [302, 'OTHER'],
    [380, 'OTHER'],
  ] as const)('%i is %s', (status, cause) => {
    expect(causeOfResponse(status)).toBe(cause)
  })

  test.each([
    [503, 34, 'NOCHANNELS'],
    [503, 42, 'CONGESTION'],
    [500, 17, 'BUSY'],
    [480, 18, 'NOANSWER'],
    [480, 19, 'NOANSWER'],
    [500, 1, 'UNOBTAINABLE'],
    [500, 22, 'CHANGED'],
    [500, 27, 'OUTOFORDER'],
    [480, 21, 'REJECTED'],
    [403, 21, 'BARRED'],
    [486, 16, 'BUSY'],
    [500, 41, 'ERROR'],
    [503, 41, 'CONGESTION'],
    [500, 102, 'TIMEOUT'],
    [480, 102, 'NOANSWER'],
    [504, 102, 'CONGESTION'],
    [486, 127, 'BUSY'],
  ] as const)('%i with Q.850 %i is %s', (status, q850, cause) => {
    expect(causeOfResponse(status, q850)).toBe(cause)
  })
})

test('a release is NORMAL unless Q.850 says more', () => {
  expect(causeOfRelease()).toBe('NORMAL')
  expect(causeOfRelease(16)).toBe('NORMAL')
  expect(causeOfRelease(27)).toBe('OUTOFORDER')
  expect(causeOfRelease(99)).toBe('NORMAL')
})

test('what we say of a release of ours is understood when it is said to us', () => {
  for (const cause of ['NORMAL', 'BUSY', 'NOANSWER', 'CONGESTION', 'NOCHANNELS', 'TIMEOUT', 'ERROR'] as const) {
    const { q850 } = releaseReason([reasonOfRelease(cause) ?? ''])
    expect(causeOfRelease(q850), cause).toBe(cause)
  }
})

test('each cause that can be given to reject comes back as itself from the status that it sends', () => {
  for (const [cause, status] of Object.entries(STATUS_OF_REJECT))
    expect(causeOfResponse(status, cause === 'NOCHANNELS' ? 34 : undefined), cause).toBe(cause)
})

test('Reason headers are read, strange ones are passed over', () => {
  const values = ['gibberish;;;=', 'SIP;cause=200;text="Call completed elsewhere"', 'Q.850;cause=16', 'X;cause=3']
  expect(releaseReason(values)).toEqual({ sip: 200, q850: 16, text: 'Call completed elsewhere' })
  expect(releaseReason(values, { status: 486, phrase: 'Busy Here' })).toEqual({ sip: 486, q850: 16, text: 'Busy Here' })
  expect(releaseReason([])).toEqual({})
})
