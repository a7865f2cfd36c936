import { describe, expect, it } from 'vitest'
import { NEVER } from '../../kit/index.ts'
import { NON_INVITE_CLIENT_TABLE, NonInviteClient, type NonInviteClientInput } from './non-invite-client.ts'
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

const BYE = phoneRequest('BYE')
const start = { type: 'start' } as const
const giveUp = { type: 'giveUp' } as const
const transportError = { type: 'transportError', reason: 'refused' } as const
const connectionLost = { type: 'connectionLost', reason: 'reset' } as const
const got = (status: number) => ({ type: 'response', response: answer(BYE, status) }) as const

function create(over: 'udp' | 'tcp' = 'udp'): NonInviteClient {
  return new NonInviteClient({ id: 1, request: BYE, to: over === 'udp' ? UDP : TCP, timing: TIMING })
}

const trying: NonInviteClientInput[] = [start]
const proceeding: NonInviteClientInput[] = [start, got(100)]
const completed: NonInviteClientInput[] = [start, got(200)]
const failedTransport = ['failed transport', 'terminated']
const timedOut = ['failed timeout', 'terminated']

const ROWS: RowCase<NonInviteClientInput>[] = [
  { state: 'initial', event: 'start', path: [], by: start, next: 'trying', emits: ['send BYE'] },
  { state: 'trying', event: 'E', path: trying, by: 500, next: 'trying', emits: ['send BYE'] },
  { state: 'trying', event: 'F', over: 'tcp', path: trying, by: 32_000, next: 'terminated', emits: timedOut },
  { state: 'trying', event: '1xx', path: trying, by: got(100), next: 'proceeding', emits: ['response 100'] },
  { state: 'trying', event: 'giveUp', path: trying, by: giveUp, next: 'terminated', emits: ['terminated'] },
  { state: 'trying', event: '200-699', path: trying, by: got(481), next: 'completed', emits: ['response 481'] },
  {
    state: 'trying',
    event: 'transportError',
    path: trying,
    by: transportError,
    next: 'terminated',
    emits: failedTransport,
  },
  {
    state: 'trying',
    event: 'connectionLost',
    over: 'tcp',
    path: trying,
    by: connectionLost,
    next: 'trying',
    emits: ['send BYE'],
  },
  {
    state: 'proceeding',
    event: 'connectionLost',
    over: 'tcp',
    path: proceeding,
    by: connectionLost,
    next: 'terminated',
    emits: failedTransport,
  },
  { state: 'proceeding', event: 'E', path: proceeding, by: 500, next: 'proceeding', emits: ['send BYE'] },
  { state: 'proceeding', event: 'F', over: 'tcp', path: proceeding, by: 32_000, next: 'terminated', emits: timedOut },
  { state: 'proceeding', event: '1xx', path: proceeding, by: got(183), next: 'proceeding', emits: ['response 183'] },
  { state: 'proceeding', event: '200-699', path: proceeding, by: got(200), next: 'completed', emits: ['response 200'] },
  {
    state: 'proceeding',
    event: 'transportError',
    path: proceeding,
    by: transportError,
    next: 'terminated',
    emits: failedTransport,
  },
  { state: 'completed', event: 'K', path: completed, by: 5000, next: 'terminated', emits: ['terminated'] },
]

describe('the table of the non-INVITE client transaction', () => {
  it.each(ROWS)('$state, $event -> $next', (row) => {
    expect(play(create(row.over), row)).toEqual({ before: row.state, after: row.next, emits: row.emits })
  })

  it('has no row that is not tested', () => {
    expect(ROWS.map(({ state, event }) => `${state} ${event}`).sort()).toEqual(rowNames(NON_INVITE_CLIENT_TABLE).sort())
  })

  it.each([got(100), got(200), got(500), transportError, start])('absorbs everything in completed (%#)', (input) => {
    const played = play(create(), { state: 'completed', event: '', path: completed, by: input, next: '', emits: [] })
    expect(played).toEqual({ before: 'completed', after: 'completed', emits: [] })
  })
})

describe('the timers of the non-INVITE client transaction', () => {
  const sendTimes = (client: NonInviteClient): number[] =>
    run(client, 40_000)
      .filter(([, output]) => output.type === 'send')
      .map(([at]) => at)

  it('retransmits after 0.5, 1, 2 and then every 4 s, and gives up after 32 s', () => {
    const client = create()
    client.handle(start, 0)
    drain(client)
    const trace = run(client, 40_000).map(([at, output]) => [at, words(output)])
    expect(trace).toEqual([
      ...[500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500].map((at) => [at, 'send BYE']),
      [32_000, 'failed timeout'],
      [32_000, 'terminated'],
    ])
  })

  it('retransmits every T2 once a provisional response has come', () => {
    const client = create()
    client.handle(start, 0)
    client.handle(got(100), 100)
    drain(client)
    expect(sendTimes(client)).toEqual([500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500])
  })

  it('sends once on a reliable transport and is over at the final response (K = 0)', () => {
    const client = create('tcp')
    client.handle(start, 0)
    expect(drain(client).map(words)).toEqual(['send BYE'])
    expect(client.deadline()).toBe(32_000)
    client.handle(got(200), 50)
    expect(drain(client).map(words)).toEqual(['response 200', 'terminated'])
    expect(client.deadline()).toBe(NEVER)
  })

  it('waits T4 for retransmitted responses (K)', () => {
    const client = create()
    client.handle(start, 0)
    client.handle(got(200), 700)
    drain(client)
    expect(run(client, 40_000).map(([at, output]) => [at, words(output)])).toEqual([[5700, 'terminated']])
  })
})
