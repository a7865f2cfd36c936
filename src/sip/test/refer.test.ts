import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { DigestServer, type EndpointOptions, type SipRequest, sipfragStatusOf } from '../index.ts'
import { type Agent, answerAtOnce, connected, EMPTY_SIZES, type Pair, Phone, pair } from './wire.ts'

const REFER = 100
const CAROL = 'sip:carol@example.com'

/** Bob accepts what alice refers him to, and reports these statuses, one each 100 ms. */
function reports(agent: Agent, wire: Pair['wire'], statuses: readonly number[], status = 202): void {
  agent.on = (event) => {
    if (event.type !== 'referred') return
    agent.do({ type: 'respondRefer', refer: event.refer, status })
    for (const [i, each] of statuses.entries())
      later(wire, 100 * (i + 1), () => agent.do({ type: 'notifyRefer', refer: event.refer, status: each }))
  }
}

const pending = new WeakMap<Pair['wire'], { at: number; action: () => void }[]>()

function later(wire: Pair['wire'], ms: number, action: () => void): void {
  const list = pending.get(wire) ?? []
  list.push({ at: wire.now + ms, action })
  pending.set(wire, list)
}

/** Lets time pass, and what was put off happen in it. */
function run(wire: Pair['wire'], ms: number): void {
  const end = wire.now + ms
  while (wire.now < end) {
    wire.run(Math.min(50, end - wire.now))
    const list = pending.get(wire) ?? []
    const due = list.filter(({ at }) => at <= wire.now)
    pending.set(
      wire,
      list.filter(({ at }) => at > wire.now),
    )
    for (const { action } of due) action()
  }
}

const calls = (options: Partial<EndpointOptions> = {}): Pair => connected({ bob: { acceptsRefer: true, ...options } })

function refer({ alice }: Pair, more: object = {}): void {
  alice.do({ type: 'refer', session: 1, refer: REFER, to: CAROL, ...more })
}

function expectNothingLeft({ wire, alice, bob }: Pair): void {
  for (const agent of [alice, bob]) if (agent.endpoint.sizes().sessions > 0) agent.do({ type: 'bye', session: 1 })
  run(wire, 400_000)
  expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  expect(bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
}

const refersOf = (agent: Agent): string[] => agent.heard.filter((event) => event.startsWith('refer'))

describe('REFER in a session', () => {
  it('whose BYE is overtaken by a report has ended all the same', () => {
    const both = calls()
    const { wire, alice, bob } = both
    reports(bob, wire, [180])
    wire.lose = (line) => line.includes('BYE') && wire.now < 400
    refer(both)
    later(wire, 50, () => bob.do({ type: 'bye', session: 1 }))
    run(wire, 2000)
    expect(wire.arrows().filter((line) => / (NOTIFY|BYE)/.test(line))).toEqual([
      'bob NOTIFY alice',
      'alice 200 NOTIFY bob',
      'bob BYE alice (lost)',
      'bob NOTIFY alice',
      'alice 200 NOTIFY bob',
      'bob BYE alice',
      'alice 500 BYE bob',
    ])
    expect(alice.heard).toContain('ended remote')
    expect(bob.heard).toContain('ended local')
    expectNothingLeft(both)
  })

  it('is accepted, reported on and done', () => {
    const both = calls()
    reports(both.bob, both.wire, [180, 200])
    const from = both.wire.ladder.length
    refer(both)
    run(both.wire, 500)
    expect(both.wire.arrows(from)).toEqual([
      'alice REFER bob',
      'bob 202 REFER alice',
      'bob NOTIFY alice',
      'alice 200 NOTIFY bob',
      'bob NOTIFY alice',
      'alice 200 NOTIFY bob',
      'bob NOTIFY alice',
      'alice 200 NOTIFY bob',
    ])
    expect(refersOf(both.alice)).toEqual([
      'referAccepted 202',
      'referProgress 100',
      'referProgress 180',
      'referDone reported 200',
    ])
    expect(both.bob.event('referred')).toMatchObject({
      session: 1,
      referTo: { uri: CAROL, method: 'INVITE', headers: [] },
      wantsReports: true,
    })
    expect(refersOf(both.bob)).toEqual(['referred', 'referClosed'])
    expect(both.alice.endpoint.sizes().sessions).toBe(1)
    expectNothingLeft(both)
  })

  it.each([404, 486, 603])('whose call gets %i is done with that', (status) => {
    const both = calls()
    reports(both.bob, both.wire, [status])
    refer(both)
    run(both.wire, 500)
    expect(both.alice.heard.at(-1)).toBe(`referDone reported ${status}`)
    expect(both.alice.endpoint.sizes().sessions).toBe(1)
    expectNothingLeft(both)
  })

  it('is refused politely where nobody asks for it, as is MESSAGE, and the session goes on', () => {
    const both = connected()
    refer(both)
    run(both.wire, 100)
    expect(refersOf(both.alice)).toEqual(['referDone refused 405'])
    both.alice.do({ type: 'request', session: 1, method: 'MESSAGE' })
    run(both.wire, 100)
    expect(both.alice.heard.at(-1)).toBe('requestDone 405')
    expect(both.alice.event('requestDone').response?.headers.get('allow')).toContain('INVITE')
    expect(both.bob.endpoint.sizes().sessions).toBe(1)
    expectNothingLeft(both)
  })

  it('is refused by whoever is asked, or with 500 when he says nothing', () => {
    const both = calls()
    both.bob.on = (event) => {
      if (event.type === 'referred') both.bob.do({ type: 'respondRefer', refer: event.refer, status: 603 })
    }
    refer(both)
    run(both.wire, 100)
    expect(refersOf(both.alice)).toEqual(['referDone refused 603'])
    both.bob.on = () => {}
    refer(both)
    run(both.wire, 17_000)
    expect(both.alice.heard.at(-1)).toBe('referDone refused 500')
    expectNothingLeft(both)
  })

  it('without a readable Refer-To gets 400', () => {
    const both = calls()
    for (const headers of [[], [['Refer-To', 'carol']]] as [string, string][][]) {
      both.alice.do({ type: 'request', session: 1, method: 'REFER', headers })
      run(both.wire, 100)
      expect(both.alice.heard.at(-1)).toBe('requestDone 400')
    }
    expect(refersOf(both.bob)).toEqual([])
    expectNothingLeft(both)
  })

  it('answers a challenge, and knows the reports of the REFER that was accepted', () => {
    const both = calls()
    const server = new DigestServer({
      realm: 'example.com',
      lookup: () => ({ password: 'secret' }),
      random: seededRandom(3),
      nonceLifetimeMs: 60_000,
    })
    both.bob.on = (event) => {
      if (event.type !== 'referred') return
      const verdict = server.check(event.request, both.wire.now)
      if (!verdict.ok) {
        both.bob.do({ type: 'respondRefer', refer: event.refer, status: verdict.status, headers: verdict.headers })
        return
      }
      both.bob.do({ type: 'respondRefer', refer: event.refer, status: 202 })
      both.bob.do({ type: 'notifyRefer', refer: event.refer, status: 200 })
    }
    refer(both, { credentials: { username: 'alice', password: 'secret' } })
    run(both.wire, 500)
    expect(both.wire.arrows(3).slice(0, 4)).toEqual([
      'alice REFER bob',
      expect.stringMatching(/bob 40[17] REFER alice/),
      'alice REFER bob',
      'bob 202 REFER alice',
    ])
    expect(both.alice.heard.at(-1)).toBe('referDone reported 200')
    expectNothingLeft(both)
  })

  it('asks for no reports, and gets none (RFC 4488)', () => {
    const both = calls()
    reports(both.bob, both.wire, [200])
    refer(both, { noReports: true })
    run(both.wire, 500)
    expect(both.bob.event('referred')).toMatchObject({ wantsReports: false })
    expect(refersOf(both.alice)).toEqual(['referAccepted 202 without reports', 'referDone unreported no subscription'])
    expect(both.wire.arrows(3)).toEqual(['alice REFER bob', 'bob 202 REFER alice'])
    expectNothingLeft(both)
  })

  it('names a session to replace, as its far end knows it', () => {
    const both = calls()
    reports(both.bob, both.wire, [200])
    answerAtOnce(both.bob)
    both.alice.do({ type: 'invite', session: 2, to: both.bob.uri })
    run(both.wire, 100)
    reports(both.bob, both.wire, [200])
    const invite = both.bob.event('incoming').request
    const answer = both.alice.event('answered').response
    refer(both, { to: undefined, replaces: 2 })
    run(both.wire, 500)
    const { referTo } = both.bob.event('referred')
    expect(referTo.uri).toBe(`sip:bob@${both.bob.peer.address}:5060`)
    expect(referTo.replaces).toEqual({
      callId: invite.headers.get('call-id'),
      toTag: /tag=(.+)/.exec(answer.headers.get('to') ?? '')?.[1],
      fromTag: /tag=(.+)/.exec(invite.headers.get('from') ?? '')?.[1],
      earlyOnly: false,
    })
    refer(both, { to: undefined, replaces: 99 })
    expect(both.alice.heard.at(-1)).toBe('referDone transport no such session to replace')
    both.alice.do({ type: 'bye', session: 2 })
    expectNothingLeft(both)
  })

  it('needs an established session', () => {
    const both = calls()
    both.alice.do({ type: 'refer', session: 9, refer: 5, to: CAROL })
    expect(both.alice.heard.at(-1)).toBe('referDone transport no established session')
    both.alice.do({ type: 'bye', session: 1 })
    refer(both)
    expect(both.alice.heard.at(-1)).toBe('referDone transport session is ending')
    expectNothingLeft(both)
  })

  it('outlives its session: reports are heard after the BYE of either side', () => {
    for (const leaver of ['alice', 'bob'] as const) {
      const both = calls()
      reports(both.bob, both.wire, [180, 486])
      refer(both)
      run(both.wire, 50)
      both[leaver].do({ type: 'bye', session: 1 })
      run(both.wire, 100)
      expect(both.alice.endpoint.sizes()).toMatchObject({ sessions: 0, dialogs: 1 })
      run(both.wire, 300)
      expect(both.alice.heard.at(-1)).toBe('referDone reported 486')
      expectNothingLeft(both)
    }
  })

  it('twice at once is told apart by the ids of their reports', () => {
    const both = calls()
    const refers: number[] = []
    both.bob.on = (event) => {
      if (event.type !== 'referred') return
      refers.push(event.refer)
      both.bob.do({ type: 'respondRefer', refer: event.refer, status: 202 })
    }
    refer(both)
    run(both.wire, 50)
    refer(both, { refer: 101 })
    run(both.wire, 50)
    both.bob.do({ type: 'notifyRefer', refer: refers[1]!, status: 486 })
    run(both.wire, 50)
    both.bob.do({ type: 'notifyRefer', refer: refers[0]!, status: 200 })
    run(both.wire, 50)
    const done = both.alice.events.flatMap((event) => (event.type === 'referDone' ? [[event.refer, event.status]] : []))
    expect(done).toEqual([
      [101, 486],
      [REFER, 200],
    ])
    expectNothingLeft(both)
  })

  it('is done when its NOTIFYs are lost on the way, all the same', () => {
    const both = calls()
    let lost = 0
    both.wire.lose = (line) => line.includes('NOTIFY') && lost++ < 3
    reports(both.bob, both.wire, [180, 200])
    refer(both)
    run(both.wire, 10_000)
    expect(both.alice.heard.at(-1)).toBe('referDone reported 200')
    expectNothingLeft(both)
  })
})

describe('a subscription that says nothing final', () => {
  it('expires at the far end, which says so', () => {
    const both = calls()
    reports(both.bob, both.wire, [180])
    refer(both)
    run(both.wire, 299_000)
    expect(refersOf(both.alice).at(-1)).toBe('referProgress 180')
    run(both.wire, 2000)
    expect(both.alice.heard.at(-1)).toBe('referDone unreported timeout')
    expect(both.bob.heard.at(-1)).toBe('referClosed')
    expectNothingLeft(both)
  })

  /** Bob by hand: what he answers to REFER, and what he sends then. */
  function byHand(
    answer: (bob: Phone, refer: SipRequest, notify: (state: string, body?: string) => void) => void,
  ): Pair & { phone: Phone } {
    const both = pair()
    const phone = new Phone(both.wire, 'bob')
    let cseq = 10
    phone.onMessage = (message) => {
      if (message.kind !== 'request') return
      const { alice } = both
      if (message.method === 'INVITE') phone.respond(message, alice.peer, 200, 'tb', [`Contact: <${phone.uri}>`])
      if (message.method === 'BYE') phone.respond(message, alice.peer, 200, '')
      if (message.method !== 'REFER') return
      answer(phone, message, (state, body = '') =>
        phone.send(
          alice.peer,
          [
            `NOTIFY ${alice.uri} SIP/2.0`,
            `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bKn${++cseq}`,
            'Max-Forwards: 70',
            `From: ${message.headers.get('to')}`,
            `To: ${message.headers.get('from')}`,
            `Call-ID: ${message.headers.get('call-id')}`,
            `CSeq: ${cseq} NOTIFY`,
            'Event: refer',
            `Subscription-State: ${state}`,
            `Contact: <${phone.uri}>`,
            ...(body === '' ? [] : ['Content-Type: message/sipfrag']),
          ],
          body,
        ),
      )
    }
    both.alice.do({ type: 'invite', session: 1, to: phone.uri })
    run(both.wire, 100)
    expect(both.alice.heard).toEqual(['answered 200'])
    refer(both)
    return { ...both, phone }
  }

  it.each<[string, string, Parameters<typeof byHand>[0], number]>([
    [
      'ends without a final report',
      'referDone unreported noresource',
      (bob, request, notify) => {
        bob.respond(request, request.headers.get('via') === undefined ? bob.peer : aliceOf(request), 202, '')
        notify('terminated;reason=noresource')
      },
      100,
    ],
    [
      'never begins',
      'referDone unreported no NOTIFY',
      (bob, request) => bob.respond(request, aliceOf(request), 202, ''),
      33_000,
    ],
    [
      'runs out',
      'referDone unreported expired',
      (bob, request, notify) => {
        bob.respond(request, aliceOf(request), 202, '')
        notify('active;expires=60', 'SIP/2.0 180 Ringing\r\n')
      },
      61_000,
    ],
    ['is never answered', 'referDone timeout', () => {}, 33_000],
    [
      'is reported before it is accepted',
      'referDone reported 200',
      (_, __, notify) => notify('terminated;reason=noresource', 'SIP/2.0 200 OK\r\n'),
      100,
    ],
    [
      'goes on after its final report',
      'referDone reported 487',
      (bob, request, notify) => {
        bob.respond(request, aliceOf(request), 202, '')
        notify('active;expires=60', 'SIP/2.0 487 Request Terminated\r\n')
      },
      100,
    ],
  ])('%s', (_, outcome, answer, afterMs) => {
    const both = byHand(answer)
    run(both.wire, afterMs)
    expect(refersOf(both.alice).filter((event) => event.startsWith('referDone'))).toEqual([outcome])
    if (both.alice.endpoint.sizes().sessions > 0) both.alice.do({ type: 'bye', session: 1 })
    run(both.wire, 400_000)
    expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  /** Where alice is: phones of the tests have to be told. */
  function aliceOf(request: SipRequest) {
    const [address = ''] = /\d+\.\d+\.\d+\.\d+/.exec(request.headers.get('via') ?? '') ?? []
    return { transport: 'udp', address, port: 5060 } as const
  }

  it('is refused where it is unknown: 481, and 489 for another event', () => {
    const both = connected({ alice: { acceptsRefer: true } })
    for (const [event, status] of [
      ['presence', 489],
      ['refer', 481],
    ] as const) {
      both.bob.do({ type: 'request', session: 1, method: 'NOTIFY', headers: [['Event', event]] })
      run(both.wire, 50)
      expect(
        both.wire
          .arrows()
          .filter((line) => line.includes('NOTIFY'))
          .at(-1),
      ).toBe(`alice ${status} NOTIFY bob`)
    }
    expectNothingLeft(both)
  })
})

describe('a referred session', () => {
  it('hears no more when its reports are refused', () => {
    const both = calls()
    let refers = 0
    both.bob.on = (event) => {
      if (event.type !== 'referred') return
      refers = event.refer
      both.bob.do({ type: 'respondRefer', refer: event.refer, status: 202 })
    }
    // Alice asks as one who has forgotten at once that she did.
    both.alice.do({ type: 'request', session: 1, method: 'REFER', headers: [['Refer-To', `<${CAROL}>`]] })
    run(both.wire, 100)
    expect(both.bob.heard.slice(-2)).toEqual(['referred', 'referClosed'])
    both.bob.do({ type: 'notifyRefer', refer: refers, status: 200 })
    expect(both.bob.endpoint.sizes().sessions).toBe(1)
    expectNothingLeft(both)
  })

  it('may be asked to go on reporting, or to stop (SUBSCRIBE)', () => {
    const both = calls()
    reports(both.bob, both.wire, [])
    refer(both)
    run(both.wire, 200_000)
    const subscribe = (expires: string) =>
      both.alice.do({
        type: 'request',
        session: 1,
        method: 'SUBSCRIBE',
        headers: [
          ['Event', 'refer'],
          ['Expires', expires],
        ],
      })
    subscribe('3600')
    run(both.wire, 100)
    expect(both.alice.event('requestDone').response?.headers.get('expires')).toBe('300')
    run(both.wire, 200_000)
    expect(refersOf(both.bob)).toEqual(['referred'])
    subscribe('0')
    run(both.wire, 100)
    expect(refersOf(both.bob)).toEqual(['referred', 'referClosed'])
    expect(both.alice.heard).toContain('referDone unreported timeout')
    subscribe('60')
    run(both.wire, 100)
    expect(both.alice.event('requestDone').response?.status).toBe(405)
    expectNothingLeft(both)
  })

  it('takes so many REFERs at once and no more', () => {
    const both = calls()
    both.bob.on = (event) => {
      if (event.type === 'referred') both.bob.do({ type: 'respondRefer', refer: event.refer, status: 202 })
    }
    for (let i = 0; i < 9; i++) {
      both.alice.do({ type: 'request', session: 1, method: 'REFER', headers: [['Refer-To', `<${CAROL}>`]] })
      both.wire.run(1)
    }
    expect(both.alice.endpoint.sizes().sessions).toBe(1)
    run(both.wire, 15)
    expect(both.wire.arrows().filter((line) => line === 'bob 503 REFER alice')).toHaveLength(1)
    expectNothingLeft(both)
  })
})

describe('REFER outside of any session', () => {
  function referOutside({ alice, bob }: Pair, more: object = {}): void {
    alice.do({ type: 'referOutside', refer: REFER, uri: bob.uri, to: CAROL, ...more })
  }

  it('makes a dialog of its own, which goes with it', () => {
    const both = pair({ bob: { acceptsRefer: true } })
    reports(both.bob, both.wire, [180, 200])
    referOutside(both)
    run(both.wire, 500)
    expect(refersOf(both.alice)).toEqual([
      'referAccepted 202',
      'referProgress 100',
      'referProgress 180',
      'referDone reported 200',
    ])
    expect(both.bob.event('referred')).not.toHaveProperty('session')
    expectNothingLeft(both)
  })

  it('answers a challenge', () => {
    const server = new DigestServer({
      realm: 'example.com',
      lookup: () => ({ password: 'secret' }),
      random: seededRandom(3),
      nonceLifetimeMs: 60_000,
    })
    const both = pair({ bob: { acceptsRefer: true, authentication: { requires: () => true, server } } })
    reports(both.bob, both.wire, [404])
    referOutside(both, { credentials: { username: 'alice', password: 'secret' } })
    run(both.wire, 500)
    expect(both.alice.heard.at(-1)).toBe('referDone reported 404')
    expect(both.bob.event('referred').user).toBe('alice')
    expectNothingLeft(both)
  })

  it('is refused politely by whoever does not serve it, and never answered by whoever is not there', () => {
    const both = pair()
    referOutside(both)
    run(both.wire, 100)
    expect(refersOf(both.alice)).toEqual(['referDone refused 405'])
    both.wire.lose = () => true
    referOutside(both, { refer: 7 })
    run(both.wire, 33_000)
    expect(both.alice.heard.at(-1)).toBe('referDone timeout')
    expectNothingLeft(both)
  })

  it('without reports leaves nothing behind', () => {
    const both = pair({ bob: { acceptsRefer: true } })
    reports(both.bob, both.wire, [])
    referOutside(both, { noReports: true })
    run(both.wire, 100)
    expect(refersOf(both.alice)).toEqual(['referAccepted 202 without reports', 'referDone unreported no subscription'])
    expectNothingLeft(both)
  })

  it('reports with sipfrag, in a dialog of the tags of both', () => {
    const both = pair({ bob: { acceptsRefer: true } })
    const phone = new Phone(both.wire, 'carl')
    both.bob.on = (event) => {
      if (event.type === 'referred') both.bob.do({ type: 'respondRefer', refer: event.refer, status: 202 })
    }
    phone.send(both.bob.peer, [
      `REFER ${both.bob.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bKc`,
      `From: <${phone.uri}>;tag=tc`,
      `To: <${both.bob.uri}>`,
      'Call-ID: c1',
      'CSeq: 5 REFER',
      `Contact: <${phone.uri}>`,
      `Refer-To: <${CAROL}>`,
    ])
    run(both.wire, 100)
    const accepted = phone.response('REFER')
    const notify = phone.request('NOTIFY')
    expect(accepted.status).toBe(202)
    expect(notify.headers.get('from')).toBe(accepted.headers.get('to'))
    expect(notify.headers.get('event')).toBe('refer')
    expect(notify.headers.get('subscription-state')).toBe('active;expires=300')
    expect(sipfragStatusOf(notify)).toEqual({ status: 100, phrase: 'Trying' })
    run(both.wire, 400_000)
    expect(both.bob.heard.at(-1)).toBe('referClosed')
    expect(both.bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })
})
