import { describe, expect, it } from 'vitest'
import { toTag } from '../message/index.ts'
import { INVITE_SERVER_TABLE, InviteServer, type InviteServerInput } from './invite-server.ts'
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
const request = { type: 'request' } as const
const ack = { type: 'ack', request: phoneRequest('ACK'), from: UDP } as const
const transportError = { type: 'transportError', reason: 'closed' } as const
const respond = (status: number) => ({ type: 'respond', response: answer(INVITE, status) }) as const

function create(over: 'udp' | 'tcp' = 'udp'): InviteServer {
  const from = over === 'udp' ? UDP : TCP
  return new InviteServer({ id: 1, request: INVITE, from, replyTo: from, timing: TIMING })
}

const proceeding: InviteServerInput[] = [request, respond(180)]
const completed: InviteServerInput[] = [request, respond(486)]
const confirmed: InviteServerInput[] = [...completed, ack]
const accepted: InviteServerInput[] = [request, respond(200)]

const ROWS: RowCase<InviteServerInput>[] = [
  { state: 'initial', event: 'request', path: [], by: request, next: 'proceeding', emits: ['request INVITE'] },
  { state: 'proceeding', event: 'request', path: proceeding, by: request, next: 'proceeding', emits: ['send 180'] },
  { state: 'proceeding', event: 'trying', path: [request], by: 200, next: 'proceeding', emits: ['send 100'] },
  { state: 'proceeding', event: '1xx', path: proceeding, by: respond(183), next: 'proceeding', emits: ['send 183'] },
  { state: 'proceeding', event: '2xx', path: proceeding, by: respond(200), next: 'accepted', emits: ['send 200'] },
  { state: 'proceeding', event: '300-699', path: proceeding, by: respond(404), next: 'completed', emits: ['send 404'] },
  {
    state: 'proceeding',
    event: 'transportError',
    path: proceeding,
    by: transportError,
    next: 'proceeding',
    emits: ['failed transport'],
  },
  { state: 'completed', event: 'request', path: completed, by: request, next: 'completed', emits: ['send 486'] },
  { state: 'completed', event: 'G', path: completed, by: 500, next: 'completed', emits: ['send 486'] },
  {
    state: 'completed',
    event: 'H',
    over: 'tcp',
    path: completed,
    by: 32_000,
    next: 'terminated',
    emits: ['failed timeout', 'terminated'],
  },
  { state: 'completed', event: 'ack', path: completed, by: ack, next: 'confirmed', emits: ['acknowledged'] },
  {
    state: 'completed',
    event: 'transportError',
    path: completed,
    by: transportError,
    next: 'completed',
    emits: ['failed transport'],
  },
  { state: 'confirmed', event: 'I', path: confirmed, by: 5000, next: 'terminated', emits: ['terminated'] },
  { state: 'accepted', event: '2xx', path: accepted, by: respond(200), next: 'accepted', emits: ['send 200'] },
  { state: 'accepted', event: 'ack', path: accepted, by: ack, next: 'accepted', emits: ['ack ACK'] },
  { state: 'accepted', event: 'L', path: accepted, by: 32_000, next: 'terminated', emits: ['terminated'] },
  {
    state: 'accepted',
    event: 'transportError',
    path: accepted,
    by: transportError,
    next: 'accepted',
    emits: ['failed transport'],
  },
]

describe('the table of the INVITE server transaction', () => {
  it.each(ROWS)('$state, $event -> $next', (row) => {
    expect(play(create(row.over), row)).toEqual({ before: row.state, after: row.next, emits: row.emits })
  })

  it('has no row that is not tested', () => {
    expect(ROWS.map(({ state, event }) => `${state} ${event}`).sort()).toEqual(rowNames(INVITE_SERVER_TABLE).sort())
  })

  it.each([
    ['proceeding', proceeding, ack],
    ['completed', completed, respond(200)],
    ['completed', completed, respond(500)],
    ['confirmed', confirmed, ack],
    ['confirmed', confirmed, request],
    ['confirmed', confirmed, respond(200)],
    ['confirmed', confirmed, transportError],
    ['accepted', accepted, request],
    ['accepted', accepted, respond(180)],
    ['accepted', accepted, respond(486)],
  ] as const)('absorbs in %s what has no row (%#)', (state, path, input) => {
    const played = play(create(), { state, event: '', path, by: input, next: state, emits: [] })
    expect(played).toEqual({ before: state, after: state, emits: [] })
  })
})

describe('the timers of the INVITE server transaction', () => {
  it('retransmits a failure after 0.5, 1, 2 and then every 4 s, and gives up after 32 s (G, H)', () => {
    const server = create()
    server.handle(request, 0)
    server.handle(respond(486), 100)
    drain(server)
    expect(run(server, 40_000).map(([at, output]) => [at - 100, words(output)])).toEqual([
      ...[500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500].map((at) => [at, 'send 486']),
      [32_000, 'failed timeout'],
      [32_000, 'terminated'],
    ])
  })

  it('stops at the ACK and absorbs further ones for T4 (I)', () => {
    const server = create()
    server.handle(request, 0)
    server.handle(respond(486), 0)
    server.handle(ack, 300)
    drain(server)
    expect(run(server, 40_000).map(([at, output]) => [at, words(output)])).toEqual([[5300, 'terminated']])
  })

  it('sends a failure once over a stream and is over at its ACK (I = 0)', () => {
    const server = create('tcp')
    server.handle(request, 0)
    server.handle(respond(486), 0)
    drain(server)
    expect(server.deadline()).toBe(32_000)
    server.handle(ack, 300)
    expect(drain(server).map(words)).toEqual(['acknowledged', 'terminated'])
  })

  it('never sends a 2xx of its own accord, and is over after 64*T1 (L)', () => {
    const server = create()
    server.handle(request, 0)
    server.handle(respond(200), 1000)
    drain(server)
    expect(run(server, 40_000).map(([at, output]) => [at, words(output)])).toEqual([[33_000, 'terminated']])
  })

  it.each([
    ['nothing', [], ['send 100']],
    ['180 in time', [respond(180)], []],
    ['486 in time', [respond(486)], []],
  ] as const)('after 200 ms of %s from the TU', (_, responses, emits) => {
    const server = create()
    server.handle(request, 0)
    for (const response of responses) server.handle(response, 199)
    drain(server)
    expect(run(server, 200).map(([, output]) => words(output))).toEqual(emits)
  })
})

it('resends the most recent provisional response as the very same object', () => {
  const server = create()
  for (const input of [request, respond(180), respond(183)]) server.handle(input, 0)
  const last = drain(server).at(-1)
  server.handle(request, 600)
  expect(drain(server)).toEqual([last])
  server.handle(request, 700)
  expect(drain(server)[0]).toBe(last)
})

it('sends a 2xx whenever the TU hands one in, and keeps nothing of it but the To tag', () => {
  const server = create()
  const response = answer(INVITE, 200)
  server.handle(request, 0)
  server.handle({ type: 'respond', response }, 0)
  const first = drain(server).at(-1)
  expect(first).toMatchObject({ type: 'send', message: response })
  server.handle({ type: 'respond', response }, 500)
  expect(drain(server)).toEqual([first])
  expect(server.lastTag).toBe(toTag(response))
  server.handle(request, 600)
  expect(drain(server)).toEqual([])
})
