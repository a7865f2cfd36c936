import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp, type SippOptions, type SippResult } from './harness/sipp.ts'

describeWith('sipp')('SIPp calls us', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange
  let guarded: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: {
        answer: 'answer',
        'answer-in-a-while': 'answer-in-a-while',
        ring: 'ring',
        busy: { app: 'reject', parameters: { cause: 'BUSY' } },
        barred: { app: 'reject', parameters: { cause: 'BARRED' } },
        full: { app: 'reject', parameters: { cause: 'NOCHANNELS' } },
      },
    })
    guarded = await TestExchange.start({
      address: network.next(),
      services: { answer: 'answer' },
      users: [{ username: 'alice', password: 'open-sesame' }],
      // SIPp reads the first challenge only, and knows no other hash.
      authentication: { algorithms: ['MD5'] },
    })
  })

  afterAll(async () => {
    for (const each of [exchange, guarded]) {
      await each?.untilEmpty()
      expect(each?.mediaPorts()).toEqual([])
      await each?.stop()
    }
  })

  /** SIPp calls `user` from an address of its own. */
  function call(user: string, near: Omit<SippOptions, 'address' | 'callee'>, callee = exchange): Promise<SippResult> {
    return Sipp.run({ ...near, user, address: network.next(), callee: `${callee.address}:5060` })
  }

  /** The report of the call that SIPp just made, told apart by its Call-ID: tests run side by side. */
  function reportOf(app: string, result: SippResult, callee = exchange) {
    const [, callId] = /^Call-ID: (\S+)/m.exec(result.messages[0]?.text ?? '') ?? []
    return callee.report(app, ({ details }) => details?.sipCallId === callId)
  }

  const received = (result: SippResult, start: string) =>
    result.messages.filter((message) => message.direction === 'received' && message.start.startsWith(start))

  test.concurrent.each(['udp', 'tcp'] as const)(
    'its own uac talks to an answering service over %s',
    async (transport) => {
      const result = await call('answer', { scenario: 'uac', transport, calls: 3, pauseMs: 300 })
      expect(result).toMatchObject({ exitCode: 0, successful: 3, failed: 0, retransmissions: 0, errors: '' })
      const ours = await reportOf('answer', result)
      expect(ours).toMatchObject({
        state: 'IDLE',
        cause: 'NORMAL',
        details: { direction: 'inbound', endedBy: 'remote', endedIn: 'ANSWERED', codec: 'PCMU' },
      })
      expect(ours.states).toEqual(['CALL_INCOMING', 'ANSWERING', 'ANSWERED', 'IDLE'])
    },
  )

  test.concurrent('it gives up while we ring: CANCEL, 200, 487', async () => {
    const result = await call('ring', { scenario: 'caller-cancels', values: { ringMs: 500 } })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(await reportOf('ring', result)).toMatchObject({
      state: 'IDLE',
      cause: 'NORMAL',
      details: { endedBy: 'remote', endedIn: 'RING_INCOMING' },
    })
  })

  test.concurrent.each([
    { user: 'busy', status: 486, cause: 'BUSY' },
    { user: 'barred', status: 403, cause: 'BARRED' },
    { user: 'full', status: 503, cause: 'NOCHANNELS' },
  ])('the application refuses with $cause: SIPp sees $status', async ({ user, status, cause }) => {
    const result = await call(user, { scenario: 'caller-refused', values: { status } })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(await reportOf('reject', result)).toMatchObject({
      state: 'IDLE',
      cause,
      details: { rawCause: status, endedBy: 'local' },
    })
    if (cause === 'NOCHANNELS') expect(received(result, 'SIP/2.0 503')[0]?.text).toMatch(/^Reason: Q\.850;cause=34/m)
  })

  test.concurrent('a number that does not exist: 404', async () => {
    const result = await call('nobody', { scenario: 'caller-refused', values: { status: 404 } })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
  })

  test.concurrent('it holds the call and resumes it: our answers follow its direction', async () => {
    const result = await call('answer', { scenario: 'caller-holds' })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    const ours = await reportOf('answer', result)
    expect(ours).toMatchObject({ state: 'IDLE', cause: 'NORMAL', details: { endedBy: 'remote' } })
    expect(ours.states).toEqual(['CALL_INCOMING', 'ANSWERING', 'ANSWERED', 'ON_HOLD', 'ANSWERED', 'IDLE'])
  })

  test.concurrent('its ACK is late: our 200 is repeated, and the call stands', async () => {
    const result = await call('answer', { scenario: 'caller-acknowledges-late', values: { waitMs: 1700 } })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    const answers = received(result, 'SIP/2.0 200').filter(({ text }) => /^CSeq: 1 INVITE/m.test(text))
    expect(answers).toHaveLength(3)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await reportOf('answer', result)).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'remote' } })
  })

  test.concurrent('its ACK never comes: we give up after 64*T1 with a BYE', async () => {
    const result = await call('answer', { scenario: 'caller-never-acknowledges', timeoutSeconds: 45 })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    // Timers G and H of the 200: after 0.5, 1.5, 3.5, 7.5 s and then every 4 s until 32 s have gone.
    const answers = received(result, 'SIP/2.0 200')
    expect(answers).toHaveLength(11)
    const bye = received(result, 'BYE')[0]
    expect((bye?.at ?? 0) - (answers[0]?.at ?? 0)).toBeCloseTo(32, 0)
    expect(await reportOf('answer', result)).toMatchObject({ state: 'IDLE', details: { endedBy: 'network' } })
  })

  test.concurrent('it repeats requests that had arrived: one call comes of it', async () => {
    const result = await call('answer-in-a-while', { scenario: 'caller-repeats' })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(await reportOf('answer-in-a-while', result)).toMatchObject({ state: 'IDLE', cause: 'NORMAL' })
    await expect(reportOf('answer-in-a-while', result)).rejects.toThrow('a report of answer-in-a-while')
    expect(new Set(received(result, 'SIP/2.0 200 OK').map(({ text }) => text)).size).toBe(2)
    expect((await exchange.counters()).requestRetransmissionsReceived).toBeGreaterThanOrEqual(2)
  })

  test.concurrent('digest: the right password gets through', async () => {
    const values = { username: 'alice', password: 'open-sesame' }
    const result = await call('answer', { scenario: 'caller-authenticates', values }, guarded)
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(await reportOf('answer', result, guarded)).toMatchObject({ cause: 'NORMAL', details: { user: 'alice' } })
  })

  test.concurrent('digest: a wrong password does not', async () => {
    const values = { username: 'alice', password: 'guess', status: 401 }
    const result = await call('answer', { scenario: 'caller-wrong-password', values }, guarded)
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
  })
})
