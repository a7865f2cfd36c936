import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exchange, phones, type TestExchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import { checkConfig } from '../../src/server/config/check.ts'
import { routingOf } from '../../src/server/routing.ts'
import { extensions, reception } from './office.ts'
import config from './ringdown.config.ts'

const settings = checkConfig(config, fileURLToPath(new URL('.', import.meta.url)))

/** The office of the configuration, with alice behind a NAT and bob on the same network as the exchange. */
async function office(): Promise<{ pbx: TestExchange } & Record<'alice' | 'bob', ReturnType<TestExchange['phone']>>> {
  const pbx = exchange({
    apps: { '441632960000': reception, '*': extensions },
    users: Object.fromEntries(settings.users.map(({ username, password = '' }) => [username, password])),
    files: { 'nobody-is-here.wav': 'Nobody is here.' },
    exchange: { trunks: routingOf({ ...settings, trunks: settings.trunks }).trunks?.map(dialOnly) ?? [] },
  })
  const alice = pbx.phone('alice', { line: { nat: 'port-restricted-cone' } })
  const bob = pbx.phone('bob', { set: { transport: 'tcp' } })
  await alice.register({ password: 'wonder' })
  await bob.register({ password: 'builder' })
  return { pbx, alice, bob }
}

/** The same trunk where no carrier answers: it is known by an address. */
function dialOnly<Trunk extends { registration?: unknown; keepAlive?: unknown }>(trunk: Trunk): Trunk {
  const { registration: _, keepAlive: __, ...rest } = trunk
  return { ...rest, inbound: { addresses: ['198.51.100.1'] } } as unknown as Trunk
}

test('a call from the outside finds alice, or else bob', async () => {
  const { pbx, alice, bob } = await office()
  const outside = pbx.phone('outside')
  outside.dial('441632960000')
  await alice.expectCall()
  alice.reject(486)
  await bob.expectCall()
  await bob.answer()
  await outside.expectAnswer()
  const heard = bob.expectSpeech(/is this acme/i)
  await outside.say('Is this Acme?')
  await heard
  await outside.hangUp()
  await pbx.done()
})

test('alice calls bob', async () => {
  const { pbx, alice, bob } = await office()
  alice.dial('bob')
  await bob.expectCall()
  await bob.answer()
  await alice.expectAnswer()
  const heard = alice.expectSpeech(/hello alice/i)
  await bob.say('Hello Alice')
  await heard
  await bob.hangUp()
  await alice.expectHangUp()
  await pbx.done()
})

test('alice calls a number through the trunk', async () => {
  const { pbx, alice } = await office()
  const carrier = pbx.phone('sip.carrier.example', phones.person({ says: 'Parcel service' }))
  alice.dial('+15550100')
  await alice.expectAnswer()
  await alice.expectSpeech(/parcel service/i)
  await alice.hangUp()
  await pbx.done()
  expect(carrier.sip.latestCall.invite.uri).toBe('sip:+15550100@sip.carrier.example')
  expect(carrier.sip.latestCall.invite.headers.get('from')).toContain('sip:441632960000@sip.carrier.example')
})

test('the trunk registers what calls come to', () => {
  expect(settings.trunks[0]).toMatchObject({
    registration: { addressOfRecord: 'sip:441632960000@sip.carrier.example', contactUser: '441632960000' },
    keepAlive: { intervalMs: 30_000 },
  })
})

test('what comes by the trunk does not go out by it again', async () => {
  const { pbx } = await office()
  const carrier = pbx.phone('sip.carrier.example', {}, { address: '198.51.100.1' })
  expect(await carrier.call('+15550100')).toBe(404)
  await pbx.done()
})

test('what the guide shows stands in the examples', () => {
  const root = new URL('../../', import.meta.url)
  const guide = readFileSync(new URL('docs/guides/trunks-and-phones.md', root), 'utf8')
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(4)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, root), 'utf8')).toContain(code)
})
