import type { Random } from '../../kit/index.ts'
import { createRequest, DigestClient, parseContacts, type SipResponse } from '../../sip/index.ts'
import type { PeerCall } from '../sip/peer-call.ts'
import type { SipPeer } from '../sip/sip-peer.ts'

/** How a phone registers. */
export interface RegisterOptions {
  /** The password of its user. */
  readonly password?: string
  /** The user. Default: its name. */
  readonly username?: string
  /** How long it asks for, in seconds. Default 3600. It does not refresh by itself: register again. */
  readonly expiresS?: number
  /** How much it wants to be preferred to the user's other phones, 0 to 1. Default: it says nothing, which means 1. */
  readonly q?: number
}

/** The REGISTERs of a phone: one Call-ID, counted CSeq, and an answer to each challenge but the second in a row. */
export class PhoneRegistration {
  readonly #sip: SipPeer
  readonly #random: Random
  readonly #registrar: string
  #options: RegisterOptions = {}
  #digest: DigestClient | undefined
  #call: PeerCall | undefined
  #answer: SipResponse | undefined

  /** @param exchangeAddress where it registers */
  constructor(sip: SipPeer, random: Random, exchangeAddress: string) {
    this.#sip = sip
    this.#random = random
    this.#registrar = `sip:${exchangeAddress}`
  }

  /** The status of the latest REGISTER; `undefined` as long as it has no final answer. */
  get status(): number | undefined {
    return this.#answer?.status
  }

  /** How many Contacts the latest answer lists. */
  get contacts(): number {
    const contacts = this.#answer && parseContacts(this.#answer.headers)
    return contacts?.ok && contacts.value !== '*' ? contacts.value.length : 0
  }

  send(name: string, options: RegisterOptions): void {
    const { username = name, password = '' } = options
    this.#options = { ...options, username }
    this.#answer = undefined
    this.#digest ??= new DigestClient([{ username, password }], this.#random)
    this.#request()
  }

  take(response: SipResponse): void {
    if (response.status < 200) return
    if (response.status === 401 && this.#digest?.answerChallenge(response) === 'answered') this.#request()
    else this.#answer = response
  }

  #request(): void {
    const { username, expiresS = 3600, q } = this.#options
    const model = createRequest('REGISTER', this.#registrar)
    this.#digest?.authorize(model)
    const credentials = model.headers.get('authorization')
    const headers: (readonly [string, string])[] = [
      ['Contact', `<${this.#sip.contactUri}>;expires=${expiresS}${q === undefined ? '' : `;q=${q}`}`],
      ...(credentials === undefined ? [] : [['Authorization', credentials] as const]),
    ]
    if (this.#call !== undefined) this.#call.request('REGISTER', { headers })
    else {
      const address = `<sip:${username}@${this.#registrar.slice(4)}>`
      this.#call = this.#sip.request('REGISTER', this.#registrar, { from: address, to: address, headers })
    }
  }
}
