import { expect, test } from 'vitest'
import type { PhoneKind } from '../../../testing/index.ts'
import { switchboard } from './switchboard.ts'

test('telephones that transfer a caller in circles come to an end', async () => {
  const answers: PhoneKind = { set: { hearsTones: false, sendsSilence: false }, onCall: (phone) => phone.answer() }
  const { pbx, alice, bob, carol, expectClean } = await switchboard({ kind: answers })
  const dave = pbx.phone('dave', answers)
  expect(await alice.refer('sip:carol@carol')).toBe(202)
  await alice.expectReport(200)
  await alice.hangUp()
  let [one, other] = [carol, dave]
  let rounds = 0
  let status = 202
  for (; rounds < 80; rounds++) {
    status = await one.refer(`sip:${other.name}@${other.name}`)
    if (status !== 202) break
    await one.expectHangUp()
    ;[one, other] = [other, one]
  }
  // 70, less one for the call to bob, one for his channel, and one for carol.
  expect([rounds, status]).toEqual([67, 483])
  await bob.hangUp()
  await one.expectHangUp()
  await expectClean()
})
