import { describe, expect, test, vi } from 'vitest'
import '../vitest.ts'
import { inbound, outbound } from '../../calls/index.ts'
import { exchange, phones } from '../index.ts'

const mailbox = inbound(async (channel) => {
  await channel.answer()
  await channel.filePlayer.play('welcome.wav')
  await channel.filePlayer.play('leave.wav')
  await channel.dtmfPlayer.play('42')
  await channel.tonePlayer.play('BEEP')
  await channel.fileRecorder.record('message.wav', { maxSilenceMs: 1500 })
})

async function called() {
  const pbx = exchange({
    apps: { '*': mailbox },
    files: { 'welcome.wav': 'Welcome to Acme.', 'leave.wav': 'Please leave a message.' },
  })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.hears.beep()
  await alice.say('It is raining.')
  await alice.expectHangUp()
  await pbx.done()
  return { pbx, alice }
}

test('what has happened matches', async () => {
  const { pbx, alice } = await called()
  expect(alice).toHaveHeard(/welcome/i)
  expect(alice).toHaveHeard('leave.wav')
  expect(alice).not.toHaveHeard(/goodbye/i)
  expect(alice).toHaveHeardInOrder(/welcome/i, 'leave.wav', /message/)
  expect(alice).toHaveHeardTone('beep')
  expect(alice).toHaveHeardDigits('42')
  expect(alice).toHaveEnded({ by: 'far end' })
  expect(pbx.calls[0]).toHaveEnded({ by: 'local', cause: 'NORMAL' })
  expect(pbx).toHaveRecorded('message.wav', /raining/)
})

describe('failures say what happened instead', () => {
  const cases: [string, (at: Awaited<ReturnType<typeof called>>) => void, RegExp][] = [
    [
      'heard',
      ({ alice }) => expect(alice).toHaveHeard(/your balance/),
      /^expected alice to have heard \/your balance\/; heard instead:\n {2}welcome\.wav “Welcome to Acme\.” \(1\.0 s\)\n {2}leave\.wav/,
    ],
    [
      'not heard',
      ({ alice }) => expect(alice).not.toHaveHeard('leave.wav'),
      /^expected alice not to have heard "leave\.wav"\n/,
    ],
    [
      'order',
      ({ alice }) => expect(alice).toHaveHeardInOrder('leave.wav', 'welcome.wav'),
      /; "welcome\.wav" was missing at its place; heard instead:/,
    ],
    [
      'tone',
      ({ alice }) => expect(alice).toHaveHeardTone('busy'),
      /to have heard the tone busy; heard instead:\n.*BEEP \(1000 Hz\) for 0\.2\d s/s,
    ],
    ['digits', ({ alice }) => expect(alice).toHaveHeardDigits('43'), /to have heard the digits 43; it heard 42\n/],
    [
      'end',
      ({ alice }) => expect(alice).toHaveEnded({ by: 'phone' }),
      /to have ended its call by phone; it ended by far end\n/,
    ],
    [
      'end of a call',
      ({ pbx }) => expect(pbx.calls[0]).toHaveEnded({ cause: 'BUSY' }),
      /^expected the call to have ended with cause BUSY; it ended by local, with cause NORMAL$/,
    ],
    [
      'recording',
      ({ pbx }) => expect(pbx).toHaveRecorded('message.wav', /snow/),
      /to have recorded message\.wav with \/snow\/ in it; in it was said “It is raining\.”/,
    ],
    ['no recording', ({ pbx }) => expect(pbx).toHaveRecorded('other.wav'), /it is not complete or was never made/],
    ['no phone', ({ pbx }) => expect(pbx).toHaveHeard(/x/), /toHaveHeard is for phones/],
  ]
  test.each(cases)('%s', async (name, act, message) => {
    const at = await called()
    expect(() => act(at)).toThrow(message)
    if (['heard', 'tone', 'recording'].includes(name)) {
      expect(() => act(at)).toThrow(/The call until now:\n.*alice calls 1000/s)
      expect(() => act(at)).toThrow(/INVITE 1000@192\.0\.2\.1/)
    }
  })
})

test('a call that was refused has ended with its status', async () => {
  const pbx = exchange({})
  pbx.phone('bob', phones.busy())
  await pbx.start(outbound(async (channel) => void (await channel.call('sip:bob@bob'))))
  const alice = pbx.phone('alice')
  await alice.call('nobody')
  expect(alice).toHaveEnded({ status: 404 })
  expect(() => expect(pbx.phone('carol')).toHaveEnded()).toThrow('expected carol to have ended its call; it has not')
})

test('phones and exchanges of another copy of the test kit are known, too', async () => {
  vi.resetModules()
  const { exchange: exchangeOfCopy } = await import('../index.ts')
  const { inbound: inboundOfCopy } = await import('../../calls/index.ts')
  expect(exchangeOfCopy).not.toBe(exchange)
  const pbx = exchangeOfCopy({
    apps: {
      '*': inboundOfCopy(async (channel) => {
        await channel.answer()
        await channel.filePlayer.play('welcome.wav')
        await channel.fileRecorder.record('message.wav', { maxSilenceMs: 1500 })
      }),
    },
    files: { 'welcome.wav': 'Welcome to Acme.' },
  })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech('Acme')
  await alice.say('It is raining.')
  await alice.expectHangUp()
  await pbx.done()
  expect(alice).toHaveHeard(/welcome/i)
  expect(alice).toHaveEnded({ by: 'far end' })
  expect(pbx.calls[0]).toHaveEnded({ cause: 'NORMAL' })
  expect(pbx).toHaveRecorded('message.wav', /raining/)
  expect(() => expect(alice).toHaveHeard(/goodbye/)).toThrow(/heard instead:\n {2}welcome\.wav/)
})
