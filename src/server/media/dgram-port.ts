import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Counters, Instant } from '../../kit/index.ts'
import { DatagramRing } from './datagram-ring.ts'
import type { MediaIoCounter } from './io-counters.ts'

/** What a port keeps of what has come. */
export interface DgramPortOptions {
  /** Datagrams that may wait. Default: that of {@link DatagramRing}. */
  readonly slots?: number
  /** The clock by which to note when each came. Without it that is not known. */
  readonly now?: () => Instant
}

/**
 * One socket of `node:dgram` and its buffers.
 *
 * A socket of Node belongs to its thread. To have another thread go on with the port, this one bequeaths it: the other binds a
 * socket of its own beside this one, gets through a channel whatever still came here, and only then is this one closed.
 * Linux gives datagrams to the socket that was bound last. Elsewhere that is not certain, so there the port is closed first, and
 * what comes until it is bound again is lost.
 */
export class DgramPort {
  readonly number: number
  readonly address: string
  readonly ring: DatagramRing
  readonly #socket: Socket
  readonly #counters: Counters<MediaIoCounter>
  readonly #family: 4 | 6
  readonly #now: (() => Instant) | undefined
  /**
   * The network reads from these, in turn, until it says that it has sent, so the engine's own buffer will not do. It says so
   * after the sub-tick: a bridge that passes on what has come at once needs several. Made when they are needed first.
   */
  readonly #outgoing: Uint8Array[] = []
  /** Since none was under way. */
  #sends = 0
  #sending = 0
  #isOpen = false
  /** The destination checked last: it hardly ever changes. */
  #knownAddress = ''
  /** To the heir, or from the testator. */
  #channel: MessagePort | undefined
  #isBequeathed = false
  #passedOn = 0
  #onGone: () => void = () => {}
  #patience: NodeJS.Timeout | undefined

  constructor(number: number, address: string, counters: Counters<MediaIoCounter>, options: DgramPortOptions = {}) {
    this.number = number
    this.address = address
    this.ring = new DatagramRing(options.slots)
    this.#now = options.now
    this.#counters = counters
    this.#family = isIP(address) === 6 ? 6 : 4
    this.#socket = socketOf(this.#family, MAY_OVERLAP)
  }

  /** Binds a port that nobody has. */
  bind(onBound: () => void, onFailed: (error: NodeJS.ErrnoException) => void): void {
    if (!MAY_OVERLAP) {
      this.#bind(onBound, onFailed)
      return
    }
    // The socket itself could be bound beside one of another Ringdown.
    const probe = socketOf(this.#family, false)
    probe.once('error', (error) => {
      probe.close()
      onFailed(error)
    })
    probe.bind({ address: this.address, port: this.number, exclusive: true }, () => {
      probe.close()
      this.#bind(onBound, onFailed)
    })
  }

  /** Binds a port that another thread has bequeathed, and says so there. What came there is in the ring, before anything else. */
  inherit(channel: MessagePort, onBound: () => void, onFailed: (error: NodeJS.ErrnoException) => void): void {
    this.#channel = channel
    this.#bind(() => {
      for (let next = receiveMessageOnPort(channel); next !== undefined; next = receiveMessageOnPort(channel))
        this.#keep(next.message)
      channel.on('message', (datagram: Datagram) => this.#keep(datagram))
      channel.postMessage('bound')
      onBound()
    }, onFailed)
  }

  /**
   * Lets another thread have the port. It is closed when that has bound it, or has gone, or did neither within two seconds.
   * @returns what {@link inherit} needs there, to be transferred
   */
  bequeath(onGone: () => void): MessagePort {
    const { port1: channel, port2: there } = new MessageChannel()
    this.#channel = channel
    this.#isBequeathed = true
    this.#onGone = onGone
    const bytes = new Uint8Array(LARGEST_SEND_BYTES)
    const source = { address: '', port: 0 }
    for (let length = this.ring.shift(bytes, source); length >= 0; length = this.ring.shift(bytes, source))
      this.#passOn(bytes.slice(0, length), source.address, source.port)
    if (!MAY_OVERLAP) {
      this.close()
      return there
    }
    this.#patience = setTimeout(() => this.close(), BEQUEST_MS).unref()
    // What came before the other socket was bound is read in this turn of the event loop.
    channel.once('message', () => setImmediate(() => this.close()))
    channel.once('close', () => this.close())
    return there
  }

  send(bytes: Uint8Array, length: number, address: string, port: number): boolean {
    if (!this.#isOpen || this.#sending === MOST_SENDING || length > LARGEST_SEND_BYTES) return false
    if (address !== this.#knownAddress) {
      if (isIP(address) !== this.#family || port < 1 || port > 65_535) return false
      this.#knownAddress = address
    }
    const outgoing = this.#nextOutgoing(length)
    for (let i = 0; i < length; i++) outgoing[i] = bytes[i] as number
    try {
      this.#socket.send(outgoing, 0, length, port, address, this.#onSent)
    } catch {
      return false
    }
    this.#sends++
    this.#sending++
    return true
  }

  /** May be called again. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isOpen = false
    clearTimeout(this.#patience)
    this.#socket.close()
    this.#channel?.close()
    this.#onGone()
  }

  #isClosed = false

  #bind(onBound: () => void, onFailed: (error: NodeJS.ErrnoException) => void): void {
    if (this.#isClosed) return
    this.#socket.on('error', (error) => {
      if (this.#isOpen) this.#counters.add('socketErrors')
      else onFailed(error)
    })
    this.#socket.on('message', (bytes, { address, port }) => {
      if (this.#isBequeathed) this.#passOn(bytes, address, port)
      else this.#keep({ bytes, address, port })
    })
    this.#socket.once('listening', () => {
      this.#isOpen = true
      onBound()
    })
    this.#socket.bind({ address: this.address, port: this.number, exclusive: true })
  }

  #nextOutgoing(length: number): Uint8Array {
    if (this.#sending === 0) this.#sends = 0
    const place = this.#sends % MOST_SENDING
    let outgoing = this.#outgoing[place]
    if (outgoing === undefined || outgoing.length < length) {
      outgoing = new Uint8Array(length > USUAL_SEND_BYTES ? LARGEST_SEND_BYTES : USUAL_SEND_BYTES)
      this.#outgoing[place] = outgoing
    }
    return outgoing
  }

  #keep({ bytes, address, port }: Datagram): void {
    if (!this.ring.push(bytes, address, port, this.#now?.())) this.#counters.add('receiveOverflows')
  }

  #passOn(bytes: Uint8Array, address: string, port: number): void {
    if (this.#passedOn++ < MOST_PASSED_ON) this.#channel?.postMessage({ bytes, address, port } satisfies Datagram)
    else this.#counters.add('receiveOverflows')
  }

  /** Sends end in order. */
  readonly #onSent = (error: Error | null): void => {
    this.#sending--
    if (error !== null) this.#counters.add('socketErrors')
  }
}

interface Datagram {
  readonly bytes: Uint8Array
  readonly address: string
  readonly port: number
}

/** Addresses are numeric here. The look-up that a send would otherwise go through costs a turn of the event loop. */
function socketOf(family: 4 | 6, reuseAddr: boolean): Socket {
  const type = family === 6 ? 'udp6' : 'udp4'
  return createSocket({ type, reuseAddr, lookup: (host, _options, callback) => callback(null, host, family) })
}

/** Whether a port can be bound while another socket of this process has it, with the effect that is wanted. */
const MAY_OVERLAP = process.platform === 'linux'
/** More than a packet of 60 ms of the telephone's codecs: payload, header, the tag of SRTP. */
const USUAL_SEND_BYTES = 704
/** More than the longest packet that the engine passes on. */
const LARGEST_SEND_BYTES = 2304
/** As many as may have waited to be swept, and be passed on. */
const MOST_SENDING = 16
/** How long a port waits for whoever is to have it; less than ports rest after their use. */
const BEQUEST_MS = 2000
/** Nobody can make what waits between threads grow. */
const MOST_PASSED_ON = 100
