import type { Instant, Random } from '../../kit/index.ts'
import type { SocketAddress } from '../network/address.ts'
import type { Truth } from '../truth/truth.ts'
import { Ears } from './ears.ts'
import type { PhoneClock, PhoneHost, PhoneSocket } from './environment.ts'
import { Mouth } from './mouth.ts'
import type { PhoneOptions } from './phone-kind.ts'
import type { RemoteAudio } from './remote-audio.ts'

const FRAME_MS = 20

/** The audio of one phone: a UDP port for each call, ears that remember all of them, a mouth. */
export class PhoneAudio {
  readonly ears: Ears
  readonly mouth: Mouth
  readonly #clock: PhoneClock
  readonly #host: PhoneHost
  readonly #sendsSilence: boolean
  readonly #onHeard: () => void
  #socket: PhoneSocket | undefined
  #remote: RemoteAudio | undefined
  #stopTicking: (() => void) | undefined
  #nextTickAt: Instant = 0
  /** Nothing is sent, as by a phone that holds its far end or has its microphone off in earnest. */
  isMuted = false

  constructor(
    host: PhoneHost,
    clock: PhoneClock,
    random: Random,
    { sendsSilence = true, hearsTones = true }: PhoneOptions,
    onHeard: () => void,
  ) {
    this.#host = host
    this.#clock = clock
    this.#sendsSilence = sendsSilence
    this.#onHeard = onHeard
    this.ears = new Ears(() => this.#remote?.telephoneEvent, hearsTones)
    this.mouth = new Mouth(random, (packet, to, truth) => {
      this.#socket?.send(packet, { address: to.address, port: to.port }, truth)
    })
  }

  /** The port of this call, bound when first asked for. */
  get local(): SocketAddress {
    this.#socket ??= this.#host.bindUdp(0, {
      onDatagram: (bytes: Uint8Array, _from: SocketAddress, truth?: Truth) => {
        this.ears.hear(bytes, truth, this.#clock.now)
        this.#onHeard()
      },
    })
    return this.#socket.local
  }

  get remote(): RemoteAudio | undefined {
    return this.#remote
  }

  /** Sends to `remote` from now on. */
  start(remote: RemoteAudio): void {
    this.#remote = remote
    this.mouth.speakTo(remote)
    if (this.#stopTicking !== undefined) return
    this.#nextTickAt = this.#clock.now
    this.#tick()
  }

  /** Ends the stream and frees the port. */
  stop(): void {
    this.#stopTicking?.()
    this.#stopTicking = undefined
    this.mouth.silence()
    this.#socket?.close()
    this.#socket = undefined
    this.#remote = undefined
  }

  #tick(): void {
    // RTP time follows elapsed time: after a stall of the process whole slots are skipped, never sent as a burst.
    const missed = Math.floor((this.#clock.now - this.#nextTickAt) / FRAME_MS)
    if (missed > 0) {
      this.mouth.skip(missed)
      this.#nextTickAt += missed * FRAME_MS
    }
    const maySend = this.#remote?.direction === 'sendrecv' || this.#remote?.direction === 'recvonly'
    if (maySend && !this.isMuted) this.mouth.tick(this.#sendsSilence)
    if (this.ears.notice(this.#clock.now)) this.#onHeard()
    this.#nextTickAt += FRAME_MS
    this.#stopTicking = this.#clock.after(
      Math.max(this.#nextTickAt - this.#clock.now, 0),
      () => this.#tick(),
      'audio of a phone',
    )
  }
}
