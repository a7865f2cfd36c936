import { type SipResponse, toTag } from '../sip/index.ts'

/** The most forks of one call whose answers are kept. */
const MAX_FORKS = 16

/**
 * What the forks of an outgoing call have answered before one of them took the call. The one that spoke last is heard;
 * the one that takes the call need not say again what it has said in a reliable provisional response (RFC 3261 section
 * 13.2.1), so it is kept.
 */
export class EarlyAnswers {
  /** The latest of each fork but the one that spoke last, by the tag of To. */
  #earlier: Map<string, Uint8Array> | undefined
  #latest: { readonly tag: string; readonly body: Uint8Array } | undefined

  /** Takes the answer of a fork that has become the one that is heard. */
  add(response: SipResponse): void {
    const tag = toTag(response) ?? ''
    if (this.#latest !== undefined && this.#latest.tag !== tag) {
      this.#earlier ??= new Map()
      if (this.#earlier.size < MAX_FORKS) this.#earlier.set(this.#latest.tag, this.#latest.body)
    }
    this.#latest = { tag, body: response.body }
  }

  /** The answer that has to be gone back to, as another fork was heard since: that of the fork of this 2xx. */
  toReturnTo(response: SipResponse): Uint8Array | undefined {
    const tag = toTag(response) ?? ''
    return this.#latest?.tag === tag ? undefined : this.#earlier?.get(tag)
  }
}
