import { describe, expect, it } from 'vitest'
import { NEVER } from '../../kit/index.ts'
import { INVITE_CLIENT_TABLE, InviteClient, type InviteClientInput } from './invite-client.ts'
import {
  answer,
  drain,
  phoneRequest,
  play,
  type RowCase,
  rowNames,
  run,
  TCP,
  TIMING,
  UDP,
  words,
} from './test/support.ts'

const INVITE = phoneRequest('INVITE')
const start = { type: 'start' } as const
const cancel = { type: 'cancel' } as const
const giveUp = { type: 'giveUp' } as const
const transportError = { type: 'transportError', reason: 'refused' } as const
const connectionLost = { type: 'connectionLost', reason: 'reset' } as const
const got = (status: number) => ({ type: 'response', response: answer(INVITE, status) }) as const

function create(over: 'udp' | 'tcp' = 'udp'): InviteClient {
  return new InviteClient({ id: 1, request: INVITE, to: over === 'udp' ? UDP : TCP, timing: TIMING })
}

const calling: InviteClientInput[] = [start]
const proceeding: InviteClientInput[] = [start, got(180)]
const completed: InviteClientInput[] = [start, got(486)]
const accepted: InviteClientInput[] = [start, got(200)]
const failedTransport = ['failed transport', 'terminated']
const timedOut = ['failed timeout', 'terminated']

const ROWS: RowCase<InviteClientInput>[] = [
  { state: 'initial', event: 'start', path: [], by: start, next: 'calling', emits: ['send INVITE'] },
  { state: 'calling', event: 'A', path: calling, by: 500, next: 'calling', emits: ['send INVITE'] },
  { state: 'calling', event: 'B', over: 'tcp', path: calling, by: 32_000, next: 'terminated', emits: timedOut },
  { state: 'calling', event: '1xx', path: calling, by: got(100), next: 'proceeding', emits: ['response 100'] },
  { state: 'calling', event: '2xx', path: calling, by: got(200), next: 'accepted', emits: ['response 200'] },
  {
    state: 'calling',
    event: '300-699',
    path: calling,
    by: got(302),
    next: 'completed',
    emits: ['send ACK', 'response 302'],
  },
  {
    state: 'calling',
    event: 'connectionLost',
    over: 'tcp',
    path: calling,
    by: connectionLost,
    next: 'calling',
    emits: ['send INVITE'],
  },
  { state: 'calling', event: 'cancel', path: calling, by: cancel, next: 'calling', emits: [] },
  { state: 'calling', event: 'giveUp', path: calling, by: giveUp, next: 'calling', emits: [] },
  {
    state: 'calling',
    event: 'transportError',
    path: calling,
    by: transportError,
    next: 'terminated',
    emits: failedTransport,
  },
  { state: 'proceeding', event: '1xx', path: proceeding, by: got(183), next: 'proceeding', emits: ['response 183'] },
  { state: 'proceeding', event: '2xx', path: proceeding, by: got(202), next: 'accepted', emits: ['response 202'] },
  {
    state: 'proceeding',
    event: '300-699',
    path: proceeding,
    by: got(603),
    next: 'completed',
    emits: ['send ACK', 'response 603'],
  },
  { state: 'proceeding', event: 'cancel', path: proceeding, by: cancel, next: 'proceeding', emits: ['sendCancel'] },
  {
    state: 'proceeding',
    event: 'cancelPatience',
    path: [...proceeding, cancel],
    by: 32_000,
    next: 'terminated',
    emits: timedOut,
  },
  { state: 'completed', event: '300-699', path: completed, by: got(486), next: 'completed', emits: ['send ACK'] },
  { state: 'completed', event: 'D', path: completed, by: 32_000, next: 'terminated', emits: ['terminated'] },
  {
    state: 'completed',
    event: 'transportError',
    path: completed,
    by: transportError,
    next: 'terminated',
    emits: failedTransport,
  },
  { state: 'accepted', event: '2xx', path: accepted, by: got(200), next: 'accepted', emits: ['response 200'] },
  { state: 'accepted', event: 'M', path: accepted, by: 32_000, next: 'terminated', emits: ['terminated'] },
]

describe('the table of the INVITE client transaction', () => {
  it.each(ROWS)('$state, $event -> $next', (row) => {
    expect(play(create(row.over), row)).toEqual({ before: row.state, after: row.next, emits: row.emits })
  })

  it('has no row that is not tested', () => {
    expect(ROWS.map(({ state, event }) => `${state} ${event}`).sort()).toEqual(rowNames(INVITE_CLIENT_TABLE).sort())
  })

  it.each([
    ['calling', calling, start],
    ['proceeding', proceeding, transportError],
    ['completed', completed, got(180)],
    ['completed', completed, got(200)],
    ['completed', completed, cancel],
    ['accepted', accepted, got(180)],
    ['accepted', accepted, got(486)],
    ['accepted', accepted, cancel],
    ['accepted', accepted, transportError],
  ] as const)('absorbs in %s what has no row (%#)', (state, path, input) => {
    const played = play(create(), { state, event: '', path, by: input, next: state, emits: [] })
    expect(played).toEqual({ before: state, after: state, emits: [] })
  })
})

describe('the timers of the INVITE client transaction', () => {
  it('retransmits after 0.5, 1, 2, 4, 8 and 16 s more and gives up after 32 s', () => {
    const client = create()
    client.handle(start, 1000)
    drain(client)
    const trace = run(client, 40_000).map(([at, output]) => [at - 1000, words(output)])
    expect(trace).toEqual([
      [500, 'send INVITE'],
      [1500, 'send INVITE'],
      [3500, 'send INVITE'],
      [7500, 'send INVITE'],
      [15_500, 'send INVITE'],
      [31_500, 'send INVITE'],
      [32_000, 'failed timeout'],
      [32_000, 'terminated'],
    ])
    expect(client.deadline()).toBe(NEVER)
  })

  it('sends the very same object each time, so that it is printed once', () => {
    const client = create()
    client.handle(start, 0)
    const [first] = drain(client)
    expect(run(client, 4000).every(([, output]) => output === first)).toBe(true)
  })

  it('doubles timer A without a limit of T2 and follows another T1', () => {
    const timing = { ...TIMING, t1Ms: 100, t2Ms: 150 }
    const client = new InviteClient({ id: 1, request: INVITE, to: UDP, timing })
    client.handle(start, 0)
    drain(client)
    expect(run(client, 10_000).map(([at]) => at)).toEqual([100, 300, 700, 1500, 3100, 6300, 6400, 6400])
  })

  it('never retransmits on a reliable transport', () => {
    const client = create('tcp')
    client.handle(start, 0)
    drain(client)
    expect(run(client, 31_999)).toEqual([])
  })

  it('stops retransmitting at a provisional response and then waits without end', () => {
    const client = create()
    client.handle(start, 0)
    client.handle(got(100), 400)
    expect(client.deadline()).toBe(NEVER)
  })

  it('is over at once after a failure on a reliable transport (D = 0)', () => {
    const client = create('tcp')
    client.handle(start, 0)
    client.handle(got(404), 100)
    expect(drain(client).map(words)).toEqual(['send INVITE', 'send ACK', 'response 404', 'terminated'])
  })

  it('keeps Accepted for 64*T1 on a reliable transport too (M)', () => {
    const client = create('tcp')
    client.handle(start, 0)
    client.handle(got(200), 5000)
    expect(client.deadline()).toBe(37_000)
  })

  it('catches up on a stall without a burst', () => {
    const client = create()
    client.handle(start, 0)
    drain(client)
    client.expire(20_000)
    expect(drain(client).map(words)).toEqual(['send INVITE'])
    expect(client.deadline()).toBe(21_000)
  })
})

describe('CANCEL', () => {
  it('waits for the first provisional response (9.1)', () => {
    const client = create()
    for (const input of [start, cancel, cancel]) client.handle(input, 0)
    client.handle(got(100), 100)
    client.handle(got(180), 200)
    expect(drain(client).map(words)).toEqual(['send INVITE', 'response 100', 'sendCancel', 'response 180'])
    expect(client.deadline()).toBe(32_100)
  })

  it('is sent once, and the INVITE ends by its 487', () => {
    const client = create()
    for (const input of [...proceeding, cancel, cancel, got(487)]) client.handle(input, 0)
    const said = drain(client).map(words)
    expect(said).toEqual(['send INVITE', 'response 180', 'sendCancel', 'send ACK', 'response 487'])
    expect(client.deadline()).toBe(32_000)
  })

  it('is forgotten when the final response comes first', () => {
    const client = create()
    for (const input of [start, cancel, got(200)]) client.handle(input, 0)
    expect(drain(client).map(words)).toEqual(['send INVITE', 'response 200'])
  })
})

it('builds the ACK of a failure as section 17.1.1.3 says', () => {
  const client = create()
  client.handle(start, 0)
  client.handle(got(486), 0)
  const ack = drain(client)[1]
  if (ack?.type !== 'send' || ack.message.kind !== 'request') throw new Error('no ACK')
  expect(ack.message.uri).toBe(INVITE.uri)
  expect(Object.fromEntries(ack.message.headers.entries())).toEqual({
    via: INVITE.headers.get('via'),
    'max-forwards': '70',
    from: INVITE.headers.get('from'),
    to: '<sip:100@exchange.example>;tag=bob1',
    'call-id': 'call1@192.0.2.1',
    cseq: '1 ACK',
  })
})
