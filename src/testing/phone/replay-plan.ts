import { bytesOf, type CallStory, type StoryMessage } from '../../calls/index.ts'
import { utf8Decode } from '../../kit/index.ts'
import { callIdOf, cseqOf, describeSip, parseMessage, type SipMessage, toTag, unescapeUri } from '../../sip/index.ts'
import type { PhoneOptions } from './phone-kind.ts'
import type { MediaDirection } from './phone-line.ts'
import { readRemoteAudio } from './remote-audio.ts'

/** Something that the far end of a recorded call did, so long after the beginning or the answer of it. */
export interface ReplayAct {
  readonly since: 'beginning' | 'answer'
  readonly afterMs: number
  readonly what: ReplayDeed
}

/** What a far end does. */
export type ReplayDeed =
  | {
      readonly type: 'respond'
      readonly status: number
      readonly phrase: string
      readonly headers: Headers
      /** A session description went with it. */
      readonly sound: boolean
    }
  | { readonly type: 'answer' }
  | { readonly type: 'reinvite'; readonly direction: MediaDirection }
  | { readonly type: 'press'; readonly key: string }
  | { readonly type: 'request'; readonly method: string }
  | { readonly type: 'hangUp' }

/** A recorded call, seen from its far end. */
export interface ReplayPlan {
  readonly set: PhoneOptions
  /** Whom it called, and what of its INVITE an application may look at; without: it was called. */
  readonly call?: { readonly to: string; readonly from: string; readonly headers: Headers }
  /** In their order. */
  readonly acts: readonly ReplayAct[]
}

type Headers = readonly (readonly [name: string, value: string])[]

/** Headers of a response that say why, or what to do instead. */
const TOLD_WITH_RESPONSE = ['reason', 'retry-after', 'warning']
/** Headers of an INVITE that applications are known to look at, beside those that begin with X- or P-. */
const TOLD_WITH_INVITE = ['diversion', 'history-info', 'privacy', 'subject', 'alert-info', 'user-agent', 'user-to-user']

interface Said {
  readonly atMs: number
  readonly isReceived: boolean
  readonly message: SipMessage
}

/**
 * Reads what the far end did from the story of a call.
 * @param privateDigits stand in for the keys that the story does not tell, in their order; then 0
 */
export function planOf(story: CallStory, privateDigits = ''): ReplayPlan {
  const { details } = story
  const said = saidIn(story, details?.direction === 'outbound' ? details.sipCallId : undefined)
  const isCaller = details?.direction !== 'outbound'
  const invite = said.find(({ message }) => message.kind === 'request' && message.method === 'INVITE')
  if (invite === undefined || invite.isReceived !== isCaller)
    throw new Error('the story cannot be replayed: the INVITE that began the call is not in it')
  const begunAt = invite.atMs
  const answeredAt = (isCaller ? acknowledgedAt(said) : answerOf(said)?.atMs) ?? Number.POSITIVE_INFINITY
  const deeds = [
    ...(isCaller ? [] : responses(said)),
    ...said.filter(({ isReceived }) => isReceived).flatMap(requestOf),
    ...keysOf(story, privateDigits),
  ]
  const acts = deeds
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, what }): ReplayAct => {
      const isAnswered = atMs > answeredAt
      return { since: isAnswered ? 'answer' : 'beginning', afterMs: atMs - (isAnswered ? answeredAt : begunAt), what }
    })
  const described = isCaller ? invite.message : (answerOf(said)?.message ?? firstDescription(said))
  return { set: setOf(story, described), acts, ...(isCaller && { call: callOf(invite.message) }) }
}

interface Deed {
  readonly atMs: number
  readonly what: ReplayDeed
}

/** Every message that can be read, without retransmissions; of one Call-ID when one is given. */
function saidIn({ messages }: CallStory, callId: string | undefined): Said[] {
  const seen = new Set<string>()
  const isNew = (message: StoryMessage) => {
    const { identity } = describeSip(bytesOf(message))
    return !seen.has(identity) && seen.add(identity)
  }
  return messages.filter(isNew).flatMap((each): Said[] => {
    const parsed = parseMessage(bytesOf(each))
    if (!parsed.ok || (callId !== undefined && callIdOf(parsed.value) !== callId)) return []
    return [{ atMs: each.atMs, isReceived: each.direction === 'received', message: parsed.value }]
  })
}

/** What it responded to our INVITE, up to its final response; a challenge that we answered is passed over. */
function responses(said: readonly Said[]): Deed[] {
  const all = said.flatMap(({ atMs, isReceived, message }) =>
    isReceived && message.kind === 'response' && cseqOf(message)?.method === 'INVITE' && message.status > 100
      ? [{ atMs, message }]
      : [],
  )
  const final = all.find(
    ({ message: { status } }, index) => status >= 200 && !(isChallenge(status) && index < all.length - 1),
  )
  return all
    .filter(
      ({ atMs, message }) =>
        !isChallenge(message.status) &&
        atMs <= (final?.atMs ?? atMs) &&
        (message.status < 200 || message === final?.message),
    )
    .concat(final !== undefined && isChallenge(final.message.status) ? [final] : [])
    .map(({ atMs, message: { status, phrase, headers, body } }): Deed => {
      if (status >= 200 && status < 300) return { atMs, what: { type: 'answer' } }
      const told = status >= 300 && status < 400 ? [...TOLD_WITH_RESPONSE, 'contact'] : TOLD_WITH_RESPONSE
      const kept = told.flatMap((name) => headers.all(name).map((value) => [name, value] as const))
      return { atMs, what: { type: 'respond', status, phrase, headers: kept, sound: body.length > 0 } }
    })
}

function isChallenge(status: number): boolean {
  return status === 401 || status === 407
}

function answerOf(said: readonly Said[]): Said | undefined {
  return said.find(
    ({ isReceived, message }) =>
      isReceived &&
      message.kind === 'response' &&
      message.status >= 200 &&
      message.status < 300 &&
      cseqOf(message)?.method === 'INVITE',
  )
}

function acknowledgedAt(said: readonly Said[]): number | undefined {
  const answer = said.find(
    ({ isReceived, message }) =>
      !isReceived &&
      message.kind === 'response' &&
      message.status < 300 &&
      message.status >= 200 &&
      cseqOf(message)?.method === 'INVITE',
  )
  const isAck = ({ atMs, isReceived, message }: Said) =>
    isReceived && message.kind === 'request' && message.method === 'ACK' && answer !== undefined && atMs >= answer.atMs
  return said.find(isAck)?.atMs
}

function firstDescription(said: readonly Said[]): SipMessage | undefined {
  return said.find(({ isReceived, message }) => isReceived && message.body.length > 0)?.message
}

/** What a phone does not do by itself. Keys by INFO stand among the events, for bodies are not told. */
function requestOf({ atMs, message }: Said): Deed[] {
  if (message.kind !== 'request') return []
  switch (message.method) {
    case 'BYE':
    case 'CANCEL':
      return [{ atMs, what: { type: 'hangUp' } }]
    case 'INVITE': {
      if (toTag(message) === undefined) return []
      const direction = readRemoteAudio(message.body)?.direction ?? 'sendrecv'
      return [{ atMs, what: { type: 'reinvite', direction } }]
    }
    case 'ACK':
    case 'PRACK':
    case 'INFO':
      return []
    default:
      return [{ atMs, what: { type: 'request', method: message.method } }]
  }
}

function keysOf({ events }: CallStory, privateDigits: string): Deed[] {
  let hidden = 0
  return events.flatMap((event): Deed[] => {
    if (event.type !== 'digit') return []
    const key = event.digit ?? privateDigits[hidden++] ?? '0'
    return [{ atMs: event.atMs, what: { type: 'press', key } }]
  })
}

function callOf(invite: SipMessage): NonNullable<ReplayPlan['call']> {
  const uri = invite.kind === 'request' ? invite.uri : ''
  const user = unescapeUri(/^sips?:([^@;?]*)@/i.exec(uri)?.[1] ?? /^tel:([^;]*)/i.exec(uri)?.[1] ?? '')
  const headers = [...invite.headers.entries()].filter(
    ([name]) => /^[xp]-/.test(name) || TOLD_WITH_INVITE.includes(name),
  )
  const from = (invite.headers.get('from') ?? '').replace(/;\s*tag=[^;]*/i, '')
  return { to: user, from, headers }
}

/** Codecs, keys and direction as its session description had them. */
function setOf({ events }: CallStory, described: SipMessage | undefined): PhoneOptions {
  const body = described?.body ?? new Uint8Array(0)
  const types = /^m=audio \d+ \S+ ([\d ]+)/m.exec(utf8Decode(body))?.[1]?.split(' ') ?? []
  const codecs = types.flatMap((type) => (type === '0' ? ['PCMU' as const] : type === '8' ? ['PCMA' as const] : []))
  const remote = readRemoteAudio(body)
  const byInfo = events.some((event) => event.type === 'digit' && event.by === 'info')
  const by = byInfo ? 'info' : remote === undefined || remote.telephoneEvent !== undefined ? 'event' : 'inband'
  return {
    dtmf: { by, keyMs: 60, gapMs: 40 },
    ...(codecs.length > 0 && { codecs }),
    ...(remote !== undefined && { direction: remote.direction }),
  }
}
