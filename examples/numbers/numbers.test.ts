import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { exchange, type Phone, type PhoneKind, phones, type TestExchange } from 'ringdown/testing'
import 'ringdown/testing/vitest'
import { describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/server/config/check.ts'
import { routingOf } from '../../src/server/routing.ts'
import desk from './desk.ts'
import dialOut from './dial-out.ts'
import reception from './reception.ts'
import config from './ringdown.config.ts'

const routing = routingOf(checkConfig(config, fileURLToPath(new URL('.', import.meta.url))))

/** An exchange with this configuration, and a far end at each trunk. */
function withTrunks(north: PhoneKind, south: PhoneKind, seed = 1): { pbx: TestExchange; north: Phone; south: Phone } {
  const pbx = exchange({
    seed,
    apps: { desk, '*': reception },
    files: { 'desk.wav': 'This is the desk.', 'message.wav': 'Your parcel is here.' },
    exchange: routing,
  })
  return { pbx, north: pbx.phone('north.example', north), south: pbx.phone('south.example', south) }
}

const answers = phones.person({ rings: 1, says: 'Hello?' })

function header(phone: Phone, name: string): string | undefined {
  return phone.sip.latestCall.invite.headers.get(name)?.replace(/;tag=.*/, '')
}

describe('a number that is called', () => {
  test('takes the trunks of the longest prefix, and comes from a number that may be shown', async () => {
    const { pbx, north } = withTrunks(answers, answers)
    await pbx.start(dialOut, { number: '00 1 555 0100', from: '01632 960012' })
    await pbx.done()
    expect(north.sip.latestCall.invite.uri).toBe('sip:+15550100@north.example')
    expect(header(north, 'from')).toBe('<sip:+441632960012@acme.example>')
    expect(pbx.calls[0]).toMatchObject({ attempts: [{ trunk: 'north', outcome: 'answered' }] })
  })

  test('goes on to the next trunk, which is told in its own way', async () => {
    const { pbx, south } = withTrunks(phones.rejects(503), answers)
    await pbx.start(dialOut, { number: '+15550100', from: 'sip:alice@acme.example' })
    await pbx.done()
    expect(south.sip.latestCall.invite.uri).toBe('sip:0015550100@south.example')
    expect(header(south, 'from')).toBe('"Acme" <sip:01632960000@acme.example>')
    expect(header(south, 'p-asserted-identity')).toBe('"Acme" <sip:01632960000@acme.example>')
    expect(pbx.calls[0]).toMatchObject({
      attempts: [
        { trunk: 'north', outcome: 'refused', status: 503 },
        { trunk: 'south', outcome: 'answered', status: 200 },
      ],
    })
  })

  test('is shared among trunks of one priority by weight', async () => {
    const counts = { north: 0, south: 0 }
    for (let seed = 1; seed <= 40; seed++) {
      const { pbx } = withTrunks(phones.busy(), phones.busy(), seed)
      await pbx.start(dialOut, { number: '01632 960099', from: '01632 960012' })
      await pbx.done()
      const [attempt] = pbx.calls[0]?.attempts ?? []
      counts[attempt?.trunk as 'north' | 'south']++
    }
    expect(counts.north).toBeGreaterThan(counts.south)
    expect(counts.south).toBeGreaterThan(0)
  })

  test('may be anonymous: a trusted trunk is told all the same', async () => {
    const { pbx, south } = withTrunks(answers, answers)
    await pbx.start(dialOut, { number: '07700 900123', from: '01632 960012', anonymous: true })
    await pbx.done()
    expect(header(south, 'from')).toBe('"Anonymous" <sip:anonymous@anonymous.invalid>')
    expect(header(south, 'p-asserted-identity')).toBe('<sip:01632960012@acme.example>')
    expect(header(south, 'privacy')).toBe('id')
  })

  test('may be barred, or an extension: the service that takes it', async () => {
    const { pbx } = withTrunks(answers, answers)
    const barred = await pbx.start(dialOut, { number: '0900 123456', from: '01632 960012' })
    expect(barred.returnCode).toBe(-100)
    await pbx.start(dialOut, { number: '2001', from: '01632 960012' })
    await pbx.done()
    expect(pbx.calls.map(({ direction, target, cause }) => [direction, target, cause])).toEqual([
      ['outbound', '0900 123456', 'BARRED'],
      ['inbound', 'service:desk', 'NORMAL'],
      ['outbound', 'service:desk', 'NORMAL'],
    ])
  })
})

test('a call that is diverted tells by whom, and comes from its caller as far as he may be shown', async () => {
  const { pbx, south } = withTrunks(answers, answers)
  pbx.phone('porter', phones.busy())
  const alice = pbx.phone('alice')
  await alice.call('01632960001')
  await alice.expectSpeech(/hello/i)
  await alice.hangUp()
  await pbx.done()
  const { uri, headers } = south.sip.latestCall.invite
  expect(uri).toBe('sip:07700900123@south.example')
  expect(headers.all('history-info')).toEqual([
    '<sip:01632960001@acme.example>;index=1',
    '<sip:07700900123@south.example;cause=486>;index=1.1;mp=1',
  ])
  expect(header(south, 'from')).toBe('"Acme" <sip:01632960000@acme.example>')
})

test('what the guide shows of an example stands in it', () => {
  const root = new URL('../../', import.meta.url)
  const guide = readFileSync(new URL('docs/guides/numbers-and-routes.md', root), 'utf8')
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(3)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, root), 'utf8')).toContain(code)
})
