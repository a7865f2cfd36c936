import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { DigestServer, sipfragStatusOf } from '../index.ts'
import { CAROL, expectNothingLeft, REFER, refersOf, reports, run } from './referring.ts'
import { EMPTY_SIZES, type Pair, Phone, pair } from './wire.ts'

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
