import { token } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { BRANCH_COOKIE, type SipRequest } from '../message/index.ts'
import type { LayerOptions } from './layer-options.ts'

/** Puts our Via on the requests that go out (RFC 3261 section 18.1.1). */
export class ViaStamp {
  readonly #options: Pick<LayerOptions, 'random' | 'sentBy'>

  constructor(options: Pick<LayerOptions, 'random' | 'sentBy'>) {
    this.#options = options
  }

  /** Puts it on top and returns its branch, unique for ever (section 8.1.1.7). */
  addTo(request: SipRequest, to: Peer): string {
    const branch = BRANCH_COOKIE + token(this.#options.random)
    request.headers.prepend('via', this.#viaOf(to, branch))
    return branch
  }

  /** Lets it say that the request goes to `to` instead, under the same branch. */
  redirect(request: SipRequest, branch: string, to: Peer): Peer {
    request.headers.shift('via')
    request.headers.prepend('via', this.#viaOf(to, branch))
    return to
  }

  #viaOf(to: Peer, branch: string): string {
    const transport = to.transport.toUpperCase()
    // On TLS the far end may send requests of its own back over the connection (RFC 5923 section 5).
    const alias = to.transport === 'tls' ? ';alias' : ''
    return `SIP/2.0/${transport} ${this.#options.sentBy(to)};rport${alias};branch=${branch}`
  }
}
