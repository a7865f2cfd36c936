import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { discoverAddress } from './discover-address.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A STUN server that sees everybody at 198.51.100.7, from the second request on. */
async function stunServer(type: number): Promise<number> {
  const server = createSocket('udp4')
  closers.push(() => server.close())
  let asked = 0
  server.on('message', (request, from) => {
    if (++asked === 1) return
    const mapped = Buffer.from([
      0,
      0x20,
      0,
      8,
      0,
      1,
      0x21 ^ 0x13,
      0x12 ^ 0xc4,
      198 ^ 0x21,
      51 ^ 0x12,
      100 ^ 0xa4,
      7 ^ 0x42,
    ])
    const head = Buffer.from([type >> 8, type & 255, 0, mapped.length])
    server.send(Buffer.concat([head, request.subarray(4, 20), mapped]), from.port, from.address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

describe('discoverAddress', () => {
  it('asks until the server answers', async () => {
    const port = await stunServer(0x0101)
    expect(await discoverAddress(`stun:localhost:${port}`, '127.0.0.1', seededRandom(1))).toBe('198.51.100.7')
  })

  it('says why there is none: a refusal, a name that is none', async () => {
    const port = await stunServer(0x0111)
    await expect(discoverAddress(`stun:127.0.0.1:${port}`, '127.0.0.1', seededRandom(1))).rejects.toMatchObject({
      code: 'RINGDOWN_TRANSPORT',
      message: `stun:127.0.0.1:${port}: the STUN server refuses`,
    })
    await expect(discoverAddress('stun:no-such-name.invalid', '127.0.0.1', seededRandom(1))).rejects.toMatchObject({
      code: 'RINGDOWN_TRANSPORT',
    })
  })
})
