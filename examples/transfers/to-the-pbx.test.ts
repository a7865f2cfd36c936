import { exchange, phones } from 'ringdown/testing'
import { expect, test } from 'vitest'
import toThePbx from './to-the-pbx.ts'

/** A caller in front of the menu, and the other exchange, whose part a telephone plays. */
function menu(there = phones.person({ says: 'Support.' })) {
  const pbx = exchange({ apps: { '*': { name: 'menu', app: toThePbx, parameters: { pbx: 'pbx' } } } })
  pbx.phone('pbx', there)
  return { pbx, alice: pbx.phone('alice') }
}

test('the caller is sent on, and our line is free', async () => {
  const { pbx, alice } = menu()
  await alice.call('1000')
  await alice.expectSpeech(/press two/i)
  await alice.press('2')
  expect(await alice.expectRefer()).toMatchObject({ uri: 'sip:3302@pbx' })
  alice.answerRefer()
  await alice.expectSpeech(/support/i)
  expect(pbx.calls).toMatchObject([{ cause: 'NORMAL', transfer: { target: 'sip:3302@pbx' } }])
  await alice.hangUp()
  await pbx.done()
})

test('who is busy there is said, and the caller may choose again', async () => {
  const { pbx, alice } = menu(phones.busy())
  await alice.call('1000')
  await alice.press('1')
  await alice.expectRefer()
  alice.answerRefer()
  await alice.expectSpeech(/talking to somebody else/i)
  await alice.expectSpeech(/for sales/i)
  await alice.hangUp()
  await pbx.done()
})

test('where REFER is not known, we call for him', async () => {
  const { pbx, alice } = menu()
  await alice.call('1000')
  await alice.press('2')
  await alice.expectRefer()
  alice.answerRefer(405)
  await alice.expectSpeech(/support/i)
  expect(pbx.calls).toEqual([])
  await alice.hangUp()
  await pbx.done()
  expect(pbx.calls).toHaveLength(2)
})
