import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import { UsageError } from '../../kit/index.ts'
import { Phone } from '../phone/phone.ts'
import type { PhoneKind } from '../phone/phone-kind.ts'
import { Transcript } from '../phone/transcript.ts'
import { RealClock } from './real-clock.ts'
import { RealHost } from './real-host.ts'

/** Where phones on real sockets stand, and whom they call. */
export interface RealPhonesOptions {
  /** `address` or `address:port` of the system under test: where a user or number goes that is called without a host. */
  readonly exchange?: string
  /** The address of this machine that phones stand on. Default 127.0.0.1: nothing leaves the machine. */
  readonly address?: string
}

/** Where a phone stands on this machine. */
export interface RealPhonePlace {
  /** An address of this machine. Default: that of all phones. */
  readonly address?: string
  /** Its SIP port over UDP, 1 to 65535; 0, the default, is any free one. */
  readonly port?: number
}

/** How long an answer to the last BYE is waited for when phones are put away. */
const FAREWELL_MS = 2000

/** Makes {@link RealPhones}: what `phones.real` is. */
export function real(options: RealPhonesOptions = {}): RealPhones {
  return new RealPhones(options)
}

/**
 * Phones on real sockets and in real time, for scripts that were written for `exchange()`: `phone`, `sleep`, `done`,
 * `transcript` and `story` are the same. They call any SIP system over UDP and can be called at `phone.uri`.
 *
 * Real packets carry sound and nothing beside it: there are tones, beeps, digits, sound and silence to wait for, but
 * no words. `phone.hearsWords` is false, and `expectSpeech` throws and says so.
 */
export class RealPhones {
  readonly #clock: RealClock
  readonly #exchange: string | undefined
  readonly #address: string
  readonly #phones = new Map<string, Phone>()
  readonly #hosts: RealHost[] = []
  readonly #scripts: Promise<void>[] = []
  readonly #failures: unknown[] = []
  readonly #transcript = new Transcript(() => this.#phones.values())

  constructor({ exchange, address = '127.0.0.1' }: RealPhonesOptions = {}) {
    this.#exchange = exchange
    this.#address = addressOrThrow(address)
    this.#clock = new RealClock((error) => this.#fail(error))
  }

  /**
   * Makes a phone.
   * @param kind what it does when called; without one the script acts by hand
   * @throws UsageError when the name is taken, a place is none, or the kind wants a line, which only a simulated network has;
   *   RingdownError RINGDOWN_TRANSPORT when the address cannot be had
   */
  phone(name: string, kind: PhoneKind = {}, place: RealPhonePlace = {}): Phone {
    if (this.#phones.has(name)) throw new UsageError(`there is a phone called ${name} already`)
    if (kind.line !== undefined)
      throw new UsageError(`${name} wants a bad line or a NAT: real networks treat packets as they do, so leave it out`)
    const { port = 0 } = place
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new UsageError(`${name} cannot have port ${port}: give 1 to 65535, or 0 for any free one`)
    const note = (text: string) => this.#transcript.note(this.#clock.now, `${name} ${text}`)
    const host = new RealHost(addressOrThrow(place.address ?? this.#address), name, this.#clock, note)
    const phone = new Phone(
      {
        clock: this.#clock,
        host,
        random: { uint32: () => randomInt(2 ** 32) },
        resolve: (other) => other,
        exchangeAddress: this.#exchange ?? NO_EXCHANGE,
        sipPort: port,
        hearsWords: false,
        onEvent: note,
        story: () => this.story(),
        runScript: (script) => this.#runScript(script),
      },
      kind,
    )
    this.#phones.set(name, phone)
    this.#hosts.push(host)
    return phone
  }

  /** Lets time pass. */
  sleep(ms: number): Promise<void> {
    return this.#clock.pull('the test sleeps', this.#clock.sleep(ms))
  }

  /**
   * Waits until every call is over and every script of a phone has come to its end, and frees every port.
   * @param withinMs how long a call may still go on. Default 30,000
   * @throws what a script threw; ExpectationError naming who is still in a call
   */
  async done({ withinMs = 30_000 }: { withinMs?: number } = {}): Promise<void> {
    try {
      for (const phone of this.phones)
        await phone.until('expected its call to be over', () => phone.state === 'IDLE', { isForEnd: true, withinMs })
      await this.#clock.pull('the scripts of the phones', Promise.all(this.#scripts))
      if (this.#failures.length > 0) throw this.#failures[0]
    } finally {
      await this.close()
    }
  }

  /** Hangs up every call and frees every port, whatever goes on; for the end of a test that may have failed. */
  async close(): Promise<void> {
    for (const phone of this.phones) await phone.hangUp()
    const endsAt = this.#clock.now + FAREWELL_MS
    while (this.#clock.now < endsAt && this.phones.some(({ sip }) => sip.awaitsAnswer)) await this.sleep(10)
    for (const host of this.#hosts) host.close()
  }

  /** All phones, in the order in which they came. */
  get phones(): readonly Phone[] {
    return [...this.#phones.values()]
  }

  /** What everybody did and heard so far, a line for each thing, with its time in seconds. */
  transcript(): string {
    return this.#transcript.text()
  }

  /** The transcript, as it stands in the message of a failure. */
  story(): string {
    return `The call until now:\n${this.transcript()}`
  }

  #runScript(script: () => Promise<void>): void {
    this.#scripts.push(this.#clock.runScript(script).catch((error: unknown) => this.#fail(error)))
  }

  #fail(error: unknown): void {
    this.#failures.push(error)
    this.#clock.interrupt(error)
  }
}

/** A name that no system has (RFC 2606 section 2), for calls without a host when no exchange was named. */
const NO_EXCHANGE = 'no-exchange-was-given.invalid'

function addressOrThrow(address: string): string {
  if (isIP(address) !== 0 && address !== '0.0.0.0' && address !== '::') return address
  throw new UsageError(`"${address}" is no address for a phone: give one IP address of this machine`)
}
