import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { DigestServer } from '../index.ts'
import { CAROL, calls, expectNothingLeft, later, REFER, refer, refersOf, reports, run } from './referring.ts'
import { answerAtOnce, connected } from './wire.ts'

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
