import { type Instant, Table } from '../../kit/index.ts'
import { type MessageWitness, type Peer, type SipMessage, toTag } from '../../sip/index.ts'
import type { CallDetails } from '../details.ts'
import type { InstanceRecord } from '../instance.ts'
import { CallRecord, type Conversation, type RecordedMessage } from './call-record.ts'
import { Excerpt } from './excerpt.ts'

/** How much of recent calls is kept in memory. */
export interface RecordLimits {
  /** Calls that are over and can still be explained, 0 to 100,000; 0: nothing is kept of any call. Default 500. */
  readonly calls: number
  /** SIP messages of one call, in bytes; of a call with more, the first and the last are kept. Default 65,536. */
  readonly bytesPerCall: number
  /** All records together, in bytes; the oldest go first. Default 33,554,432 (32 MiB). */
  readonly bytes: number
  /** Whether records say which keys were pressed; where not, only that one was. Default true. */
  readonly digits: boolean
}

export const DEFAULT_RECORD_LIMITS: RecordLimits = {
  calls: 500,
  bytesPerCall: 65_536,
  bytes: 32 * 2 ** 20,
  digits: true,
}

/** What a message and a record cost beside the bytes of messages, roughly: objects, details, strings, happenings. */
const MESSAGE_BYTES = 150
const RECORD_BYTES = 3000

/**
 * The records of the calls that stand and of those that have ended lately. While calls run it only keeps references
 * to what there is anyway; what a record says is worked out when somebody asks for it.
 *
 * An INVITE that no application gets (refused, unanswered challenge) has a record too, but such calls have a tenth of the room and
 * never push out a call that was served: whoever knocks at every number cannot make us forget.
 */
export class CallRecords implements MessageWitness {
  readonly #limits: RecordLimits
  readonly #wallTimeMs: () => number
  readonly #conversations = new Table<string, Conversation>()
  /** Each in the order in which they came to be what they are. */
  readonly #refused = new Table<number, CallRecord>()
  readonly #live = new Table<number, CallRecord>()
  readonly #over = new Table<number, CallRecord>()
  /** Of calls that an application had. */
  readonly #byCallId = new Table<string, CallRecord>()
  #bytes = 0
  #records = 0

  constructor(limits: RecordLimits, wallTimeMs: () => number) {
    this.#limits = limits
    this.#wallTimeMs = wallTimeMs
  }

  /** Whether records may say which keys were pressed. */
  get keepsDigits(): boolean {
    return this.#limits.digits
  }

  /** Records, and roughly the memory that they take, in bytes. */
  get size(): { readonly records: number; readonly bytes: number } {
    return { records: this.#refused.size + this.#live.size + this.#over.size, bytes: this.#bytes }
  }

  onMessage(
    isSent: boolean,
    callId: string | undefined,
    message: SipMessage,
    bytes: Uint8Array,
    peer: Peer,
    at: Instant,
  ): void {
    if (callId === undefined) return
    const conversation = this.#conversations.get(callId) ?? this.#begin(callId, message, at)
    if (conversation === undefined) return
    const { messages } = conversation
    const before = messages.weight
    messages.push({ at, isSent, bytes, peer })
    this.#bytes += messages.weight - before
    if (this.#bytes > this.#limits.bytes) this.#makeRoom()
  }

  /** The record of a call that an application now has, or is making. */
  claim(sipCallId: string, details: CallDetails, at: Instant): CallRecord {
    const conversation = this.#conversations.get(sipCallId) ?? this.#converse(sipCallId)
    const { unclaimed } = conversation
    if (unclaimed !== undefined) this.#refused.delete(unclaimed.number)
    conversation.unclaimed = undefined
    const record = unclaimed ?? this.#open(conversation, at)
    record.details = details
    this.#live.set(record.number, record)
    this.#byCallId.set(details.callId, record)
    return record
  }

  /** The call goes on under another SIP Call-ID. */
  carryOn(record: CallRecord, sipCallId: string): void {
    if (this.#live.has(record.number)) record.join(this.#converse(sipCallId))
  }

  /** The call is over, its `details` are complete. */
  end(record: CallRecord): void {
    record.isOver = true
    if (!this.#live.delete(record.number)) return
    this.#over.set(record.number, record)
    if (this.#over.size > this.#limits.calls) this.#forgetFirst(this.#over)
  }

  /** An application is over: how it went belongs to its calls. */
  noteInstance(instance: InstanceRecord): void {
    for (const callId of instance.callIds) {
      const record = this.#byCallId.get(callId)
      if (record !== undefined) record.instance = instance
    }
  }

  /** The records that `id` may mean: a call's id, a SIP Call-ID, or the beginning of an id, of at least 4 characters. */
  find(id: string): readonly CallRecord[] {
    const exact = this.#byCallId.get(id)
    if (exact !== undefined) return [exact]
    const all = this.all()
    const same = all.filter(({ conversations }) => conversations.some(({ sipCallId }) => sipCallId === id))
    return same.length > 0 || id.length < 4 ? same : all.filter((record) => record.id.startsWith(id))
  }

  /** All records, the call that began last first. */
  all(): readonly CallRecord[] {
    return [...this.#refused.values(), ...this.#over.values(), ...this.#live.values()].toSorted(
      (a, b) => b.startedAt - a.startedAt,
    )
  }

  /** Only the INVITE that begins a call begins a record: what else strangers send leaves nothing here. */
  #begin(callId: string, message: SipMessage, at: Instant): Conversation | undefined {
    if (message.kind !== 'request' || message.method !== 'INVITE' || toTag(message) !== undefined) return undefined
    const conversation = this.#converse(callId)
    const record = this.#open(conversation, at)
    conversation.unclaimed = record
    this.#refused.set(record.number, record)
    if (this.#refused.size > Math.ceil(this.#limits.calls / 10)) this.#forgetFirst(this.#refused)
    return conversation
  }

  #converse(sipCallId: string): Conversation {
    const conversation: Conversation = {
      sipCallId,
      messages: new Excerpt<RecordedMessage>(this.#limits.bytesPerCall, weigh),
      owners: 0,
      unclaimed: undefined,
    }
    this.#conversations.set(sipCallId, conversation)
    return conversation
  }

  #open(conversation: Conversation, at: Instant): CallRecord {
    this.#bytes += RECORD_BYTES
    return new CallRecord(this.#records++, conversation, at, this.#wallTimeMs())
  }

  #makeRoom(): void {
    while (this.#bytes > this.#limits.bytes)
      if (!this.#forgetFirst(this.#over) && !this.#forgetFirst(this.#refused) && !this.#forgetFirst(this.#live)) return
  }

  #forgetFirst(records: Table<number, CallRecord>): boolean {
    const record = records.first()
    if (record === undefined) return false
    const { conversations, details } = record
    records.delete(record.number)
    if (details !== undefined) this.#byCallId.delete(details.callId)
    this.#bytes -= RECORD_BYTES
    for (const conversation of conversations) this.#leave(conversation)
    return true
  }

  #leave(conversation: Conversation): void {
    if (--conversation.owners > 0) return
    this.#bytes -= conversation.messages.weight
    this.#conversations.delete(conversation.sipCallId)
  }
}

function weigh({ bytes }: RecordedMessage): number {
  return bytes.length + MESSAGE_BYTES
}
