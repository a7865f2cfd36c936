import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { EINVAL, EMSGSIZE } from '../media/linux-sockets.ts'
import { DirectUdp } from './direct-udp.ts'

const linux = process.platform === 'linux'

for (const [family, address] of [
  [4, '127.0.0.1'],
  [6, '::1'],
] as const)
  test.runIf(linux)(`sends over IPv${family} from the socket that dgram receives on`, async () => {
    const direct = (await DirectUdp.bind(family, address, 0)) as DirectUdp
    const ours = createSocket(`udp${family}`)
    ours.bind({ fd: direct.duplicate() })
    const theirs = createSocket(`udp${family}`)
    theirs.bind(0, address)
    await once(theirs, 'listening')

    expect(direct.send(new TextEncoder().encode('hello'), address, theirs.address().port)).toBe(0)
    const [message, from] = await once(theirs, 'message')
    expect([String(message), from.port]).toEqual(['hello', ours.address().port])

    theirs.send('and back', from.port, address)
    expect(String((await once(ours, 'message'))[0])).toBe('and back')
    ours.close()
    theirs.close()
  })

test.runIf(linux)('says why it could not send: a name, another family, port 0, too long a datagram', async () => {
  const direct = (await DirectUdp.bind(4, '127.0.0.1', 0)) as DirectUdp
  const owner = createSocket('udp4')
  owner.bind({ fd: direct.duplicate() })
  const bytes = new Uint8Array(10)
  expect(direct.send(bytes, 'localhost', 5060)).toBe(EINVAL)
  expect(direct.send(bytes, '::1', 5060)).toBe(EINVAL)
  expect(direct.send(bytes, '127.0.0.1', 0)).toBe(EINVAL)
  expect(direct.send(new Uint8Array(70_000), '127.0.0.1', 5060)).toBe(EMSGSIZE)
  owner.close()
})

test('an address that cannot be had gives nothing', async () => {
  expect(await DirectUdp.bind(4, '192.0.2.1', 0)).toBeUndefined()
})
