import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DialParameters } from './apps/dial.ts'
import type { Report } from './apps/report.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp, type SippOptions, type SippResult } from './harness/sipp.ts'

describeWith('sipp')('we call SIPp', () => {
  const network = new LoopbackNetwork()
  const challenger = network.next()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      trunks: [{ name: 'carrier', uri: `sip:${challenger}:5060`, username: 'alice', password: 'open sesame' }],
    })
  })

  afterAll(async () => {
    await exchange?.untilEmpty()
    expect(exchange.mediaPorts()).toEqual([])
    await exchange.stop()
  })

  /** SIPp waits, we dial, both sides are asked how it went. */
  async function call(
    far: Omit<SippOptions, 'address'> & { address?: string },
    dial: Partial<DialParameters> = {},
  ): Promise<{ ours: Report; theirs: SippResult }> {
    const { address = network.next(), transport = 'udp' } = far
    const sipp = await Sipp.start({ ...far, address })
    try {
      const to = dial.to ?? `sip:far@${address}:5060${transport === 'tcp' ? ';transport=tcp' : ''}`
      const ours = await exchange.dial({ ...dial, to })
      return { ours, theirs: await sipp.finished() }
    } catch (error) {
      await sipp.stop()
      throw error
    }
  }

  const received = (theirs: SippResult, method: string) =>
    theirs.messages.filter(({ direction, start }) => direction === 'received' && start.startsWith(`${method} `))

  test.concurrent.each(['udp', 'tcp'] as const)('its own uas answers over %s and we hang up', async (transport) => {
    const { ours, theirs } = await call({ scenario: 'uas', transport }, { talkMs: 300 })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, failed: 0, errors: '' })
    expect(ours).toMatchObject({ state: 'IDLE', cause: 'NORMAL', details: { endedBy: 'local', endedIn: 'ANSWERED' } })
    expect(ours.states).toEqual(['IDLE', 'CALL_OUTGOING', 'RING_OUTGOING', 'ANSWERED', 'IDLE'])
  })

  test.concurrent.each([
    { status: 486, phrase: 'Busy Here', header: 'X-None: 1', cause: 'BUSY', reason: { sip: 486, text: 'Busy Here' } },
    { status: 603, phrase: 'Decline', header: 'X-None: 1', cause: 'REJECTED', reason: { sip: 603, text: 'Decline' } },
    { status: 404, phrase: 'Not Found', header: 'X-None: 1', cause: 'UNOBTAINABLE', reason: { sip: 404 } },
    {
      status: 503,
      phrase: 'Service Unavailable',
      header: 'Reason: Q.850;cause=34',
      cause: 'NOCHANNELS',
      reason: { sip: 503, q850: 34 },
    },
    { status: 500, phrase: 'Server Internal Error', header: 'X-None: 1', cause: 'FAILED', reason: { sip: 500 } },
  ])('it rings and refuses with $status: $cause', async ({ status, phrase, header, cause, reason }) => {
    const { ours, theirs } = await call({ scenario: 'callee-refuses', values: { status, phrase, header } })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(ours).toMatchObject({
      state: 'IDLE',
      cause,
      details: { rawCause: status, reason, endedBy: 'remote', endedIn: 'RING_OUTGOING' },
    })
  })

  test.concurrent('it never answers: our timeout sends CANCEL and takes its 487', async () => {
    const { ours, theirs } = await call({ scenario: 'callee-rings' }, { timeoutMs: 1500 })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(received(theirs, 'CANCEL')).toHaveLength(1)
    expect(ours).toMatchObject({
      state: 'IDLE',
      cause: 'TIMEOUT',
      details: { endedBy: 'local', endedIn: 'RING_OUTGOING' },
    })
  })

  test.concurrent('nobody is there: no answer of any kind in time', async () => {
    const ours = await exchange.dial({ to: `sip:far@${network.next()}:5060`, timeoutMs: 1500 })
    expect(ours).toMatchObject({ state: 'IDLE', cause: 'TIMEOUT', details: { endedIn: 'CALL_OUTGOING' } })
  })

  test.concurrent('it plays early media (183 with a description) and then answers', async () => {
    const { ours, theirs } = await call({ scenario: 'callee-early-media' }, { talkMs: 300 })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { earlyMediaPossible: true, codec: 'PCMU' } })
    expect(ours.states).toContain('ANSWERED')
  })

  test.concurrent('it says 100 and thinks: the INVITE is not repeated', async () => {
    const { ours, theirs } = await call({ scenario: 'callee-slow', values: { thinkMs: 2500 } }, { talkMs: 200 })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(received(theirs, 'INVITE')).toHaveLength(1)
    expect(ours).toMatchObject({ cause: 'NORMAL' })
    expect(ours.states).toEqual(['IDLE', 'CALL_OUTGOING', 'ANSWERED', 'IDLE'])
  })

  test.concurrent('our first requests are lost: they are repeated after T1, 2*T1, ...', async () => {
    const { ours, theirs } = await call({ scenario: 'callee-deaf-at-first' }, { talkMs: 200 })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    const invites = received(theirs, 'INVITE')
    expect(invites).toHaveLength(3)
    expect(new Set(invites.map(({ text }) => text)).size).toBe(1)
    const [first = 0, second = 0, third = 0] = invites.map(({ at }) => at)
    expect(second - first).toBeCloseTo(0.5, 0.7)
    expect(third - second).toBeCloseTo(1, 0.7)
    expect(received(theirs, 'BYE')).toHaveLength(2)
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'local' } })
  })

  test.concurrent('it asks for digest authentication and our credentials satisfy it', async () => {
    const far = { scenario: 'callee-challenges', values: { username: 'alice', password: 'open sesame' } }
    const { ours, theirs } = await call({ ...far, address: challenger }, { to: '0123456789', talkMs: 200 })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(received(theirs, 'INVITE')).toHaveLength(2)
    expect(theirs.messages.some(({ start }) => start.includes('403'))).toBe(false)
    expect(ours).toMatchObject({ cause: 'NORMAL' })
    expect(ours.states).toContain('ANSWERED')
  })

  test.concurrent('it hangs up, and its Reason is kept', async () => {
    const values = { talkMs: 300, header: 'Reason: Q.850;cause=16;text="Normal call clearing"' }
    const { ours, theirs } = await call({ scenario: 'callee-hangs-up', values })
    expect(theirs).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(ours).toMatchObject({
      state: 'IDLE',
      cause: 'NORMAL',
      details: { endedBy: 'remote', endedIn: 'ANSWERED', reason: { q850: 16 } },
    })
  })
})
