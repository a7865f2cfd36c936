import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { RingdownError, UsageError } from '../../kit/index.ts'

/**
 * The address and port of this machine for calls to `farHost`: what `--listen` says, or the address that faces it and
 * any port.
 * @throws UsageError when `--listen` is no address; RingdownError RINGDOWN_TRANSPORT when the host cannot be reached
 */
export async function localSide(farHost: string, listen: string | undefined): Promise<[address: string, port: number]> {
  if (listen === undefined) return [await localAddressTowards(farHost), 0]
  const [, address, port] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(listen) ?? []
  if (address === undefined) throw new UsageError(`--listen ${listen}: give an address, or address:port`)
  return /^[\da-f]*:[\da-f:.]*$/i.test(listen) ? [listen, 0] : [address, Number(port ?? 0)]
}

/**
 * The address of this machine from which `host` is reached: what the kernel would put on a packet there. Nothing is
 * sent.
 * @throws RingdownError RINGDOWN_TRANSPORT when the host has no address, or no route leads there
 */
export async function localAddressTowards(host: string): Promise<string> {
  try {
    const address = isIP(host) === 0 ? (await lookup(host)).address : host
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.connect(5060, address, resolve)
      })
      return socket.address().address
    } finally {
      socket.close()
    }
  } catch (cause) {
    throw new RingdownError('RINGDOWN_TRANSPORT', `${host} cannot be reached: ${(cause as Error).message}`, { cause })
  }
}
