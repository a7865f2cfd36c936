import { type Instant, Sequence, seededRandom, utf8Encode } from '../../kit/index.ts'
import {
  cseqOf,
  type DnsAnswer,
  Endpoint,
  type EndpointCommand,
  type EndpointEvent,
  type EndpointInput,
  type EndpointOptions,
  type EndpointOutput,
  type Peer,
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../index.ts'

/** A node of the test network: it takes datagrams and has a next deadline. */
interface Node {
  readonly name: string
  readonly peer: Peer
  receive(bytes: Uint8Array, from: Peer): void
  deadline(): Instant
  expire(): void
}

/**
 * A network in virtual time for arrow-diagram tests: 10 ms each way, every message noted as one line of `ladder`, such
 * as `0 alice INVITE bob` or `10 bob 200 INVITE alice`. `lose` decides which of them never arrive.
 */
export class Wire {
  now: Instant = 0
  readonly latencyMs: number
  readonly ladder: string[] = []
  /** Given the line of a message, whether it gets lost. */
  lose: (line: string) => boolean = () => false
  /** What the network makes of a message on its way. */
  change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes
  readonly #nodes: Node[] = []
  readonly #inFlight: { at: Instant; order: number; bytes: Uint8Array; from: Peer; to: Node }[] = []
  #order = 0

  constructor(latencyMs = 10) {
    this.latencyMs = latencyMs
  }

  add(node: Node): void {
    this.#nodes.push(node)
  }

  send(bytes: Uint8Array, from: Node, to: Peer): void {
    const target = this.#nodes.find(({ peer }) => peer.address === to.address && peer.port === to.port)
    const line = `${this.now} ${from.name} ${summary(bytes)} ${target?.name ?? 'nowhere'}`
    const isLost = target === undefined || this.lose(line)
    this.ladder.push(isLost ? `${line} (lost)` : line)
    if (target === undefined || isLost) return
    const at = this.now + this.latencyMs
    this.#inFlight.push({
      at,
      order: this.#order++,
      bytes: this.change(bytes),
      from: { ...from.peer, transport: to.transport },
      to: target,
    })
  }

  /** Lets everything happen that is due within the next `durationMs`. */
  run(durationMs: number): void {
    const end = this.now + durationMs
    for (let step = 0; step < 1_000_000; step++) {
      this.#inFlight.sort((a, b) => a.at - b.at || a.order - b.order)
      const datagram = this.#inFlight[0]
      const node = this.#nodes.reduce((a, b) => (b.deadline() < a.deadline() ? b : a))
      const at = Math.min(datagram?.at ?? Number.POSITIVE_INFINITY, node.deadline())
      if (at > end) break
      this.now = Math.max(this.now, at)
      if (datagram !== undefined && datagram.at <= node.deadline()) {
        this.#inFlight.shift()
        datagram.to.receive(datagram.bytes, datagram.from)
      } else node.expire()
    }
    this.now = end
  }

  /** The ladder without times, from line `from` on. */
  arrows(from = 0): string[] {
    return this.ladder.slice(from).map((line) => line.replace(/^[\d.]+ /, ''))
  }
}

function summary(bytes: Uint8Array): string {
  const parsed = parseMessage(bytes)
  if (!parsed.ok) return 'garbage'
  const message = parsed.value
  return message.kind === 'request' ? message.method : `${message.status} ${cseqOf(message)?.method ?? '?'}`
}

let lastAddress = 0

function nextAddress(): string {
  lastAddress++
  return `10.0.${lastAddress >> 8}.${lastAddress & 255}`
}

/** An endpoint on the wire with the application above it: `events` that came, and what `on` does with each. */
export class Agent implements Node {
  readonly name: string
  readonly peer: Peer
  readonly endpoint: Endpoint
  readonly events: EndpointEvent[] = []
  on: (event: EndpointEvent) => void = () => {}
  /** What stands in its DNS, by type and name: `SRV _sip._udp.example.net`. */
  readonly zone: Record<string, readonly unknown[]> = {}
  isDnsSilent = false
  /** The questions that it put to DNS. */
  readonly questions: string[] = []
  readonly #wire: Wire
  readonly #commands: EndpointInput[] = []
  #isDraining = false

  constructor(wire: Wire, name: string, options: Partial<EndpointOptions> = {}) {
    this.name = name
    this.peer = { transport: 'udp', address: nextAddress(), port: 5060 }
    this.#wire = wire
    this.endpoint = new Endpoint({
      random: seededRandom(lastAddress),
      localAddress: () => ({ host: this.peer.address, port: 5060 }),
      identity: `sip:${name}@${this.peer.address}`,
      sessionIds: new Sequence(),
      ...options,
    })
    wire.add(this)
  }

  get uri(): string {
    return `sip:${this.name}@${this.peer.address}:5060`
  }

  /** Carries out a command now, or after the event that is being handled. */
  do(command: Exclude<EndpointInput, { type: 'received' }>): void {
    this.#commands.push(command)
    if (!this.#isDraining) this.#drain()
  }

  receive(bytes: Uint8Array, from: Peer): void {
    this.endpoint.handle({ type: 'received', bytes, from }, this.#wire.now)
    this.#drain()
  }

  deadline(): Instant {
    return this.endpoint.deadline()
  }

  expire(): void {
    this.endpoint.expire(this.#wire.now)
    this.#drain()
  }

  /** The events so far by type, each with its status, cause or side where it has one. */
  get heard(): string[] {
    return this.events.map((event) => {
      switch (event.type) {
        case 'progress':
        case 'answered':
        case 'reinviteAnswered':
          return `${event.type} ${event.response.status}`
        case 'failed':
          return `failed ${event.cause}${event.response === undefined ? '' : ` ${event.response.status}`}`
        case 'requestDone':
        case 'reinviteFailed':
          return `${event.type} ${event.response?.status ?? 'none'}`
        case 'ended':
          return `ended ${event.by}${event.detail === undefined ? '' : `: ${event.detail}`}`
        case 'request':
        case 'outside':
          return `${event.type} ${event.request.method}`
        case 'outsideDone':
          return `${event.type} ${event.cause}${event.response === undefined ? '' : ` ${event.response.status}`}`
        case 'referAccepted':
          return `referAccepted ${event.response.status}${event.isSubscribed ? '' : ' without reports'}`
        case 'referProgress':
          return `referProgress ${event.status}`
        case 'referDone':
          return ['referDone', event.cause, event.status, event.detail].filter((part) => part !== undefined).join(' ')
        default:
          return event.type
      }
    })
  }

  event<Type extends EndpointEvent['type']>(type: Type): Extract<EndpointEvent, { type: Type }> {
    const event = this.events.findLast((candidate) => candidate.type === type)
    if (event === undefined) throw new Error(`${this.name} heard no ${type}, but ${this.heard.join(', ')}`)
    return event as Extract<EndpointEvent, { type: Type }>
  }

  #drain(): void {
    this.#isDraining = true
    for (;;) {
      for (let output = this.endpoint.poll(); output !== undefined; output = this.endpoint.poll()) this.#take(output)
      const command = this.#commands.shift()
      if (command === undefined) break
      this.endpoint.handle(command, this.#wire.now)
    }
    this.#isDraining = false
  }

  #take(output: EndpointOutput): void {
    if (output.type === 'send') {
      this.#wire.send(output.bytes, this, output.to)
      return
    }
    if (output.type === 'dns') {
      const { question } = output
      const key = `${question.type} ${question.name}`
      this.questions.push(key)
      if (this.isDnsSilent) return
      this.#commands.push({
        type: 'dns',
        answer: { question, records: this.zone[key] ?? [], ttlMs: 60_000 } as DnsAnswer,
      })
      return
    }
    this.events.push(output)
    this.on(output)
  }
}

/** A far end written by hand: keeps what it received, and sends whatever text a test wants. */
export class Phone implements Node {
  readonly name: string
  readonly peer: Peer
  readonly received: SipMessage[] = []
  onMessage: (message: SipMessage) => void = () => {}
  readonly #wire: Wire

  constructor(wire: Wire, name: string) {
    this.name = name
    this.peer = { transport: 'udp', address: nextAddress(), port: 5060 }
    this.#wire = wire
    wire.add(this)
  }

  get uri(): string {
    return `sip:${this.name}@${this.peer.address}:5060`
  }

  receive(bytes: Uint8Array): void {
    const parsed = parseMessage(bytes)
    if (!parsed.ok) throw new Error(`${this.name} was sent garbage: ${parsed.error.detail}`)
    this.received.push(parsed.value)
    this.onMessage(parsed.value)
  }

  deadline(): Instant {
    return Number.POSITIVE_INFINITY
  }

  expire(): void {}

  request(method: string): SipRequest {
    const found = this.received.findLast((message) => message.kind === 'request' && message.method === method)
    if (found?.kind !== 'request') throw new Error(`${this.name} received no ${method}`)
    return found
  }

  response(method: string): SipResponse {
    const found = this.received.findLast((message) => message.kind === 'response' && cseqOf(message)?.method === method)
    if (found?.kind !== 'response') throw new Error(`${this.name} received no response to ${method}`)
    return found
  }

  send(to: Peer, lines: readonly string[], body = ''): void {
    const text = `${[...lines, `Content-Length: ${utf8Encode(body).length}`].join('\r\n')}\r\n\r\n${body}`
    this.#wire.send(utf8Encode(text), this, to)
  }

  /** Sends a response to `request`, with the given tag in To unless there is one. */
  respond(request: SipRequest, to: Peer, status: number, tag: string, extra: readonly string[] = []): void {
    const copied = (name: string) => request.headers.all(name).map((value) => `${name}: ${value}`)
    const own = request.headers.get('to') as string
    this.send(to, [
      `SIP/2.0 ${status} Whatever`,
      ...copied('via'),
      ...copied('from'),
      `To: ${own.includes('tag=') || tag === '' ? own : `${own};tag=${tag}`}`,
      ...copied('call-id'),
      ...copied('cseq'),
      ...extra,
    ])
  }
}

export const OFFER = utf8Encode(
  'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n',
)

/** Alice, bob, and the wire between them; both use session 1. */
export interface Pair {
  readonly wire: Wire
  readonly alice: Agent
  readonly bob: Agent
}

export function pair(options: { alice?: Partial<EndpointOptions>; bob?: Partial<EndpointOptions> } = {}): Pair {
  const wire = new Wire()
  return { wire, alice: new Agent(wire, 'alice', options.alice), bob: new Agent(wire, 'bob', options.bob) }
}

/** Alice calls bob. */
export function call({ alice, bob }: Pair, more: Partial<Extract<EndpointCommand, { type: 'invite' }>> = {}): void {
  alice.do({ type: 'invite', session: 1, to: bob.uri, body: OFFER, ...more })
}

/** Bob answers whatever INVITE comes at once. */
export function answerAtOnce(agent: Agent): void {
  agent.on = (event) => {
    if (event.type === 'incoming') agent.do({ type: 'respond', session: event.session, status: 200, body: OFFER })
  }
}

/** A call that bob has answered: 100 ms have passed. */
export function connected(options?: Parameters<typeof pair>[0]): Pair {
  const both = pair(options)
  answerAtOnce(both.bob)
  call(both)
  both.wire.run(100)
  return both
}

/** Nothing is left: what every test may say of every agent once all is over. */
export const EMPTY_SIZES = {
  sessions: 0,
  dialogs: 0,
  clientTransactions: 0,
  serverTransactions: 0,
  timers: 0,
  entries: 0,
}
