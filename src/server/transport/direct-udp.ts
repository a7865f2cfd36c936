import { BytePool } from '../../kit/index.ts'
import { EINVAL, F_DUPFD_CLOEXEC, type LinuxSockets, loadLinuxSockets, UDP_SOCKET } from '../media/linux-sockets.ts'
import { SocketAddress } from '../media/socket-address.ts'

/**
 * A UDP socket made with the C library: a datagram is sent or received by one system call, while `node:dgram` takes
 * about ten times as long for it. Only `dgram` can wait for datagrams; it is handed a {@link DirectUdp.duplicate}.
 */
export class DirectUdp {
  readonly #descriptor: number
  readonly #sockets: LinuxSockets
  readonly #to: SocketAddress
  readonly #from: SocketAddress
  readonly #fromLength = new Uint32Array(1)
  readonly #into = new Uint8Array(LONGEST_DATAGRAM)
  readonly #pool = new BytePool()

  private constructor(sockets: LinuxSockets, descriptor: number, family: 4 | 6) {
    this.#sockets = sockets
    this.#descriptor = descriptor
    this.#to = new SocketAddress(family)
    this.#from = new SocketAddress(family)
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

  /** Another descriptor of the socket, whose owner closes it; -1 when there is none to be had. */
  duplicate(): number {
    return this.#sockets.fcntl(this.#descriptor, F_DUPFD_CLOEXEC, 0)
  }

  /** Sends at once. 0, or the errno of why it could not be done: EINVAL also for what is no address and port. */
  send(bytes: Uint8Array, address: string, port: number): number {
    const to = this.#to
    if (!to.set(address, port)) return EINVAL
    const sent = this.#sockets.sendto(this.#descriptor, bytes, bytes.length, 0, to.bytes, to.length)
    return sent < 0 ? this.#sockets.errno() : 0
  }

  /** A copy of the oldest datagram that waits and who sent it; `undefined` when none does. */
  receive(): { readonly bytes: Uint8Array; readonly address: string; readonly port: number } | undefined {
    const from = this.#from
    this.#fromLength[0] = from.bytes.length
    const length = this.#sockets.recvfrom(
      this.#descriptor,
      this.#into,
      this.#into.length,
      0,
      from.bytes,
      this.#fromLength,
    )
    if (length < 0) return undefined
    from.read()
    return { bytes: this.#pool.copy(this.#into, length), address: from.address, port: from.port }
  }

  close(): void {
    this.#sockets.close(this.#descriptor)
  }
}

const LONGEST_DATAGRAM = 65_535
