import { expect, test } from 'vitest'
import { phones, type TestExchange } from '../../../testing/index.ts'
import { outbound, type TransferOptions, type Trunk } from '../../index.ts'
import { desk } from './desk.ts'

/** Who calls, as the phone was told that was called last. */
function fromAt(pbx: TestExchange, name: string): string {
  const { headers } = pbx.phones.find((phone) => phone.name === name)?.sip.latestCall.invite ?? {}
  return `${headers?.get('from')?.replace(/;tag=.*/, '')} ${headers?.get('privacy') ?? ''}`.trim()
}

const ALICE = '"Alice" <sip:+441632960007@home.example>'

test.each<[what: string, from: string, options: TransferOptions, seen: string]>([
  ['the caller, with his name', ALICE, {}, ALICE],
  ['whoever the application says', ALICE, { from: 'sip:desk@acme.example' }, '<sip:desk@acme.example>'],
  ['nobody, when the caller hides', '"Anonymous" <sip:anonymous@anonymous.invalid>', {}, 'anonymous id'],
])('the target sees %s', async (_, from, options, seen) => {
  const { pbx, expectClean } = await desk(
    async (channel) => {
      await channel.managedTransfer('sip:bob@bob', options)
    },
    (pbx) => pbx.phone('bob', phones.busy()),
    {},
    { from },
  )
  await expectClean()
  if (seen === 'anonymous id') expect(fromAt(pbx, 'bob')).toMatch(/sip:anonymous@anonymous\.invalid> id$/)
  else expect(fromAt(pbx, 'bob')).toBe(seen)
})

test('a trunk shows the numbers that it may show, and else its own', async () => {
  const trunk = (allowed: string): Trunk => ({
    name: 'network',
    uri: 'sip:network.invalid',
    from: 'sip:+441632960000@acme.example',
    callerId: { allowed: [allowed] },
  })
  for (const [allowed, seen] of [
    ['+4416329600*', '+441632960007@acme.example'],
    ['+49*', '+441632960000@acme.example'],
  ] as const) {
    const { pbx, expectClean } = await desk(
      async (channel) => {
        await channel.managedTransfer('01632960099')
      },
      (pbx) => pbx.phone('bob', phones.busy(), { numbers: ['+441632960099'] }),
      { exchange: { trunks: [trunk(allowed)], numbering: { countryCode: '44' } } },
      { from: ALICE },
    )
    await expectClean()
    expect(fromAt(pbx, 'bob')).toContain(seen)
  }
})

test('of a call that we have placed the target sees whom it was placed to', async () => {
  const { pbx, expectClean } = await desk(
    async (channel) => {
      await channel.filePlayer.say('Goodbye.')
    },
    (pbx) => {
      pbx.phone('carol', phones.person(), { numbers: ['1234'] })
      pbx.phone('bob', phones.busy())
    },
  )
  const callBack = (to: string) =>
    outbound(async (channel) => {
      await channel.call(to)
      await channel.managedTransfer('sip:bob@bob')
    })
  await pbx.start(callBack('sip:carol@carol'))
  expect(fromAt(pbx, 'bob')).toBe('<sip:carol@carol>')
  await pbx.start(callBack('1234'))
  expect(fromAt(pbx, 'bob')).toContain('<sip:1234@192.0.2.1>')
  await expectClean()
})
