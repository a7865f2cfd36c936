import type { Instant } from '../../kit/index.ts'
import type { LadderRow } from './print-ladder.ts'
import { describeSip } from './sip-label.ts'

/** A message between two columns of a ladder. */
export interface LadderMessage {
  readonly at: Instant
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
  /** Why it did not come, when it did not. */
  readonly lost?: string | undefined
}

/** Makes the rows of one ladder out of messages, in their order: a message that comes again is marked as such. */
export class SipRows {
  readonly #timesSeen = new Map<string, number>()

  row({ at, from, to, bytes, lost = '' }: LadderMessage): LadderRow {
    const { label, identity } = describeSip(bytes)
    const key = `${from}>${to} ${identity}`
    const seen = (this.#timesSeen.get(key) ?? 0) + 1
    this.#timesSeen.set(key, seen)
    const remarks = [seen > 1 ? `retransmission ${seen - 1}` : '', lost]
    return { at, from, to, label, isLost: lost !== '', remark: remarks.filter(Boolean).join(', ') }
  }
}
