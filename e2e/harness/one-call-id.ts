import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'

/**
 * A relay over UDP that lets a registration and the call after it have one Call-ID, for a far end that tells by the
 * Call-ID what belongs together: SIPp. No user agent does so: a call has a Call-ID of its own (RFC 3261 section 8.1.1.4).
 */
export class OneCallId {
  readonly #socket: Socket = createSocket('udp4')
  readonly #far: { readonly address: string; readonly port: number }
  readonly address: string
  #near: RemoteInfo | undefined
  #shared: string | undefined
  /** The Call-ID of our side for each CSeq, such as `1 REGISTER`. */
  readonly #callIds = new Map<string, string>()

  private constructor(address: string, far: { address: string; port: number }) {
    this.address = address
    this.#far = far
    this.#socket.on('message', (bytes, from) => this.#relay(bytes.toString('latin1'), from))
  }

  /** Listens on port 5060 of `address`, for requests to `far`. */
  static async start(address: string, far: { address: string; port: number }): Promise<OneCallId> {
    const relay = new OneCallId(address, far)
    await new Promise<void>((resolve) => relay.#socket.bind(5060, address, resolve))
    return relay
  }

  stop(): void {
    this.#socket.close()
  }

  #relay(message: string, from: RemoteInfo): void {
    const isOurs = from.address !== this.#far.address
    const cseq = header(message, 'CSeq')
    if (isOurs) {
      const own = header(message, 'Call-ID')
      this.#near = from
      this.#shared ??= own
      this.#callIds.set(cseq, own)
      this.#send(withCallId(message, this.#shared), this.#far)
    } else if (this.#near !== undefined) {
      // What follows the answer comes this way, too.
      const contact = `${this.#far.address}:${this.#far.port}`
      const answer = withCallId(message, this.#callIds.get(cseq) ?? '')
      this.#send(
        answer.replace(/^Contact: .*$/m, (line) => line.replace(contact, `${this.address}:5060`)),
        this.#near,
      )
    }
  }

  #send(message: string, { address, port }: { address: string; port: number }): void {
    this.#socket.send(Buffer.from(message, 'latin1'), port, address)
  }
}

function header(message: string, name: string): string {
  return new RegExp(`^${name}: *(.*?)\\r$`, 'm').exec(message)?.[1] ?? ''
}

function withCallId(message: string, callId: string): string {
  return message.replace(/^Call-ID: .*?\r$/m, () => `Call-ID: ${callId}\r`)
}
