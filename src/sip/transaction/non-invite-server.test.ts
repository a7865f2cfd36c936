import { describe, expect, it } from 'vitest'
import { NEVER } from '../../kit/index.ts'
import { NON_INVITE_SERVER_TABLE, NonInviteServer, type NonInviteServerInput } from './non-invite-server.ts'
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

const OPTIONS = phoneRequest('OPTIONS')
const request = { type: 'request' } as const
const transportError = { type: 'transportError', reason: 'closed' } as const
const respond = (status: number) => ({ type: 'respond', response: answer(OPTIONS, status) }) as const

function create(over: 'udp' | 'tcp' = 'udp'): NonInviteServer {
  const from = over === 'udp' ? UDP : TCP
  return new NonInviteServer({ id: 1, request: OPTIONS, from, replyTo: from, timing: TIMING })
}

const trying: NonInviteServerInput[] = [request]
const proceeding: NonInviteServerInput[] = [request, respond(100)]
const completed: NonInviteServerInput[] = [request, respond(200)]

const ROWS: RowCase<NonInviteServerInput>[] = [
  { state: 'initial', event: 'request', path: [], by: request, next: 'trying', emits: ['request OPTIONS'] },
  { state: 'trying', event: '1xx', path: trying, by: respond(100), next: 'proceeding', emits: ['send 100'] },
  { state: 'trying', event: '200-699', path: trying, by: respond(200), next: 'completed', emits: ['send 200'] },
  {
    state: 'trying',
    event: 'transportError',
    path: trying,
    by: transportError,
    next: 'trying',
    emits: ['failed transport'],
  },
  { state: 'proceeding', event: 'request', path: proceeding, by: request, next: 'proceeding', emits: ['send 100'] },
  { state: 'proceeding', event: '1xx', path: proceeding, by: respond(183), next: 'proceeding', emits: ['send 183'] },
  { state: 'proceeding', event: '200-699', path: proceeding, by: respond(404), next: 'completed', emits: ['send 404'] },
  {
    state: 'proceeding',
    event: 'transportError',
    path: proceeding,
    by: transportError,
    next: 'proceeding',
    emits: ['failed transport'],
  },
  { state: 'completed', event: 'request', path: completed, by: request, next: 'completed', emits: ['send 200'] },
  { state: 'completed', event: 'J', path: completed, by: 32_000, next: 'terminated', emits: ['terminated'] },
  {
    state: 'completed',
    event: 'transportError',
    path: completed,
    by: transportError,
    next: 'completed',
    emits: ['failed transport'],
  },
]

describe('the table of the non-INVITE server transaction', () => {
  it.each(ROWS)('$state, $event -> $next', (row) => {
    expect(play(create(row.over), row)).toEqual({ before: row.state, after: row.next, emits: row.emits })
  })

  it('has no row that is not tested', () => {
    expect(ROWS.map(({ state, event }) => `${state} ${event}`).sort()).toEqual(rowNames(NON_INVITE_SERVER_TABLE).sort())
  })

  it.each([
    ['trying', trying, request],
    ['completed', completed, respond(100)],
    ['completed', completed, respond(500)],
  ] as const)('absorbs in %s what has no row (%#)', (state, path, input) => {
    const played = play(create(), { state, event: '', path, by: input, next: state, emits: [] })
    expect(played).toEqual({ before: state, after: state, emits: [] })
  })
})

describe('timer J', () => {
  it('answers retransmitted requests for 64*T1 with the very same object', () => {
    const server = create()
    server.handle(request, 0)
    server.handle(respond(200), 100)
    const sent = drain(server).at(-1)
    server.handle(request, 31_000)
    expect(drain(server)[0]).toBe(sent)
    expect(run(server, 40_000).map(([at, output]) => [at, words(output)])).toEqual([[32_100, 'terminated']])
    server.handle(request, 40_000)
    expect(drain(server)).toEqual([])
  })

  it('is 0 over a stream', () => {
    const server = create('tcp')
    server.handle(request, 0)
    server.handle(respond(200), 100)
    expect(drain(server).map(words)).toEqual(['request OPTIONS', 'send 200', 'terminated'])
    expect(server.deadline()).toBe(NEVER)
  })
})
