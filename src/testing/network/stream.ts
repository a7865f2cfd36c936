import type { SocketAddress } from './address.ts'
import type { StreamId, StreamInput } from './port.ts'

/** Why a stream is no longer open: the far end closed it, tore it down, refused it, or never answered. */
export type StreamCloseReason = 'ended' | 'reset' | 'refused' | 'timeout'

/** Who hears what happens on a stream. */
export interface StreamHandlers {
  /** The connection that was asked for stands. */
  onOpen?(): void
  /** Bytes in order, cut anywhere. */
  onData(bytes: Uint8Array): void
  /** The far end is gone. Not called after this end's own `end` or `reset`. */
  onClosed?(reason: StreamCloseReason): void
}

/** One end of a reliable ordered connection. What is written before it stands is delivered once it does. */
export class SimulatedStream {
  readonly id: StreamId
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly #network: { handle(input: StreamInput): void }

  constructor(
    id: StreamId,
    local: SocketAddress,
    remote: SocketAddress,
    network: { handle(input: StreamInput): void },
  ) {
    this.id = id
    this.local = local
    this.remote = remote
    this.#network = network
  }

  write(bytes: Uint8Array): void {
    this.#network.handle({ type: 'write', stream: this.id, bytes })
  }

  /** Closes it after everything written has been delivered. */
  end(): void {
    this.#network.handle({ type: 'end', stream: this.id })
  }

  /** Tears it down at once. */
  reset(): void {
    this.#network.handle({ type: 'reset', stream: this.id })
  }
}
