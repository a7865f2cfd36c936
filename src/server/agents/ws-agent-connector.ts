import type { SecureContextOptions } from 'node:tls'
import WebSocket from 'ws'
import type { AgentConnection, AgentConnector, AgentListener, AgentRequest } from '../../calls/index.ts'

/** How agents are dialled. */
export interface WsAgentOptions {
  /** Of TLS, asked for at each connection: the authorities that may vouch for an agent. Default: those that Node trusts. */
  readonly tls?: () => SecureContextOptions
  /** The longest message of an agent, in octets. Default 1 MiB: a minute and a half of G.711. */
  readonly maxMessageBytes?: number
  /** How often an agent is pinged; one that has not answered by the next ping is gone. Default 10,000. */
  readonly pingEachMs?: number
}

/**
 * Dials voice agents by WebSocket (RFC 6455), over TLS only those whose certificate is trusted and holds their name. Nothing is
 * compressed, and no redirection followed: headers with secrets stay with whom they are for.
 */
export class WsAgentConnector implements AgentConnector {
  readonly #options: WsAgentOptions
  readonly #open = new Set<WsConnection>()

  constructor(options: WsAgentOptions = {}) {
    this.#options = options
  }

  /** Connections that stand, are on their way, or are being closed. */
  get connections(): number {
    return this.#open.size
  }

  connect(request: AgentRequest, listener: AgentListener): AgentConnection {
    let socket: WebSocket
    try {
      socket = this.#dial(request)
    } catch {
      // The message may repeat the address, and with it a secret.
      setImmediate(() => listener.onClose(false, 'this is no address of an agent'))
      return NO_CONNECTION
    }
    const { pingEachMs = 10_000 } = this.#options
    const connection = new WsConnection(socket, listener, pingEachMs, () => this.#open.delete(connection))
    this.#open.add(connection)
    return connection
  }

  /** Ends every connection at once. */
  close(): void {
    for (const connection of this.#open) connection.abandon()
  }

  #dial({ url, headers }: AgentRequest): WebSocket {
    return new WebSocket(url, {
      headers,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: this.#options.maxMessageBytes ?? 1_048_576,
      ...this.#options.tls?.(),
    })
  }
}

class WsConnection implements AgentConnection {
  readonly #socket: WebSocket
  readonly #listener: AgentListener
  readonly #onGone: () => void
  readonly #pinging: NodeJS.Timeout
  #isAlive = true
  #isClosed = false
  #problem: string | undefined
  #patience: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, listener: AgentListener, pingEachMs: number, onGone: () => void) {
    this.#socket = socket
    this.#listener = listener
    this.#onGone = onGone
    this.#pinging = setInterval(() => this.#ping(), pingEachMs).unref()
    socket.on('open', () => !this.#isClosed && listener.onOpen())
    socket.on('message', (data, isBinary) => {
      if (!this.#isClosed) listener.onMessage(isBinary ? undefined : String(data))
    })
    socket.on('pong', () => {
      this.#isAlive = true
    })
    socket.on('error', (error) => {
      this.#problem ??= error.message
    })
    socket.on('close', (code, reason) => this.#closed(code, String(reason)))
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate()
    else {
      this.#socket.close(NORMAL)
      this.#patience = setTimeout(() => this.#socket.terminate(), CLOSE_PATIENCE_MS).unref()
    }
  }

  /** Ends it without a word. */
  abandon(): void {
    this.#isClosed = true
    this.#socket.terminate()
  }

  #ping(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (this.#isAlive) {
      this.#isAlive = false
      this.#socket.ping()
      return
    }
    this.#problem ??= 'a ping was not answered'
    this.#socket.terminate()
  }

  #closed(code: number, reason: string): void {
    clearInterval(this.#pinging)
    clearTimeout(this.#patience)
    this.#onGone()
    if (this.#isClosed) return
    this.#isClosed = true
    const isOrderly = this.#problem === undefined && ORDERLY.has(code)
    this.#listener.onClose(isOrderly, this.#problem ?? `closed with ${code}${reason === '' ? '' : ` (${reason})`}`)
  }
}

const NO_CONNECTION: AgentConnection = { queuedBytes: 0, send: () => {}, close: () => {} }

/** Codes of RFC 6455 section 7.4.1: normal, going away, and none said. */
const NORMAL = 1000
const ORDERLY: ReadonlySet<number> = new Set([NORMAL, 1001, 1005])
const CLOSE_PATIENCE_MS = 2000
