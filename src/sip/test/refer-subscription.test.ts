import { describe, expect, it } from 'vitest'
import type { SipRequest } from '../index.ts'
import { calls, expectNothingLeft, REFER, refer, refersOf, reports, run } from './referring.ts'
import { connected, EMPTY_SIZES, type Pair, Phone, pair } from './wire.ts'

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

  const accepts = (bob: Phone, request: SipRequest) => bob.respond(request, aliceOf(request), 202, '')

  describe('with another after it in the same dialog: a report without an id', () => {
    it.each<[string, Parameters<typeof byHand>[0], number, string[]]>([
      [
        'is of the first',
        (bob, request, notify) => {
          accepts(bob, request)
          notify('active', 'SIP/2.0 100 Trying\r\n')
        },
        100,
        ['200 NOTIFY', 'first reported 200', 'second unreported no NOTIFY'],
      ],
      [
        'is of the second, when the far end has ended the first',
        (bob, request, notify) => {
          accepts(bob, request)
          notify('terminated;reason=noresource', 'SIP/2.0 486 Busy Here\r\n')
        },
        100,
        ['200 NOTIFY', 'first reported 486', 'second reported 200'],
      ],
      [
        'is of the second, when the far end has refused the first',
        (bob, request) => bob.respond(request, aliceOf(request), 603, ''),
        100,
        ['200 NOTIFY', 'first refused 603', 'second reported 200'],
      ],
      [
        'is of the second, when the far end has told how the first ended and never that it has',
        (bob, request, notify) => {
          accepts(bob, request)
          notify('active', 'SIP/2.0 486 Busy Here\r\n')
        },
        33_000,
        ['200 NOTIFY', 'first reported 486', 'second reported 200'],
      ],
      [
        'is of the second, when the far end has told how the first ended, and this is something else',
        (bob, request, notify) => {
          accepts(bob, request)
          notify('active', 'SIP/2.0 486 Busy Here\r\n')
        },
        100,
        ['200 NOTIFY', 'first reported 486', 'second reported 200'],
      ],
      [
        'is refused, when the first was only given up here',
        accepts,
        33_000,
        ['481 NOTIFY', 'first unreported no NOTIFY', 'second unreported no NOTIFY'],
      ],
    ])('%s', (_, first, afterMs, outcomes) => {
      let count = 0
      const both = byHand((bob, request, notify) => {
        if (++count === 1) return first(bob, request, notify)
        accepts(bob, request)
        notify('terminated;reason=noresource', 'SIP/2.0 200 OK\r\n')
      })
      run(both.wire, afterMs)
      const before = both.wire.ladder.length
      refer(both, { refer: REFER + 1 })
      run(both.wire, 34_000)
      const [answer] = both.wire.arrows(before).flatMap((line) => /^alice (\d+ NOTIFY) bob/.exec(line)?.[1] ?? [])
      const done = both.alice.events.flatMap((event) =>
        event.type === 'referDone'
          ? [[event.refer === REFER ? 'first' : 'second', event.cause, event.status ?? event.detail].join(' ')]
          : [],
      )
      expect([answer, ...done.sort()]).toEqual(outcomes)
      both.alice.do({ type: 'bye', session: 1 })
      run(both.wire, 400_000)
      expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    })
  })

  describe('reports without ids of several in the same dialog', () => {
    type Answer = Parameters<typeof byHand>[0]

    /** Alice refers for each of these in turn, 100 ms apart; bob does this with each. Returns what she is told of each. */
    function told(...refers: readonly Answer[]): string[] {
      let count = 0
      const both = byHand((...args) => refers[count++]?.(...args))
      for (let i = 1; i < refers.length; i++) {
        run(both.wire, 100)
        refer(both, { refer: REFER + i })
      }
      run(both.wire, 400_000)
      both.alice.do({ type: 'bye', session: 1 })
      run(both.wire, 400_000)
      expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
      return both.alice.events.flatMap((event) =>
        event.type === 'referDone' ? [`${event.refer - REFER} ${event.cause} ${event.status ?? event.detail}`] : [],
      )
    }

    const BUSY = 'SIP/2.0 486 Busy Here\r\n'
    const TRYING = 'SIP/2.0 100 Trying\r\n'
    const OK = 'SIP/2.0 200 OK\r\n'
    const busyAtOnce: Answer = (bob, request, notify) => {
      accepts(bob, request)
      notify('active', BUSY)
    }

    it('the second ends as the first did, whose end is never told', () => {
      const busy: Answer = (bob, request, notify) => {
        accepts(bob, request)
        notify('active', TRYING)
        notify('active', BUSY)
      }
      expect(told(busy, busy)).toEqual(['0 reported 486', '1 reported 486'])
    })

    it('the end of the first, which says its outcome again, is none of the second', () => {
      const second: Answer = (bob, request, notify) => {
        notify('terminated;reason=noresource', BUSY)
        accepts(bob, request)
        notify('terminated;reason=noresource', OK)
      }
      expect(told(busyAtOnce, second)).toEqual(['0 reported 486', '1 reported 200'])
    })

    it('the end of the first that comes after the second has begun is not that of the second', () => {
      const second: Answer = (bob, request, notify) => {
        accepts(bob, request)
        notify('active', TRYING)
        notify('terminated;reason=noresource', BUSY)
        notify('terminated;reason=noresource', OK)
      }
      expect(told(busyAtOnce, second)).toEqual(['0 reported 486', '1 reported 200'])
    })

    it.each<[string, number, readonly string[], string]>([
      ['refused', 603, [], '0 refused 603'],
      ['accepted without a subscription', 202, ['Refer-Sub: false'], '0 unreported no subscription'],
    ])('one that was %s is not the first of the dialog', (_, status, headers, outcome) => {
      let notifyOfSecond: Parameters<Answer>[2] = () => {}
      expect(
        told(
          (bob, request) => bob.respond(request, aliceOf(request), status, '', [...headers]),
          (bob, request, notify) => {
            accepts(bob, request)
            notifyOfSecond = notify
          },
          (bob, request) => {
            accepts(bob, request)
            notifyOfSecond('terminated;reason=noresource', OK)
          },
        ),
      ).toEqual([outcome, '1 reported 200', '2 unreported no NOTIFY'])
    })
  })

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
