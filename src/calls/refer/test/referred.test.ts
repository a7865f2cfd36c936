import { describe, expect, test } from 'vitest'
import { phones } from '../../../testing/index.ts'
import { switchboard } from './switchboard.ts'

const CAROL = 'sip:carol@carol'

test('scenario 10: a target that is unknown is 202 and a report of 404, and the call goes on untouched', async () => {
  const { alice, bob, seen, expectTalk, expectClean } = await switchboard()
  seen.length = 0
  expect(await alice.refer('nobody')).toBe(202)
  await alice.expectReport(404)
  await expectTalk(alice, bob)
  expect(seen).toEqual([])
  await alice.hangUp()
  await bob.hangUp()
  await expectClean()
})

test('the two stay connected until the target has answered; then it has the other, and the far end is told', async () => {
  const { pbx, alice, bob, carol, seen, expectTalk, expectClean } = await switchboard()
  seen.length = 0
  expect(await alice.refer(CAROL)).toBe(202)
  await carol.expectCall()
  carol.ring()
  await alice.expectReport(180)
  await expectTalk(alice, bob)
  await carol.answer()
  await alice.expectReport(200)
  await expectTalk(bob, carol)
  expect(alice.hasHeard(/carol/i)).toBe(false)
  await alice.hangUp()
  await expectTalk(bob, carol)
  await carol.hangUp()
  await bob.expectHangUp()
  await expectClean()
  expect(alice.reports).toEqual([100, 180, 200])
  expect(seen).toEqual([
    'alice TRANSFERRING',
    'bob TRANSFERRING',
    'bob alone',
    'alice alone',
    'bob TRANSFERRED',
    'alice ANSWERED',
    'alice IDLE',
    'bob alone',
    'bob IDLE',
  ])
  expect(pbx.exchange.exchange.counters.get('callsReferred')).toBe(1)
})

test('what the target is told: who calls, and who refers', async () => {
  const { alice, bob, carol, expectClean } = await switchboard()
  await alice.refer(CAROL)
  await carol.expectCall()
  const { headers } = carol.sip.latestCall.invite
  expect(headers.get('from')).toContain('sip:bob@')
  expect(headers.get('referred-by')).toContain('sip:alice@')
  expect(headers.get('max-forwards')).toBe('68')
  carol.reject()
  await alice.hangUp()
  await bob.hangUp()
  await expectClean()
})

describe('a target that does not take the call: the two talk on', () => {
  test.each([
    ['busy', phones.busy(), [100, 486]],
    ['rejects', phones.rejects(603), [100, 603]],
    ['is answered by nobody', phones.noAnswer({ givesUpAfterMs: 20_000 }), [100, 180, 480]],
  ])('it %s', async (_, kind, reports) => {
    const { alice, bob, expectTalk, expectClean } = await switchboard({ kind })
    await alice.refer(CAROL)
    await alice.expectReport(reports.at(-1) as number)
    await expectTalk(alice, bob)
    expect(alice.reports).toEqual(reports)
    await bob.hangUp()
    await alice.hangUp()
    await expectClean()
  })
})

test('scenario 11: the transferee hangs up while the target rings, which is cancelled at once; the transferor is told', async () => {
  const { pbx, alice, bob, carol, expectClean } = await switchboard()
  await alice.refer(CAROL)
  await carol.expectCall()
  carol.ring()
  await pbx.sleep(1000)
  const hungUpAt = pbx.sim.now
  await bob.hangUp()
  await carol.untilEnded()
  expect((carol.ended?.at ?? 0) - hungUpAt).toBeLessThan(20)
  await alice.expectReport(487)
  await alice.hangUp()
  await expectClean()
})

test('a transferor who hangs up after the 202: the transferee hears ringback, and then the target', async () => {
  const { alice, bob, carol, seen, expectTalk, expectClean } = await switchboard()
  seen.length = 0
  await alice.refer(CAROL)
  await carol.expectCall()
  carol.ring()
  await alice.hangUp()
  await bob.hears.tone('ringback')
  await carol.answer()
  await expectTalk(bob, carol)
  await bob.hangUp()
  await carol.expectHangUp()
  await expectClean()
  expect(seen.filter((line) => line.startsWith('bob'))).toEqual([
    'bob TRANSFERRING',
    'bob alone',
    'bob TRANSFERRED',
    'bob alone',
    'bob IDLE',
  ])
})

test('a transferor who hangs up, and a target who rejects: the transferee is with the application', async () => {
  const { alice, bob, carol, seen, expectClean } = await switchboard()
  await alice.refer(CAROL)
  await carol.expectCall()
  await alice.hangUp()
  carol.reject()
  await bob.sleep(1000)
  expect(seen.at(-1)).toBe('bob ANSWERED')
  await bob.hangUp()
  await expectClean()
})

test('a transferor who holds first: the transferee hears ringback; taken back after a refusal, the two talk on', async () => {
  const { alice, bob, carol, expectTalk, expectClean } = await switchboard()
  await alice.hold()
  await alice.refer(CAROL)
  await carol.expectCall()
  carol.ring()
  await bob.hears.tone('ringback')
  carol.reject(486)
  await alice.expectReport(486)
  await alice.resume()
  await expectTalk(alice, bob)
  await alice.hangUp()
  await bob.hangUp()
  await expectClean()
})

test('the far end of a call that we placed may refer as well', async () => {
  const { alice, bob, carol, expectTalk, expectClean } = await switchboard()
  expect(await bob.refer(CAROL)).toBe(202)
  await carol.expectCall()
  await carol.answer()
  await bob.expectReport(200)
  await bob.hangUp()
  await expectTalk(alice, carol)
  await alice.hangUp()
  await carol.expectHangUp()
  await expectClean()
})

test('one who wants no reports gets none', async () => {
  const { alice, bob, carol, expectTalk, expectClean } = await switchboard()
  expect(await alice.refer(CAROL, { withoutReports: true })).toBe(202)
  await carol.expectCall()
  await carol.answer()
  await expectTalk(bob, carol)
  expect(alice.reports).toEqual([])
  await alice.hangUp()
  await bob.hangUp()
  await carol.expectHangUp()
  await expectClean()
})

test('a second REFER has to wait until the first is done', async () => {
  const { alice, bob, carol, expectClean } = await switchboard()
  await alice.refer(CAROL)
  await carol.expectCall()
  carol.ring()
  expect(await alice.refer('sip:dave@dave')).toBe(603)
  expect(await bob.refer('sip:dave@dave')).toBe(603)
  await bob.hangUp()
  await alice.hangUp()
  await carol.untilEnded()
  await expectClean()
})
