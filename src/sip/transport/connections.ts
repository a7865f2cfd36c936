import { Counters, DeadlineQueue, Fifo, type Instant, type Machine, uniform, utf8Encode } from '../../kit/index.ts'
import { defaultPort } from '../dialog/route.ts'
import type { Peer } from '../endpoint/control.ts'
import { addToTag, createResponse, PONG, parseMessage, printMessage, topVia } from '../message/index.ts'
import { Connection, type ConnectionTimes, MOST_HELD_BYTES, routeKey } from './connection.ts'
import {
  type ConnectionId,
  type ConnectionsCounter,
  type ConnectionsInput,
  type ConnectionsLimits,
  type ConnectionsOptions,
  type ConnectionsOutput,
  DEFAULT_CONNECTIONS_LIMITS,
  type StreamTransport,
} from './port.ts'

const PING = utf8Encode('\r\n\r\n')

/**
 * SIP over streams (RFC 3261 section 18, RFC 5626, RFC 5923): which message goes out on which connection, when one has to be
 * made, and when one is done. It cuts streams into messages, answers pings and sends some, and finds connections
 * that are open on our side only. Sockets and TLS are the driver's.
 *
 *     connecting --opened--> open --far end closes, idle--> (none)
 *     accepted ---(TLS: opened)--/  \--error, garbage, silence--> (none), and whoever was sent to on it is told
 *         \-----late, refused-----------------------------/
 *
 * A message goes out on the connection that its peer names, else on one that leads to its address and port, else on a
 * new one. Over TLS a connection leads there only for the name that it was verified for; one that the far end made
 * counts when it has proven its name and asks for it (`alias` in Via, RFC 5923 section 5).
 */
export class Connections implements Machine<ConnectionsInput, ConnectionsOutput> {
  readonly counters: Counters<ConnectionsCounter>
  readonly #options: ConnectionsOptions
  readonly #limits: ConnectionsLimits
  readonly #connections = new Map<ConnectionId, Connection>()
  readonly #routes = new Map<string, Connection>()
  /** How many connections each address has made to us. */
  readonly #perAddress = new Map<string, number>()
  readonly #deadlines = new DeadlineQueue<Connection>()
  readonly #outbox = new Fifo<ConnectionsOutput>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_CONNECTIONS_LIMITS, ...options }
    this.counters = options.counters ?? new Counters()
  }

  /** Connections that stand or are being made. */
  get size(): number {
    return this.#connections.size
  }

  handle(input: ConnectionsInput, now: Instant): void {
    if (input.type === 'send') {
      this.#send(input.bytes, input.to, input.address, now)
      return
    }
    if (input.type === 'accepted') {
      this.#accept(input, now)
      return
    }
    const connection = this.#connections.get(input.connection)
    if (connection === undefined) return
    if (input.type === 'data') this.#read(connection, input.bytes, now)
    else if (input.type === 'opened') this.#open(connection, input.identities ?? [], now)
    else {
      const isUnanswered = input.reason === undefined && (connection.isWaitedFor || !connection.isOpen)
      this.#forget(connection, isUnanswered ? 'the far end closed the connection without an answer' : input.reason)
    }
  }

  poll(): ConnectionsOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return this.#deadlines.next()
  }

  expire(now: Instant): void {
    for (let due = this.#deadlines.takeDue(now); due !== undefined; due = this.#deadlines.takeDue(now)) {
      this.#act(due, now)
    }
  }

  #send(bytes: Uint8Array, to: Peer, address: string, now: Instant): void {
    const transport = to.transport === 'tls' ? 'tls' : 'tcp'
    const name = to.name ?? to.address
    const connection =
      (to.connection === undefined ? undefined : this.#connections.get(to.connection)) ??
      this.#routes.get(routeKey(transport, address, to.port, name)) ??
      this.#connect(transport, to, address, name, now)
    if (connection === undefined) return
    connection.remember(to)
    connection.noteSent(bytes, now)
    if (connection.isOpen) {
      this.#outbox.push({ type: 'write', connection: connection.id, bytes })
      this.#arm(connection)
      return
    }
    connection.held.push(bytes)
    connection.heldBytes += bytes.length
    if (connection.heldBytes > MOST_HELD_BYTES) this.#break(connection, 'too much waits for the connection')
  }

  #connect(transport: StreamTransport, to: Peer, address: string, name: string, now: Instant): Connection | undefined {
    if (this.#connections.size >= this.#limits.maxConnections) {
      this.counters.add('tcpConnectionsRefused')
      this.#outbox.push({ type: 'sendFailed', to, reason: 'too many TCP connections', wasOpen: false })
      return undefined
    }
    this.counters.add('tcpConnectionsMade')
    const remote = { address, port: to.port }
    const options = { isOurs: true, isOpen: false, times: this.#times(), now }
    const connection = new Connection(this.#options.ids.next(), transport, remote, options)
    this.#add(connection, routeKey(transport, address, to.port, name))
    this.#outbox.push({ type: 'connect', connection: connection.id, transport, remote, name })
    return connection
  }

  #accept({ connection: id, transport, remote }: Extract<ConnectionsInput, { type: 'accepted' }>, now: Instant): void {
    const count = this.#perAddress.get(remote.address) ?? 0
    if (this.#connections.size >= this.#limits.maxConnections || count >= this.#limits.maxConnectionsPerAddress) {
      this.counters.add('tcpConnectionsRefused')
      this.#outbox.push({ type: 'close', connection: id, isAtOnce: true })
      return
    }
    this.counters.add('tcpConnectionsAccepted')
    this.#perAddress.set(remote.address, count + 1)
    const options = { isOurs: false, isOpen: transport === 'tcp', times: this.#times(), now }
    const connection = new Connection(id, transport, remote, options)
    this.#add(connection, routeKey(transport, remote.address, remote.port, remote.address))
  }

  #open(connection: Connection, identities: readonly string[], now: Instant): void {
    connection.isOpen = true
    // Whom we called by name is found by it already.
    if (!connection.isOurs) connection.identities = identities
    connection.noteHeard(now)
    for (const bytes of connection.held) {
      connection.noteSent(bytes, now)
      this.#outbox.push({ type: 'write', connection: connection.id, bytes })
    }
    connection.held = []
    this.#arm(connection)
  }

  #read(connection: Connection, bytes: Uint8Array, now: Instant): void {
    connection.noteHeard(now)
    const { framer, id } = connection
    framer.handle(bytes)
    for (let output = framer.poll(); output !== undefined; output = framer.poll()) {
      if (output.type === 'message') {
        if (connection.identities.length > 0) this.#noteAlias(connection, output.bytes)
        this.#outbox.push({ type: 'message', bytes: output.bytes, from: connection.peer })
      } else if (output.type === 'ping') this.#outbox.push({ type: 'write', connection: id, bytes: PONG })
      else if (output.type === 'pong') connection.notePong()
      else {
        const { request, status, detail } = output.error
        if (request !== undefined) {
          const response = createResponse(request, status)
          addToTag(response, String(id))
          this.#outbox.push({ type: 'write', connection: id, bytes: printMessage(response) })
        }
        this.#outbox.push({ type: 'close', connection: id, isAtOnce: false })
        this.#forget(connection, `the far end sent what is no SIP: ${detail}`)
        return
      }
    }
  }

  /** The first request says whether requests of ours may come back on the connection, and as whose (RFC 5923 section 8.2). */
  #noteAlias(connection: Connection, bytes: Uint8Array): void {
    const message = parseMessage(bytes)
    if (!message.ok || message.value.kind !== 'request') return
    const { identities, transport, remote } = connection
    connection.identities = []
    const via = topVia(message.value)
    if (via === undefined || !via.params.has('alias')) return
    this.counters.add('tlsAliases')
    for (const name of identities) {
      this.#index(connection, routeKey(transport, remote.address, via.port ?? defaultPort(transport), name))
    }
  }

  #act(connection: Connection, now: Instant): void {
    connection.armedFor = Number.POSITIVE_INFINITY
    switch (connection.due(now)) {
      case 'opening':
        this.#break(connection, `no connection within ${this.#limits.connectMs / 1000} s`)
        return
      case 'silent':
        this.counters.add('tcpConnectionsSilent')
        this.#break(connection, 'nothing came back on the connection')
        return
      case 'idle':
        this.counters.add('tcpConnectionsIdle')
        this.#outbox.push({ type: 'close', connection: connection.id, isAtOnce: false })
        this.#forget(connection, undefined)
        return
      case 'ping':
        connection.notePinged(now)
        this.#outbox.push({ type: 'write', connection: connection.id, bytes: PING })
    }
    this.#arm(connection)
  }

  #times(): ConnectionTimes {
    const { connectionIdleMs: idleMs, connectMs: openMs, keepAliveMs } = this.#limits
    // Not all at once (RFC 5626 section 4.4.1).
    const pingEveryMs = keepAliveMs === 0 ? 0 : keepAliveMs * (0.8 + 0.2 * uniform(this.#options.random))
    return { idleMs, openMs, pingEveryMs }
  }

  #add(connection: Connection, key: string): void {
    this.#connections.set(connection.id, connection)
    this.#index(connection, key)
    this.#arm(connection)
  }

  #index(connection: Connection, key: string): void {
    this.#routes.set(key, connection)
    connection.keys.push(key)
  }

  /** Only when something comes nearer; what has receded costs a look in vain. */
  #arm(connection: Connection): void {
    const deadline = connection.deadline()
    if (deadline >= connection.armedFor) return
    connection.armedFor = deadline
    this.#deadlines.set(connection, deadline)
  }

  #break(connection: Connection, reason: string): void {
    this.#outbox.push({ type: 'close', connection: connection.id, isAtOnce: true })
    this.#forget(connection, reason)
  }

  /** @param reason why it broke; without one it has come to its end in order */
  #forget(connection: Connection, reason: string | undefined): void {
    this.#connections.delete(connection.id)
    this.#deadlines.delete(connection)
    for (const key of connection.keys) if (this.#routes.get(key) === connection) this.#routes.delete(key)
    if (!connection.isOurs) this.#countDown(connection.remote.address)
    if (reason === undefined) return
    this.counters.add('tcpConnectionsBroken')
    if (!connection.isOpen && connection.transport === 'tls') this.counters.add('tlsHandshakesFailed')
    for (const to of connection.peers) this.#outbox.push({ type: 'sendFailed', to, reason, wasOpen: connection.isOpen })
  }

  #countDown(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, left)
  }
}
