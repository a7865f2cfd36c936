import { describe, expect, test } from 'vitest'
import type { TransferCause } from '../../index.ts'
import { outcomeOf, type Referred, referred, referToOf } from './refer-script.ts'

const BOB = 'sip:bob@192.0.2.9'

/** Asks alice to call bob, and keeps what the application sees then. */
function blindly(options: object, script: (at: Referred & { outcome: () => object }) => Promise<void>) {
  let outcome: object = {}
  return referred(
    async (channel) => {
      outcome = outcomeOf(channel, await channel.blindTransfer(BOB, options))
      await channel.hangUp()
    },
    (at) => script({ ...at, outcome: () => outcome }),
  )
}

test(
  'a far end that reports 200 has reached the target, and only then it is hung up on',
  blindly({}, async ({ alice, call, seen, takeRefer, notify, done, outcome }) => {
    const refer = await takeRefer()
    expect(referToOf(refer)).toMatchObject({ uri: BOB, method: 'INVITE' })
    expect(refer.headers.get('referred-by')).toBe('<sip:desk@192.0.2.1>')
    await notify(100)
    await notify(180)
    await alice.expectNo('BYE', 20_000)
    await notify(200)
    call.respond(200, {}, await call.expect('BYE'))
    await done
    expect(outcome()).toEqual({ isThere: true, state: 'IDLE', cause: 'NORMAL' })
    expect(seen).toEqual(['TRANSFERRING', '100', '180', '200', 'TRANSFERRED', 'IDLE'])
  }),
)

describe('a far end that does not reach the target: the caller is with the application again', () => {
  const reports: readonly [status: number, cause: TransferCause][] = [
    [302, 'TARGETREJECT'],
    [404, 'TARGETREJECT'],
    [486, 'TARGETREJECT'],
    [487, 'TARGETREJECT'],
    [503, 'FAIL'],
    [603, 'TARGETREJECT'],
  ]
  test.each(reports)('it reports %i', (status, cause) =>
    blindly({}, async ({ sim, call, takeRefer, notify, done, outcome, seen }) => {
      await takeRefer()
      await notify(100)
      await notify(status)
      const reportedAt = sim.now
      const bye = await call.expect('BYE')
      expect(sim.now - reportedAt).toBeLessThan(1000)
      call.respond(200, {}, bye)
      await done
      expect(outcome()).toEqual({ isThere: false, state: 'ANSWERED', cause, rawCause: status })
      expect(seen).toEqual(['TRANSFERRING', '100', String(status), 'ANSWERED', 'IDLE'])
    })(),
  )

  const silences: readonly [what: string, script: (at: Referred) => Promise<void>, seen: object][] = [
    ['refuses the REFER', async ({ takeRefer }) => void (await takeRefer(405)), { cause: 'FAIL', rawCause: 405 }],
    ['declines the REFER', async ({ takeRefer }) => void (await takeRefer(603)), { cause: 'FAIL', rawCause: 603 }],
    ['accepts, and never says anything', async ({ takeRefer }) => void (await takeRefer()), { cause: 'FAIL' }],
    [
      'accepts, and ends the subscription without a word of how it went',
      async ({ takeRefer, notify }) => {
        await takeRefer()
        await notify(0, { state: 'terminated;reason=giveup' })
      },
      { cause: 'FAIL' },
    ],
    [
      'accepts, and will not report',
      async ({ call }) => {
        const refer = await call.expect('REFER')
        call.respond(202, { headers: [['Refer-Sub', 'false']] }, refer)
      },
      { cause: 'FAIL' },
    ],
    [
      'lets it ring, and falls silent',
      async ({ takeRefer, notify }) => {
        await takeRefer()
        await notify(180)
      },
      { cause: 'TIMEOUT' },
    ],
  ]
  test.each(silences)('it %s', (_, script, seen) =>
    blindly({ timeoutMs: 45_000 }, async (at) => {
      await script(at)
      at.call.respond(200, {}, await at.call.expect('BYE'))
      await at.done
      expect(at.outcome()).toEqual({ isThere: false, state: 'ANSWERED', ...seen })
    })(),
  )
})

test(
  'a report that comes before the 202 counts',
  blindly({}, async ({ call, notify, done, outcome }) => {
    const refer = await call.expect('REFER')
    await notify(200)
    call.respond(202, {}, refer)
    call.respond(200, {}, await call.expect('BYE'))
    await done
    expect(outcome()).toEqual({ isThere: true, state: 'IDLE', cause: 'NORMAL' })
  }),
)

test(
  'a report that comes after one which was sent later is refused, and changes nothing',
  blindly({}, async ({ sim, call, takeRefer, notify, done, outcome, seen }) => {
    await takeRefer()
    // The first is lost on its way, and comes again when the second is there.
    sim.network.setConditions({ loss: 1 }, { from: '192.0.2.2', to: '192.0.2.1' })
    const first = call.request('NOTIFY', {
      headers: [
        ['Event', 'refer'],
        ['Subscription-State', 'active;expires=60'],
      ],
      body: 'SIP/2.0 180 Ringing\r\n',
      contentType: 'message/sipfrag',
    })
    sim.network.setConditions({ loss: 0 }, { from: '192.0.2.2', to: '192.0.2.1' })
    await notify(183)
    await call.expectResponse(500, { to: first })
    await notify(486)
    call.respond(200, {}, await call.expect('BYE'))
    await done
    expect(outcome()).toEqual({ isThere: false, state: 'ANSWERED', cause: 'TARGETREJECT', rawCause: 486 })
    expect(seen).toEqual(['TRANSFERRING', '183', '486', 'ANSWERED', 'IDLE'])
  }),
)

test('a far end that hangs up before it accepts is gone; one that has accepted may report later', async () => {
  await blindly({}, async ({ call, done, outcome }) => {
    await call.expect('REFER')
    call.bye()
    await done
    expect(outcome()).toEqual({ isThere: false, state: 'IDLE', cause: 'HANGUP' })
  })()
  await blindly({}, async ({ call, takeRefer, notify, done, outcome }) => {
    await takeRefer()
    call.bye()
    await call.expectResponse(200)
    await notify(100)
    await notify(200)
    await done
    expect(outcome()).toEqual({ isThere: true, state: 'IDLE', cause: 'NORMAL' })
  })()
  await blindly({}, async ({ sim, call, takeRefer, done, outcome }) => {
    await takeRefer()
    call.bye()
    const gone = sim.now
    await done
    expect(sim.now - gone).toBeLessThan(11_000)
    expect(outcome()).toEqual({ isThere: false, state: 'IDLE', cause: 'HANGUP' })
  })()
})

test(
  'what cannot be asked is said at once',
  referred(
    async (channel) => {
      await expect(channel.blindTransfer('service:desk')).rejects.toThrow(/inside of this exchange/)
      await expect(channel.blindTransfer('sip:bob@host?X-Y=1')).rejects.toThrow(/has headers/)
      await expect(channel.blindTransfer(BOB, { timeoutMs: 0 })).rejects.toThrow(/timeoutMs must be above 0, not 0/)
      await expect(channel.blindTransfer('bob')).rejects.toThrow(/cannot call "bob"/)
      await expect(channel.blindTransfer(BOB, { bridgeIfRefused: { timeoutMs: -1 } })).rejects.toThrow(
        /bridgeIfRefused: timeoutMs must be above 0/,
      )
      await expect(channel.attendedTransfer(channel)).rejects.toThrow(/cannot be transferred to itself/)
      await channel.hangUp()
      await expect(channel.blindTransfer(BOB)).rejects.toThrow(/call has ended/)
    },
    async ({ call }) => void call.respond(200, {}, await call.expect('BYE')),
  ),
)
