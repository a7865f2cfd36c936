import { type LinuxSockets, loadLinuxSockets, UDP_SOCKET } from '../media/linux-sockets.ts'
import { SocketAddress } from '../media/socket-address.ts'

/**
 * A UDP socket made with the C library, so that datagrams can be sent by one system call: `node:dgram` takes about ten
 * times as long for it. It is meant to be handed to `dgram` for everything else (`bind({ fd })`), which then owns it.
 */
export class DirectUdp {
  readonly descriptor: number
  readonly #sockets: LinuxSockets
  readonly #to: SocketAddress

  private constructor(sockets: LinuxSockets, descriptor: number, family: 4 | 6) {
    this.#sockets = sockets
    this.descriptor = descriptor
    this.#to = new SocketAddress(family)
  }

  /** A bound socket; `undefined` where the C library cannot be called, or the address cannot be had: let dgram try, and say why. */
  static async bind(family: 4 | 6, address: string, port: number): Promise<DirectUdp | undefined> {
    const sockets = await loadLinuxSockets().catch(() => undefined)
    const local = new SocketAddress(family)
    if (sockets === undefined || !local.set(address, port === 0 ? 1 : port)) return undefined
    if (port === 0) local.bytes.fill(0, 2, 4)
    const descriptor = sockets.socket(local.bytes[0] as number, UDP_SOCKET, 0)
    if (descriptor < 0) return undefined
    if (sockets.bind(descriptor, local.bytes, local.length) === 0) return new DirectUdp(sockets, descriptor, family)
    sockets.close(descriptor)
    return undefined
  }

  /** Sends at once; false when it could not be done, whatever the reason: send it the long way, which tells it. */
  send(bytes: Uint8Array, address: string, port: number): boolean {
    const to = this.#to
    return (
      to.set(address, port) &&
      this.#sockets.sendto(this.descriptor, bytes, bytes.length, 0, to.bytes, to.length) === bytes.length
    )
  }
}
