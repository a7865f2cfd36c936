import {
  bytesOf,
  type CallAttempt,
  type CallDetails,
  type CallStory,
  type EndedBy,
  type MediaObstacle,
  type StoryEvent,
  type StoryMessage,
} from '../../calls/index.ts'
import { type LadderMessage, type LadderRow, printLadder, SipRows } from '../../sip/index.ts'
import { mediaText } from './media-text.ts'

/**
 * The story of a call for people: who and when, why it ended, its messages as a ladder with what happened between them, and how it
 * sounded. Times in the ladder are milliseconds since the call began.
 */
export function printStory(story: CallStory): string {
  return [headOf(story), ladderOf(story), mediaText(story.details)].filter((part) => part !== '').join('\n\n')
}

function headOf(story: CallStory): string {
  const { id, startedAtMs, details, application } = story
  const lines: (readonly [string, string])[] = [['call', id]]
  if (details !== undefined) {
    const { direction, from, to, target, user, diversion, sipCallId, connectedId } = details
    lines.push([direction, `from ${from === '' ? 'us' : from} to ${to}${target === to ? '' : ` (dialled ${target})`}`])
    if (user !== undefined) lines.push(['user', user])
    if (diversion !== undefined) lines.push(['diverted', `by ${diversion}`])
    lines.push(['SIP', `Call-ID ${sipCallId}`])
    if (connectedId !== undefined) lines.push(['connected', `to call ${connectedId}`])
    for (const attempt of details.attempts ?? [])
      if (details.attempts?.length !== 1) lines.push(['tried', attemptText(attempt)])
  }
  lines.push(['began', `${new Date(startedAtMs).toISOString()}${lengthOf(details)}`])
  if (application !== undefined) lines.push(['served by', applicationText(application)])
  lines.push(['ended', endText(story)])
  return lines.map(([name, value]) => `${name.padEnd(10)} ${value}`).join('\n')
}

function attemptText({ target, trunk, outcome, status, text }: CallAttempt): string {
  const said = [status, text].filter((part) => part !== undefined).join(' ')
  return `${target}${trunk === undefined ? '' : ` through ${trunk}`}: ${outcome}${said === '' ? '' : ` (${said})`}`
}

function lengthOf(details: CallDetails | undefined): string {
  const { ANSWERED, IDLE } = details?.times ?? {}
  const first = Math.min(...Object.values(details?.times ?? {}))
  const answered = ANSWERED === undefined ? '' : `, answered after ${seconds(ANSWERED - first)}`
  return `${answered}${IDLE === undefined ? '' : `, over after ${seconds(IDLE - first)}`}`
}

function applicationText({ service, returnCode, error }: NonNullable<CallStory['application']>): string {
  const outcome = returnCode === undefined ? '' : `, which returned ${returnCode}`
  return `${service ?? ''}${outcome}${error === undefined ? '' : `: ${error}`}`
}

const WHO: Readonly<Record<EndedBy, string>> = {
  local: 'by our application',
  remote: 'by the far end',
  network: 'by the network, or by an error of ours',
  drain: 'because the exchange was closing',
}

function endText({ isOver, details, messages }: CallStory): string {
  if (details === undefined) {
    const answers = messages.filter(({ direction, text }) => direction === 'sent' && /^SIP\/2\.0 [2-6]/.test(text))
    const answer = answers.at(-1)?.text.split(/\r?\n/, 1)[0]?.slice('SIP/2.0 '.length)
    return answer === undefined ? 'not answered yet' : `${answer}: no application has had the call`
  }
  const { cause, endedBy, endedIn, rawCause, reason } = details
  if (cause === undefined || endedBy === undefined) return isOver ? 'nobody knows how' : 'not yet'
  const { q850 } = reason ?? {}
  const parts = [`${cause} in ${endedIn}, ${WHO[endedBy]}`]
  const status = rawCause ?? reason?.sip
  if (status !== undefined) parts.push(status < 0 ? 'tones before the answer' : `SIP ${status}`)
  if (q850 !== undefined) parts.push(`Q.850 ${q850}${Q850[q850] === undefined ? '' : ` (${Q850[q850]})`}`)
  if (reason?.text !== undefined) parts.push(`"${reason.text}"`)
  return parts.join('; ')
}

/** The causes of ITU-T Q.850 that are met. */
const Q850: Readonly<Record<number, string>> = {
  1: 'unallocated number',
  16: 'normal call clearing',
  17: 'user busy',
  18: 'no user responding',
  19: 'no answer from user',
  20: 'subscriber absent',
  21: 'call rejected',
  22: 'number changed',
  26: 'non-selected user clearing',
  27: 'destination out of order',
  28: 'invalid number format',
  31: 'normal, unspecified',
  34: 'no circuit available',
  38: 'network out of order',
  41: 'temporary failure',
  42: 'switching equipment congestion',
  47: 'resource unavailable',
  58: 'bearer capability not available',
  88: 'incompatible destination',
  102: 'recovery on timer expiry',
  127: 'interworking, unspecified',
}

function ladderOf(story: CallStory): string {
  const rows = new SipRows()
  const { count: messagesMissing, after: lastBeforeGap } = story.leftOut?.messages ?? { count: 0, after: -1 }
  const events = eventRows(story)
  const drawn: LadderRow[] = []
  let before = 0
  for (const [index, message] of story.messages.entries()) {
    if (messagesMissing > 0 && index === lastBeforeGap) {
      drawn.push({ at: message.atMs, label: `... ${messagesMissing} messages left out ...` })
      before += messagesMissing
    }
    while (events[0] !== undefined && events[0].afterMessages <= before) drawn.push(...events.splice(0, 1))
    drawn.push(rows.row(rowOf(message)))
    before++
  }
  return printLadder([...drawn, ...events])
}

function eventRows({ events, leftOut }: CallStory): (LadderRow & { readonly afterMessages: number })[] {
  const { count, after } = leftOut?.events ?? { count: 0, after: -1 }
  return events.flatMap((event, index) => {
    const { atMs: at, afterMessages } = event
    const gap = { at, afterMessages, label: `... ${count} events left out ...` }
    const row = { at, afterMessages, label: eventText(event) }
    return count > 0 && index === after ? [gap, row] : [row]
  })
}

function rowOf(message: StoryMessage): LadderMessage {
  const { address } = message.remote
  const [from, to] = message.direction === 'sent' ? [US, address] : [address, US]
  return { at: message.atMs, from, to, bytes: bytesOf(message) }
}

const US = 'ringdown'

function eventText(event: StoryEvent): string {
  switch (event.type) {
    case 'state':
      return event.state
    case 'digit':
      return `key ${event.digit ?? '(private)'}${event.by === 'info' ? ' by INFO' : ''}`
    case 'stream': {
      const { codec, address, port, direction, isEncrypted } = event
      return `${isEncrypted ? 'SRTP' : 'RTP'} ${codec} ${ARROW[direction]} ${address}:${port}, ${direction}`
    }
    case 'started':
      return `${event.job}${event.what === undefined ? '' : ` ${event.what}`}`
    case 'finished':
      return `${event.job} has ended: ${event.cause}`
    case 'recognised':
      return `recognised ${event.text === undefined ? 'private words' : `“${event.text}”`}${confidenceOf(event)}`
    case 'heard': {
      const what = event.meaning === undefined ? event.sound : `${event.sound} (${event.meaning})`
      return `heard ${what}, since ${seconds(event.startedMsAgo)}`
    }
    case 'farEnd': {
      const { stage, farEndType, fineKind, reason } = event
      return `${stage === 'final' ? '' : `${stage}: `}${farEndType} (${fineKind}), by ${reason}${confidenceOf(event)}`
    }
    case 'beep':
      return `beep of ${Math.round(event.frequencyHz)} Hz`
    case 'connected':
      return `connected to call ${event.callId}`
    case 'disconnected':
      return 'disconnected'
    case 'mediaReleased':
      return 'the sound goes from one far end to the other, without us'
    case 'mediaReturned':
      return `the sound comes through us again: ${WHY_WITH_US[event.reason]}`
    case 'mediaStays':
      return `the sound was to go past us, and comes through us: ${WHY_WITH_US[event.reason]}`
  }
}

function confidenceOf({ confidence }: { readonly confidence?: number }): string {
  return confidence === undefined ? '' : `, ${Math.round(100 * confidence)} % sure`
}

const WHY_WITH_US: Readonly<Record<MediaObstacle, string>> = {
  inUse: 'somebody here plays, records or listens',
  onHold: 'one holds the other',
  inside: 'one of them is an application or a room of ours',
  noSound: 'one of them has no sound',
  encrypted: 'one of them is encrypted (SRTP)',
  codec: 'they have different codecs',
  payloadType: 'they have different payload types for one codec',
  keys: 'they send keys in different ways',
  opus: 'they want Opus in different forms',
  addressFamily: 'one has IPv4, the other IPv6',
  network: 'they are in different networks',
  nat: 'one of them is behind a NAT',
  returning: 'one of them takes its sound somewhere else still',
  refused: 'one of them has refused',
  over: 'they are not connected any more',
}

const ARROW = { sendrecv: '<->', sendonly: '->', recvonly: '<-', inactive: '|' } as const

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`
}
