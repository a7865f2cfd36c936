import { exchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './doorkeeper.ts'

test('who is let in, and what the others are told', async () => {
  const pbx = exchange({ apps: { '*': app }, files: { 'come-in.wav': 'Do come in.' } })
  const alice = pbx.phone('alice')
  expect(await alice.call('1000', { headers: [['X-Spam-Score', 'high']] })).toBe(403)
  expect(await alice.call('1000', { headers: [['Diversion', '<sip:bob@example.com>;reason=no-answer']] })).toBe(486)
  expect(await alice.call('1000')).toBe(200)
  await alice.expectSpeech(/come in/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.calls.map(({ cause }) => cause)).toEqual(['BARRED', 'BUSY', 'NORMAL'])
  expect(pbx.calls[2]?.codec).toBe('PCMA')
})
