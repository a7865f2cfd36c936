import type { SrtpCrypto } from '../srtp/crypto.ts'
import {
  type SrtpParameters,
  SrtpReceiver,
  type SrtpReceiverState,
  SrtpSender,
  type SrtpSenderState,
} from '../srtp/srtp.ts'
import type { SrtpSuite } from '../srtp/suites.ts'

/** With which keys a leg has sealed and opened packets, and which. */
export interface ProtectionState {
  readonly senders: ReadonlyMap<SrtpSuite, { readonly key: Uint8Array; readonly state: SrtpSenderState }>
  readonly receivers: ReadonlyMap<SrtpSuite, { readonly key: Uint8Array; readonly state: SrtpReceiverState }>
}

/**
 * Keeps the packets of a leg confidential and authentic where offer and answer agreed on keys, and lets them pass as
 * they are where not. As long as a key stays the same, so do the counters that go with it, through every re-INVITE.
 * All work is done in place; lengths are those of the packet after it, -1 when it must not be sent or taken.
 */
export class Protection {
  readonly #crypto: SrtpCrypto | undefined
  /** By suite, each of which has a key of its own. Kept while unused: a counter that began anew would repeat itself. */
  readonly #senders = new Map<SrtpSuite, { key: Uint8Array; sender: SrtpSender }>()
  readonly #receivers = new Map<SrtpSuite, { key: Uint8Array; receiver: SrtpReceiver }>()
  #sender: SrtpSender | undefined
  #receiver: SrtpReceiver | undefined

  /** @param crypto the ciphers; an engine without can have no leg with keys */
  constructor(crypto: SrtpCrypto | undefined) {
    this.#crypto = crypto
  }

  /** @throws Error when there are keys and no ciphers */
  use(parameters: SrtpParameters | undefined): void {
    this.#sender = undefined
    this.#receiver = undefined
    if (parameters === undefined) return
    const { suite, sendKey, receiveKey } = parameters
    let sending = this.#senders.get(suite)
    if (sending === undefined || !isEqual(sending.key, sendKey))
      sending = { key: sendKey, sender: new SrtpSender(this.#ciphers, parameters) }
    this.#senders.set(suite, sending)
    this.#sender = sending.sender
    let receiving = this.#receivers.get(suite)
    if (receiving === undefined || !isEqual(receiving.key, receiveKey))
      receiving = { key: receiveKey, receiver: new SrtpReceiver(this.#ciphers, parameters) }
    this.#receivers.set(suite, receiving)
    this.#receiver = receiving.receiver
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ProtectionState {
    return {
      senders: new Map([...this.#senders].map(([suite, { key, sender }]) => [suite, { key, state: sender.state }])),
      receivers: new Map(
        [...this.#receivers].map(([suite, { key, receiver }]) => [suite, { key, state: receiver.state }]),
      ),
    }
  }

  /** @throws Error when there are keys and no ciphers */
  set state({ senders, receivers }: ProtectionState) {
    for (const [suite, { key, state }] of senders) {
      const sender = new SrtpSender(this.#ciphers, { suite, sendKey: key, receiveKey: key })
      sender.state = state
      this.#senders.set(suite, { key, sender })
    }
    for (const [suite, { key, state }] of receivers) {
      const receiver = new SrtpReceiver(this.#ciphers, { suite, sendKey: key, receiveKey: key })
      receiver.state = state
      this.#receivers.set(suite, { key, receiver })
    }
  }

  get #ciphers(): SrtpCrypto {
    if (this.#crypto === undefined) throw new Error('SRTP was agreed on, and this engine has no ciphers')
    return this.#crypto
  }

  sealRtp(bytes: Uint8Array, length: number): number {
    return this.#sender === undefined ? length : this.#sender.sealRtp(bytes, length)
  }

  sealRtcp(bytes: Uint8Array, length: number): number {
    return this.#sender === undefined ? length : this.#sender.sealRtcp(bytes, length)
  }

  openRtp(bytes: Uint8Array, length: number): number {
    return this.#receiver === undefined ? length : this.#receiver.openRtp(bytes, length)
  }

  openRtcp(bytes: Uint8Array, length: number): number {
    return this.#receiver === undefined ? length : this.#receiver.openRtcp(bytes, length)
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, i) => octet === other[i])
}
