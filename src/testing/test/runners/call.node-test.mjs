// A test as a user writes it for node:test, on the built package; runners.test.ts runs it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inbound } from 'ringdown'
import { exchange } from 'ringdown/testing'

const greet = inbound(async (channel) => {
  await channel.answer()
  await sleep(60_000)
  await channel.filePlayer.play('hello.wav')
  await channel.hangUp()
})

test('a caller is greeted after a minute', async () => {
  const pbx = exchange({ apps: { '*': greet }, files: { 'hello.wav': 'Hello and welcome.' } })
  const alice = pbx.phone('alice')
  assert.equal(await alice.call('1000'), 200)
  await alice.expectSpeech(/welcome/i, { withinMs: 70_000 })
  await alice.expectHangUp()
  await pbx.done()
})

test('a caller who expects something else is told what was said', async () => {
  const pbx = exchange({ apps: { '*': greet }, files: { 'hello.wav': 'Hello and welcome.' } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await assert.rejects(alice.expectSpeech(/farewell/i, { withinMs: 70_000 }), /hello\.wav “Hello and welcome\.”/)
})
