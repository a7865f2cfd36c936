import { fileURLToPath } from 'node:url'
import { exchange, type Phone, phones } from 'ringdown/testing'
import { describe, expect, it } from 'vitest'
import keys from './apps/keys.ts'
import type { Child } from './harness/child.ts'
import { commandFolder } from './harness/command.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const APP = fileURLToPath(new URL('apps/keys.ts', import.meta.url))
const network = new LoopbackNetwork()
const ADDRESS = network.next()
const { ringdown, write, ...command } = commandFolder()
const exitOf = (child: Child) => command.exitOf(child, 30_000)

async function serve(): Promise<Child> {
  write(
    'ringdown.config.ts',
    `export default {
      sip: { listen: [{ transport: 'udp', address: '${ADDRESS}', port: 5060 }] },
      services: [{ name: 'keys', match: '1000', app: ${JSON.stringify(APP)} }],
    }`,
  )
  const server = ringdown('serve')
  await waitFor('the server is ready', () => server.output.split('\n').includes('ready'))
  return server
}

/** The script that serves both worlds: `alice` is a phone of a simulation or of this machine. */
async function pressTheRightKeys(alice: Phone): Promise<void> {
  expect(await alice.call('1000')).toBe(200)
  await alice.hears.beep()
  await alice.press('1234#')
  await alice.hears.tone([440, 480])
  await alice.hangUp()
}

describe('one script', () => {
  it('runs in virtual time', async () => {
    const pbx = exchange({ apps: { 1000: keys } })
    await pressTheRightKeys(pbx.phone('alice'))
    await pbx.done()
    expect(pbx.calls).toMatchObject([{ cause: 'NORMAL', endedBy: 'remote' }])
  })

  it('and on real sockets, where the application hears the keys', async () => {
    const server = await serve()
    const real = phones.real({ exchange: `${ADDRESS}:5060` })
    try {
      await pressTheRightKeys(real.phone('alice'))
      const bob = real.phone('bob')
      expect(await bob.call('nobody')).toBe(404)
      await bob.call('1000')
      await expect(bob.expectSpeech(/welcome/i)).rejects.toThrow('bob cannot hear /welcome/i: on real sockets')
      await bob.hangUp()
      await real.done()
    } finally {
      await real.close()
    }
    await waitFor('the keys are logged', () => server.output.includes('the caller pressed 1234'))
  })
})

describe('ringdown phone', () => {
  it('calls, follows its script, prints what it did and heard, and says by its exit code how it went', async () => {
    await serve()
    write(
      'keys.ts',
      `import type { Phone } from 'ringdown/testing'
      export default async (phone: Phone) => {
        await phone.hears.beep()
        await phone.press('1234#')
        await phone.hears.tone([440, 480])
      }`,
    )
    const right = ringdown('phone', 'keys.ts', '--call', `sip:1000@${ADDRESS}`)
    expect(await exitOf(right)).toBe(0)
    expect(right.output).toMatch(/phone calls sip:1000@[\s\S]*hears BEEP[\s\S]*presses 1234#[\s\S]*hears 440 \+ 480 Hz/)
    expect(right.output).toMatch(/phone hangs up\n$/)

    write(
      'wrong.ts',
      `export default async (phone) => { await phone.press('9#'); await phone.hears.tone('ced', { withinMs: 3000 }) }`,
    )
    const wrong = ringdown('phone', 'wrong.ts', '--call', `sip:1000@${ADDRESS}`)
    expect(await exitOf(wrong)).toBe(1)
    expect(wrong.output).toMatch(
      /expected to hear the tone ced: nothing within 3 s; heard instead:[\s\S]*RINGBACK_UK[\s\S]*wrong\.ts:1/,
    )
    const nobody = ringdown('phone', 'keys.ts', '--call', `sip:nobody@${ADDRESS}`)
    expect(await exitOf(nobody)).toBe(1)
    expect(nobody.output).toContain('and got 404')
  })

  it('stands where it is told, for others to call; a script without options calls by itself', async () => {
    const address = network.next()
    write(
      'mailbox.ts',
      `import { phones } from 'ringdown/testing'; export default phones.voicemail({ rings: 0, greeting: 'Hi.' })`,
    )
    write(
      'caller.ts',
      `export default async (phone) => {
        await phone.call('sip:bob@${address}:5070')
        await phone.hears.beep()
        await phone.press('7')
        await phone.hangUp()
      }`,
    )
    const mailbox = ringdown('phone', 'mailbox.ts', '--listen', `${address}:5070`, '--name', 'bob')
    await waitFor('the phone stands', () => mailbox.output.includes(`bob is sip:bob@${address}:5070`))
    expect(await exitOf(ringdown('phone', 'mailbox.ts', '--listen', `${address}:5070`))).toBe(3)
    expect(await exitOf(ringdown('phone', 'caller.ts'))).toBe(0)
    expect(await exitOf(mailbox)).toBe(0)
    expect(mailbox.output).toMatch(/bob is called by phone@[\s\S]*bob hears the digit 7[\s\S]*bob is hung up on/)
  })

  it('can be interrupted, and refuses what it cannot run', async () => {
    write('mailbox.ts', `import { phones } from 'ringdown/testing'; export default phones.voicemail()`)
    const waiting = ringdown('phone', 'mailbox.ts', '--listen', network.next())
    await waitFor('the phone stands', () => waiting.output.includes('phone is sip:'))
    waiting.process.kill('SIGINT')
    expect(await exitOf(waiting)).toBe(1)
    expect(waiting.output).toContain('interrupted by SIGINT')
    for (const [args, why] of [
      [['gone.ts'], 'gone.ts cannot be loaded'],
      [['mailbox.ts'], 'give --listen'],
      [['mailbox.ts', '--call', 'sip:x@127.0.0.1'], 'give --listen'],
      [['mailbox.ts', '--call', 'tel:123'], 'give a sip: URI'],
      [['mailbox.ts', '--listen', '0.0.0.0'], 'no address for a phone'],
      [['mailbox.ts', '--timeout', 'x'], 'give seconds'],
    ] as const) {
      const refused = ringdown('phone', ...args)
      expect(await exitOf(refused)).toBe(2)
      expect(refused.output).toContain(why)
    }
    const help = ringdown('phone', '--help')
    expect(await exitOf(help)).toBe(0)
    expect(help.output).toMatch(/Examples:[\s\S]*Exit codes:/)
  })
})
