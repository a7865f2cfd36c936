import type { Socket } from 'node:net'
import { addToTag, createResponse, type Peer, PONG, printMessage, SipStreamFramer } from '../../sip/index.ts'

/** A far end that does not read what we send is cut off when this much waits for it. */
const MOST_UNSENT_BYTES = 2 ** 20

/** How long making a connection may take. */
const CONNECT_MS = 10_000

/** How many different peers (a host and port as the machine above names it) are remembered for one connection. */
const MOST_PEERS = 32

export interface ConnectionListener {
  onMessage(bytes: Uint8Array, from: Peer): void
  /** The connection is gone: with `reason` when it broke, and the peers that messages were sent to on it. */
  onClosed(connection: TcpConnection, reason: string | undefined, peers: readonly Peer[]): void
}

/**
 * One TCP connection that carries SIP, made by either side: cuts the stream into messages, answers pings (RFC 5626
 * section 4.4.1), and closes what cannot be read, what does not read, and what is idle for too long.
 *
 *     connecting --connected--> open --FIN, idle--> closed
 *          \-------------------\--error, late, garbage, full--> closed, with the reason
 */
export class TcpConnection {
  readonly id: number
  /** The far end, as the source of what it sends. */
  peer: Peer
  readonly #socket: Socket
  readonly #listener: ConnectionListener
  readonly #framer = new SipStreamFramer()
  readonly #peers: Peer[] = []
  #reason: string | undefined
  #isClosed = false

  constructor(
    id: number,
    socket: Socket,
    far: { address: string; port: number },
    listener: ConnectionListener,
    idleMs: number,
  ) {
    this.id = id
    this.peer = { transport: 'tcp', ...far, connection: id }
    this.#socket = socket
    this.#listener = listener
    socket.setNoDelay(true)
    socket.on('timeout', () => {
      if (socket.connecting) this.#fail('no connection within 10 s')
      else socket.destroySoon()
    })
    socket.setTimeout(socket.connecting ? CONNECT_MS : idleMs)
    socket.on('connect', () => socket.setTimeout(idleMs))
    socket.on('data', (bytes: Uint8Array) => this.#onData(bytes))
    socket.on('error', (error) => {
      this.#reason ??= error.message
    })
    socket.on('close', () => {
      this.#isClosed = true
      listener.onClosed(this, this.#reason, this.#peers)
    })
  }

  /** False when it can carry nothing more. */
  get isUsable(): boolean {
    return !this.#isClosed && !this.#socket.destroyed && !this.#socket.writableEnded
  }

  /** Sends, or queues until the connection stands. What is lost with it is reported by `onClosed`. */
  send(bytes: Uint8Array, to: Peer): void {
    this.#remember(to)
    this.#socket.write(bytes)
    if (this.#socket.writableLength > MOST_UNSENT_BYTES) this.#fail('the far end does not read what it is sent')
  }

  /** Closes in order: what was written is still sent. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #onData(bytes: Uint8Array): void {
    this.#framer.handle(bytes)
    for (let output = this.#framer.poll(); output !== undefined; output = this.#framer.poll()) {
      if (output.type === 'message') this.#listener.onMessage(output.bytes, this.peer)
      else if (output.type === 'ping') this.#socket.write(PONG)
      else {
        const { request, status, detail } = output.error
        this.#reason = `the far end sent what is no SIP: ${detail}`
        if (request !== undefined) {
          const response = createResponse(request, status)
          addToTag(response, String(this.id))
          this.#socket.write(printMessage(response))
        }
        this.#socket.destroySoon()
      }
    }
  }

  #fail(reason: string): void {
    this.#reason = reason
    this.#socket.destroy()
  }

  #remember(to: Peer): void {
    const isKnown = this.#peers.some(
      (peer) => peer.address === to.address && peer.port === to.port && peer.connection === to.connection,
    )
    if (!isKnown && this.#peers.length < MOST_PEERS) this.#peers.push(to)
  }
}
