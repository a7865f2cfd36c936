import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { type Random, RingdownError } from '../../kit/index.ts'
import { BindingClient } from '../../sip/index.ts'
import { familyOf, isWildcard } from '../config/address.ts'

const DEFAULT_PORT = 3478

/**
 * Asks a STUN server for the address that the world sees behind a local one.
 *
 * @param server `stun:host` or `stun:host:port`; IPv6 in brackets
 * @param local the IP address of this machine that is asked for
 * @throws RingdownError RINGDOWN_TRANSPORT when the server has no address, refuses, or does not answer within 7.5 s
 */
export async function discoverAddress(server: string, local: string, random: Random): Promise<string> {
  const failed = (reason: string) => new RingdownError('RINGDOWN_TRANSPORT', `${server}: ${reason}`)
  const [, host = '', port] = /^stun:(?:\/\/)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/i.exec(server) ?? []
  const family = familyOf(local)
  const found = await lookup(host.replace(/^\[|\]$/g, ''), { family }).catch((error: Error) => error)
  if (found instanceof Error) throw failed(found.message)
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4' })
  const client = new BindingClient(random)
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<string>((resolve, reject) => {
      const settle = (): void => {
        for (let output = client.poll(); output !== undefined; output = client.poll()) {
          if (output.type === 'send') socket.send(output.bytes, Number(port ?? DEFAULT_PORT), found.address, () => {})
          else if (output.type === 'mapped') resolve(output.mapped.address)
          else reject(failed(output.reason))
        }
        clearTimeout(timer)
        if (!Number.isFinite(client.deadline())) return
        timer = setTimeout(
          () => {
            client.expire(performance.now())
            settle()
          },
          Math.max(0, Math.ceil(client.deadline() - performance.now())),
        )
      }
      socket.on('error', (error) => reject(failed(error.message)))
      socket.on('message', (bytes) => {
        client.handle({ type: 'received', bytes }, performance.now())
        settle()
      })
      socket.bind({ port: 0, ...(!isWildcard(local) && { address: local }) }, () => {
        client.handle({ type: 'start' }, performance.now())
        settle()
      })
    })
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}
