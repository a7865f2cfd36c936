import { fromBase64, type Instant, toBase64, utf8Decode, utf8Encode } from '../../kit/index.ts'
import { type LocalAddress, type Peer, redactMessage, redactUris } from '../../sip/index.ts'
import type { CallDetails } from '../details.ts'
import type { CallHappening, CallRecord, RecordedMessage } from './call-record.ts'

/**
 * The story of one call as plain data, fit for JSON: what `ringdown explain --json` prints and the test kit replays.
 * It holds no secret: see {@link redactMessage}; digits that the application has marked private are not in it.
 */
export interface CallStory {
  readonly format: 'ringdown-call-story'
  readonly version: 1
  /** The id of the call; of one that no application has had, its SIP Call-ID. */
  readonly id: string
  /** The moment from which all `atMs` count, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** False: the call went on when the story was told. */
  readonly isOver: boolean
  /** Without: no application has had the call, and the answer to its INVITE says why. */
  readonly details?: CallDetails
  /** The service that answered it, and how its application ended, once it has. */
  readonly application?: { readonly service?: string; readonly returnCode?: number; readonly error?: string }
  readonly messages: readonly StoryMessage[]
  readonly events: readonly StoryEvent[]
  /** What was too much to be kept, from the middle of each: missing after so many items. */
  readonly leftOut?: {
    readonly messages: { readonly count: number; readonly after: number }
    readonly events: { readonly count: number; readonly after: number }
  }
}

/** A SIP message of a call, without its secrets. */
export interface StoryMessage {
  readonly atMs: number
  readonly direction: 'sent' | 'received'
  readonly transport: Peer['transport']
  readonly local: EndOfMessage
  /** What was sent to a host name has the address of whoever answered, and the name where nobody did. */
  readonly remote: EndOfMessage
  readonly text: string
  /** The same octets as {@link text} in base64, where they are no UTF-8. */
  readonly base64?: string
}

/** Where a message came from or went to. */
export interface EndOfMessage {
  readonly address: string
  readonly port: number
}

/** What happened in a call beside its SIP messages. */
export type StoryEvent = {
  readonly atMs: number
  /** How many messages had come and gone before it, those that are left out among them. */
  readonly afterMessages: number
} & Readonly<CallHappening>

/** The call in a line of a list. */
export interface CallSummary {
  readonly id: string
  readonly startedAtMs: number
  readonly isOver: boolean
  readonly direction: 'inbound' | 'outbound'
  readonly from: string
  readonly to: string
  readonly sipCallId: string
  readonly outcome: string
}

/** Tells what a record holds. @param localAddress our end of the way to a peer */
export function tellStory(record: CallRecord, localAddress: (peer: Peer) => LocalAddress): CallStory {
  const { happenings, startedAt, details, service, instance } = record
  const messages = messagesOf(record)
  const remoteOf = remoteEnds(messages.list)
  const since = (at: Instant) => Math.round((at - startedAt) * 1000) / 1000
  const application = {
    ...(service !== undefined && { service }),
    ...(instance && { service: instance.service, returnCode: instance.returnCode }),
    ...(instance?.error !== undefined && { error: instance.error }),
  }
  return {
    format: 'ringdown-call-story',
    version: 1,
    id: record.id,
    startedAtMs: record.startedAtMs,
    isOver: record.isOver || (details === undefined && finalStatus(record) !== undefined),
    ...(details && { details: withoutPasswords(details) }),
    ...((service !== undefined || instance !== undefined) && { application }),
    messages: messages.list.map(({ at, isSent, bytes, peer }) => ({
      atMs: since(at),
      direction: isSent ? 'sent' : 'received',
      transport: peer.transport,
      local: localEnd(localAddress(peer)),
      remote: remoteOf(peer),
      ...textOf(redactMessage(bytes)),
    })),
    events: happenings.items.map(({ at, afterMessages, what }) => ({ atMs: since(at), afterMessages, ...what })),
    ...(messages.gap.count + happenings.leftOut > 0 && {
      leftOut: { messages: messages.gap, events: { count: happenings.leftOut, after: happenings.firsts } },
    }),
  }
}

/** The record in a line. */
export function summarise(record: CallRecord): CallSummary {
  const { details, conversations, startedAtMs, isOver } = record
  if (details !== undefined) {
    const { direction, from, to, cause, endedBy, times, sipCallId } = details
    const outcome = isOver || cause !== undefined ? `${cause} by ${endedBy}` : lastState(times)
    return {
      id: record.id,
      startedAtMs,
      isOver,
      direction,
      from: redactUris(from),
      to: redactUris(to),
      sipCallId,
      outcome,
    }
  }
  const [conversation] = conversations
  const invite = utf8Decode(redactMessage(conversation?.messages.items[0]?.bytes ?? new Uint8Array(0)))
  const header = (name: string) => new RegExp(`^(?:${name})[ \\t]*:[ \\t]*(.*?)\\r?$`, 'im').exec(invite)?.[1] ?? ''
  const status = finalStatus(record)
  return {
    id: record.id,
    startedAtMs,
    isOver: status !== undefined,
    direction: 'inbound',
    from: header('from|f'),
    to: header('to|t'),
    sipCallId: record.id,
    outcome: status === undefined ? 'no final answer' : `refused with ${status}`,
  }
}

/** The octets of a message of a story. */
export function bytesOf({ text, base64 }: StoryMessage): Uint8Array {
  return base64 === undefined ? utf8Encode(text) : fromBase64(base64)
}

function localEnd({ host, port }: LocalAddress): EndOfMessage {
  return { address: host, port }
}

/**
 * Where a message really came from or went to: on a connection its far end, whatever Via or Contact say of ports; for a
 * host name the address of whoever answered first.
 */
function remoteEnds(messages: readonly RecordedMessage[]): (peer: Peer) => EndOfMessage {
  const received = messages.filter(({ isSent }) => !isSent).map(({ peer }) => peer)
  const connections = new Map(received.map(({ connection, address, port }) => [connection, { address, port }]))
  connections.delete(undefined)
  return ({ connection, address, port }) =>
    connections.get(connection) ?? { address: isAddress(address) ? address : (received[0]?.address ?? address), port }
}

function isAddress(text: string): boolean {
  return text.includes(':') || /^[\d.]+$/.test(text)
}

function textOf(octets: Uint8Array): Pick<StoryMessage, 'text' | 'base64'> {
  const text = utf8Decode(octets)
  return isSame(utf8Encode(text), octets) ? { text } : { text, base64: toBase64(octets) }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index])
}

/** The status of our last final answer to an INVITE, of a call that no application has had. */
function finalStatus(record: CallRecord): number | undefined {
  const statuses = messagesOf(record)
    .list.filter(({ isSent }) => isSent)
    .map(({ bytes }) => /^SIP\/2\.0 ([2-6]\d\d)/.exec(utf8Decode(bytes.subarray(0, 11)))?.[1])
  const last = statuses.findLast((status) => status !== undefined)
  return last === undefined ? undefined : Number(last)
}

function lastState(times: CallDetails['times']): string {
  return (
    Object.entries(times)
      .toSorted(([, a], [, b]) => a - b)
      .at(-1)?.[0] ?? ''
  )
}

/** The messages of all conversations of a call as they came, and what is missing among them. */
function messagesOf({ conversations }: CallRecord): {
  readonly list: readonly RecordedMessage[]
  readonly gap: { readonly count: number; readonly after: number }
} {
  const list = conversations.flatMap(({ messages }) => messages.items).toSorted((a, b) => a.at - b.at)
  const cut = conversations.find(({ messages }) => messages.leftOut > 0)?.messages
  const count = conversations.reduce((sum, { messages }) => sum + messages.leftOut, 0)
  const lastBefore = cut?.items[cut.firsts - 1]
  return { list, gap: { count, after: lastBefore === undefined ? 0 : list.indexOf(lastBefore) + 1 } }
}

/** A copy in which no URI tells a password. */
function withoutPasswords<Value>(value: Value): Value {
  if (typeof value === 'string') return redactUris(value) as Value
  if (Array.isArray(value)) return value.map(withoutPasswords) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutPasswords(each)])) as Value
}
