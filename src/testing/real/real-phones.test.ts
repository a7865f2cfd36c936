import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../kit/index.ts'
import { type Phone, phones, type RealPhones } from '../index.ts'

const ADDRESS = '127.0.83.1'
let real: RealPhones

afterEach(() => real.close())

function make(options: Parameters<typeof phones.real>[0] = { address: ADDRESS }): RealPhones {
  real = phones.real(options)
  return real
}

describe('phones on real sockets', () => {
  it('call each other, hear tones, keys, sound and silence, and hang up', async () => {
    const { phone } = bind(make())
    const bob = phone('bob', {
      onCall: async (bob) => {
        bob.ring()
        await bob.answer()
        await bob.hears.digits('12#')
        await bob.hum('BUSY')
        await bob.say('Goodbye.')
        await bob.hears.silence(300)
        await bob.hangUp()
      },
    })
    const alice = phone('alice')
    expect(await alice.call(bob.uri)).toBe(200)
    await alice.press('12#')
    await alice.hears.tone('busy')
    await alice.hears.sound()
    await alice.expectHangUp()
    await real.done()
    expect(bob.ears.digits.map(({ digit }) => digit).join('')).toBe('12#')
    const transcript = real.transcript()
    expect(transcript).toMatch(/alice calls sip:bob@127\.0\.83\.1:\d+\n.*bob is called by alice@127\.0\.83\.1:\d+/)
    expect(transcript).toMatch(/bob hears the digit #[\s\S]*alice hears BUSY[\s\S]*alice is hung up on/)
  })

  it('answer as their kinds do', async () => {
    const { phone } = bind(make())
    const busy = phone('busy', phones.busy())
    const keypad = phone('keypad', phones.gateway('inband', { onCall: (phone) => answerAndPress(phone, '5') }))
    const alice = phone('alice')
    expect(await alice.call(busy.uri)).toBe(486)
    await alice.call(keypad.uri)
    await alice.hears.digits('5')
    await alice.hangUp()
    await real.done()
  })

  it('hear no words, and say so wherever words are needed', async () => {
    const { phone } = bind(make())
    const bob = phone('bob', phones.person({ rings: 0 }))
    const alice = phone('alice')
    await alice.call(bob.uri)
    expect(alice.hearsWords).toBe(false)
    const why =
      /alice cannot hear \/hello\/i: on real sockets only sound comes[\s\S]*hears\.sound[\s\S]*alice is answered/
    await expect(alice.expectSpeech(/hello/i)).rejects.toThrow(why)
    await expect(alice.hears.voice(bob)).rejects.toThrow('alice cannot tell the voice of bob: on real sockets')
    expect(() => alice.hasHeard('hello')).toThrow('on real sockets')
    expect(() => alice.hears.inOrder(['hello'])).toThrow('on real sockets')
    const screener = phone('screener', phones.screening({ rings: 0 }))
    await alice.hangUp()
    await alice.call(screener.uri)
    await expect(alice.expectHangUp()).rejects.toThrow('screener cannot screen a caller')
  })

  it('fail at once what the test waits for when a script goes wrong', async () => {
    const { phone } = bind(make())
    const bob = phone('bob', {
      onCall: async (bob) => {
        await bob.answer()
        throw new Error('a mistake of the script')
      },
    })
    const alice = phone('alice')
    await alice.call(bob.uri)
    await expect(alice.expectHangUp()).rejects.toThrow('a mistake of the script')
    await alice.hangUp()
    await expect(real.done()).rejects.toThrow('a mistake of the script')
  })

  it('name who is still in a call at the end', async () => {
    const { phone } = bind(make())
    const bob = phone('bob', phones.person({ rings: 0 }))
    await phone('alice').call(bob.uri)
    await expect(real.done({ withinMs: 200 })).rejects.toThrow(
      /bob expected its call to be over: nothing within 0.2 s[\s\S]*bob answers/,
    )
  })

  it('call names, and say once what cannot be sent', async () => {
    const { phone } = bind(make({ address: '127.0.0.1' }))
    const bob = phone('bob', phones.busy())
    const alice = phone('alice')
    expect(await alice.call(bob.uri.replace('127.0.0.1', 'localhost'))).toBe(486)
    await expect(alice.call('1000', { withinMs: 700 })).rejects.toThrow('alice expected an answer or a refusal')
    expect(real.transcript().match(/alice cannot send to no-exchange-was-given\.invalid:5060/g)).toHaveLength(1)
  })

  it('refuse what only a simulation has, and addresses that cannot be had', () => {
    const { phone } = bind(make())
    expect(() => phone('alice', phones.behindNat('symmetric'))).toThrow(UsageError)
    expect(() => phone('alice', {}, { address: 'example.com' })).toThrow('"example.com" is no address for a phone')
    expect(() => phone('alice', {}, { port: 70_000 })).toThrow('alice cannot have port 70000')
    expect(() => phone('alice', {}, { address: '0.0.0.0' })).toThrow(UsageError)
    expect(() => phone('alice', {}, { address: '192.0.2.77' })).toThrow(
      /alice cannot have udp 192\.0\.2\.77:0: .*EADDRNOTAVAIL/,
    )
    phone('bob', {}, { port: 5083 })
    expect(() => phone('carol', {}, { port: 5083 })).toThrow('carol cannot have udp 127.0.83.1:5083')
    expect(() => phone('bob')).toThrow('there is a phone called bob already')
    expect(() => phone('dave').dial('sip:x@127.0.83.1;transport=tcp')).toThrow('UDP only')
  })

  it('live through nonsense, and give every port back', async () => {
    const { phone } = bind(make())
    const bob = phone('bob', phones.busy(), { port: 5084 })
    const stranger = createSocket('udp4')
    await new Promise((done) => stranger.send('INVITE sip:bob SIP/2.0\r\n\r\n', 5084, ADDRESS, done))
    await new Promise((done) => stranger.send(new Uint8Array(100), 5084, ADDRESS, done))
    expect(await phone('alice').call(bob.uri)).toBe(486)
    await real.close()
    await new Promise<void>((done) => stranger.close(done))
    const again = phones.real({ address: ADDRESS })
    again.phone('bob', {}, { port: 5084 })
    await again.close()
  })
})

function bind(world: RealPhones) {
  return { phone: world.phone.bind(world) }
}

async function answerAndPress(phone: Phone, keys: string): Promise<void> {
  await phone.answer()
  await phone.press(keys)
  await phone.untilEnded()
}
