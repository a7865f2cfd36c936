import { UsageError } from '../kit/index.ts'
import { isEndpointHeader, isToken } from '../sip/index.ts'
import type { ChannelCore } from './channel-core.ts'
import { IncomingLeg } from './incoming-leg.ts'
import { OutgoingLeg } from './outgoing-leg.ts'

/** The SIP of a channel's call, for the headers that carry an operator's own information. */
export class ChannelSip {
  readonly #core: ChannelCore

  /** @internal */
  constructor(core: ChannelCore) {
    this.#core = core
  }

  /**
   * Headers that go out with every INVITE and every response to one that is sent from now on, for example
   * `['X-Account', '42']`. Add to it and take from it as you like.
   */
  get headersToSend(): [name: string, value: string][] {
    return this.#core.headersToSend
  }

  /** A header of the INVITE that brought the call; `undefined` when it has none, or for an outgoing call. */
  requestHeader(name: string): string | undefined {
    const leg = this.#core.leg
    return leg instanceof IncomingLeg ? leg.request.headers.get(name) : undefined
  }

  /**
   * A header of the far end's latest response to the INVITE of an outgoing call: of its answer or its refusal, once that
   * is there. `undefined` when it has none, and for an incoming call.
   */
  responseHeader(name: string): string | undefined {
    const leg = this.#core.leg
    return leg instanceof OutgoingLeg ? leg.response?.headers.get(name) : undefined
  }
}

/** Headers of an application: in one place with those of `headersToSend`. */
export function headersOf(
  what: string,
  core: ChannelCore,
  headers: Readonly<Record<string, string>> = {},
): readonly (readonly [name: string, value: string])[] {
  const all = [...core.headersToSend, ...Object.entries(headers)]
  for (const [name, value] of all) assertHeader(what, name, value)
  return all
}

/** @throws UsageError when it is no header, or one that the exchange writes itself */
function assertHeader(what: string, name: string, value: string): void {
  if (typeof name !== 'string' || !isToken(name))
    throw new UsageError(`${what}: ${JSON.stringify(name)} is not a header name, such as X-Account`)
  if (isEndpointHeader(name))
    throw new UsageError(`${what}: the exchange writes ${name} itself; use a name of your own`)
  if (typeof value !== 'string' || /[\r\n]/.test(value))
    throw new UsageError(`${what}: the value of ${name} must be text on one line, not ${JSON.stringify(value)}`)
}
