import { describe, expect, it } from 'vitest'
import { fromTag, printReplaces, type SipMessage, toTag } from '../index.ts'
import { Agent, answerAtOnce, connected, EMPTY_SIZES, OFFER, type Pair, pair } from './wire.ts'

const accepts = { acceptsReplaces: true }

interface Named {
  readonly callId: string
  readonly alices: string
  readonly bobs: string
}

/** The dialog of alice's call as a message of hers and the tag in bob's response name it. */
function named({ alice }: Pair, response: SipMessage): Named {
  const callId = response.headers.get('call-id') ?? ''
  expect(alice.heard.length).toBeGreaterThan(0)
  return { callId, alices: fromTag(response) ?? '', bobs: toTag(response) ?? '' }
}

/** Carol calls `to` with such a Replaces; what became of her call, and of it at the other end. */
function carolReplaces(both: Pair, to: Agent, replaces: readonly string[], required = false): Agent {
  const carol = new Agent(both.wire, 'carol')
  carol.do({
    type: 'invite',
    session: 1,
    to: to.uri,
    body: OFFER,
    headers: [
      ...replaces.map((value) => ['Replaces', value] as const),
      ...(required ? [['Require', 'replaces'] as const] : []),
    ],
  })
  both.wire.run(100)
  return carol
}

const of = ({ callId }: Named, toTag: string, fromTag: string, earlyOnly = false): string =>
  printReplaces({ callId, toTag, fromTag, earlyOnly })

function expectNothingLeft({ wire, alice, bob }: Pair, carol: Agent): void {
  for (const agent of [alice, bob, carol]) for (const session of [1, 2, 3]) agent.do({ type: 'bye', session })
  wire.run(70_000)
  for (const agent of [alice, bob, carol]) expect(agent.endpoint.sizes()).toEqual(EMPTY_SIZES)
}

describe('an INVITE with Replaces', () => {
  it('is matched to an established session, which then ends', () => {
    const both = connected({ bob: accepts })
    const dialog = named(both, both.alice.event('answered').response)
    both.bob.on = (event) => {
      if (event.type !== 'incoming') return
      both.bob.do({ type: 'respond', session: event.session, status: 200, body: OFFER })
      if (event.replaces !== undefined) both.bob.do({ type: 'bye', session: event.replaces })
    }
    const carol = carolReplaces(both, both.bob, [of(dialog, dialog.bobs, dialog.alices)], true)
    expect(both.bob.event('incoming')).toMatchObject({ replaces: 1 })
    expect(carol.heard).toEqual(['answered 200'])
    expect(both.alice.heard.at(-1)).toBe('ended remote')
    expectNothingLeft(both, carol)
  })

  it('is matched to a call of ours that rings', () => {
    const both = pair({ alice: accepts })
    both.bob.on = (event) => {
      if (event.type === 'incoming') both.bob.do({ type: 'respond', session: event.session, status: 180 })
    }
    both.alice.do({ type: 'invite', session: 50, to: both.bob.uri, body: OFFER })
    both.wire.run(100)
    const dialog = named(both, both.alice.event('progress').response)
    for (const earlyOnly of [false, true]) {
      const carol = carolReplaces(both, both.alice, [of(dialog, dialog.alices, dialog.bobs, earlyOnly)])
      expect(both.alice.event('incoming')).toMatchObject({ replaces: 50 })
      carol.do({ type: 'cancel', session: 1 })
      both.wire.run(100)
    }
    both.alice.do({ type: 'cancel', session: 50 })
    both.wire.run(100)
    expect(both.bob.heard.at(-1)).toBe('cancelled')
    expectNothingLeft(both, both.bob)
  })

  it('is not matched to a call that rings here: 481', () => {
    const both = pair({ bob: accepts })
    both.bob.on = (event) => {
      if (event.type === 'incoming') both.bob.do({ type: 'respond', session: event.session, status: 180 })
    }
    both.alice.do({ type: 'invite', session: 1, to: both.bob.uri, body: OFFER })
    both.wire.run(100)
    const dialog = named(both, both.alice.event('progress').response)
    const carol = carolReplaces(both, both.bob, [of(dialog, dialog.bobs, dialog.alices)])
    expect(carol.heard).toEqual(['failed response 481'])
    expectNothingLeft(both, carol)
  })

  it.each<[string, number, (dialog: Named) => string[]]>([
    ['an established session when only an early one is meant', 486, (d) => [of(d, d.bobs, d.alices, true)]],
    ['tags the wrong way round', 481, (d) => [of(d, d.alices, d.bobs)]],
    ['another Call-ID', 481, (d) => [of({ ...d, callId: 'x' }, d.bobs, d.alices)]],
    ['another tag of the far end', 481, (d) => [of(d, d.bobs, 'x')]],
    ['two dialogs', 400, (d) => [of(d, d.bobs, d.alices), of(d, d.bobs, d.alices)]],
    ['nothing that can be read', 400, () => ['nonsense']],
  ])('that names %s gets %i', (_, status, replaces) => {
    const both = connected({ bob: accepts })
    const incoming = both.bob.heard.filter((event) => event === 'incoming').length
    const carol = carolReplaces(both, both.bob, replaces(named(both, both.alice.event('answered').response)))
    expect(carol.heard).toEqual([`failed response ${status}`])
    expect(both.bob.heard.filter((event) => event === 'incoming')).toHaveLength(incoming)
    expectNothingLeft(both, carol)
  })

  it('that names a session which is ending gets 603', () => {
    const both = connected({ bob: accepts })
    const dialog = named(both, both.alice.event('answered').response)
    both.wire.lose = (line) => line.includes('BYE')
    both.bob.do({ type: 'bye', session: 1 })
    const carol = carolReplaces(both, both.bob, [of(dialog, dialog.bobs, dialog.alices)])
    expect(carol.heard).toEqual(['failed response 603'])
    both.wire.lose = () => false
    expectNothingLeft(both, carol)
  })

  it('is any other INVITE where nobody asks for it, and 420 where it must not be', () => {
    const both = connected()
    const dialog = named(both, both.alice.event('answered').response)
    const replaces = of(dialog, dialog.bobs, dialog.alices)
    const carol = carolReplaces(both, both.bob, [replaces])
    expect(both.bob.event('incoming')).not.toHaveProperty('replaces')
    expect(carol.heard).toEqual(['answered 200'])
    const dave = carolReplaces(both, both.bob, [replaces], true)
    expect(dave.heard).toEqual(['failed response 420'])
    expectNothingLeft(both, carol)
  })

  it('is announced in Supported', () => {
    const both = connected({ bob: { ...accepts, acceptsRefer: true } })
    const { headers } = both.alice.event('answered').response
    expect(headers.all('supported')).toEqual(['100rel', 'timer', 'replaces', 'norefersub'])
    expect(headers.all('allow').slice(-2)).toEqual(['REFER', 'NOTIFY'])
    answerAtOnce(both.bob)
    expectNothingLeft(both, both.bob)
  })
})
