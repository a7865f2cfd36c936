import { expect, test } from 'vitest'
import type { CallStory, StoryMessage } from '../../calls/index.ts'
import { callsTable } from './calls-table.ts'
import { printStory } from './print-story.ts'

const END = { local: { address: '10.0.0.1', port: 5060 }, remote: { address: '10.0.0.2', port: 5062 } }

function message(atMs: number, direction: StoryMessage['direction'], first: string, cseq: string): StoryMessage {
  const text = `${first}\r\nVia: SIP/2.0/UDP h;branch=z1\r\nCSeq: ${cseq}\r\n\r\n`
  return { atMs, direction, transport: 'udp', ...END, text }
}

const STORY = {
  format: 'ringdown-call-story',
  version: 1,
  id: 'abcd',
  startedAtMs: Date.UTC(2026, 0, 1),
  isOver: true,
  details: {
    ...{
      callId: 'abcd',
      sipCallId: 'x@y',
      direction: 'outbound',
      from: 'sip:us@a',
      to: '+15550100',
      target: 'sip:15550100@b',
    },
    ...{
      wasAnswered: false,
      hasEnded: true,
      cause: 'BUSY',
      endedBy: 'remote',
      endedIn: 'RING_OUTGOING',
      rawCause: 486,
    },
    ...{ reason: { sip: 486, q850: 17, text: 'Busy Here' }, earlyMediaPossible: false },
    times: { CALL_OUTGOING: 1000, RING_OUTGOING: 1100, IDLE: 3500 },
    attempts: [
      { target: 'sip:15550100@a', trunk: 'a', startedAt: 1000, outcome: 'refused', status: 503, text: 'Down' },
      { target: 'sip:15550100@b', trunk: 'b', startedAt: 1001, outcome: 'refused', status: 486, text: 'Busy Here' },
    ],
  },
  application: { service: 'dialler', returnCode: -1, error: 'nobody there' },
  messages: [
    message(0, 'sent', 'INVITE sip:15550100@b SIP/2.0', '1 INVITE'),
    message(500, 'sent', 'INVITE sip:15550100@b SIP/2.0', '1 INVITE'),
    message(600, 'received', 'SIP/2.0 486 Busy Here', '1 INVITE'),
  ],
  events: [
    { atMs: 0, afterMessages: 0, type: 'state', state: 'CALL_OUTGOING' },
    { atMs: 600, afterMessages: 3, type: 'state', state: 'IDLE' },
  ],
} as unknown as CallStory

test('a story says who, when, why, and draws the messages with what happened between them', () => {
  expect(printStory(STORY).split('\n')).toEqual([
    'call       abcd',
    'outbound   from sip:us@a to +15550100 (dialled sip:15550100@b)',
    'SIP        Call-ID x@y',
    'tried      sip:15550100@a through a: refused (503 Down)',
    'tried      sip:15550100@b through b: refused (486 Busy Here)',
    'began      2026-01-01T00:00:00.000Z, over after 2.500 s',
    'served by  dialler, which returned -1: nobody there',
    'ended      BUSY in RING_OUTGOING, by the far end; SIP 486; Q.850 17 (user busy); "Busy Here"',
    '',
    '             ringdown                                10.0.0.2',
    '       0.000 | * CALL_OUTGOING                       |',
    '       0.000 |------- INVITE 15550100@b (1) -------->|',
    '     500.000 |------- INVITE 15550100@b (1) -------->|  retransmission 1',
    '     600.000 |<------ 486 Busy Here (1 INVITE) ------|',
    '     600.000 | * IDLE                                |',
  ])
})

test('what detection has thought of the far end stands among the rest', () => {
  const farEnd = { type: 'farEnd', farEndType: 'LIVE', fineKind: 'person', confidence: 0.91, reason: 'listens' }
  const events = [
    { atMs: 100, afterMessages: 3, ...farEnd, stage: 'provisional' },
    { atMs: 200, afterMessages: 3, ...farEnd, stage: 'final' },
    { atMs: 300, afterMessages: 3, type: 'beep', frequencyHz: 999.7 },
  ]
  const lines = printStory({ ...STORY, events } as unknown as CallStory).split('\n')
  expect(lines.slice(-3).map((line) => /\* ([^|]*?) *(\||$)/.exec(line)?.[1])).toEqual([
    'provisional: LIVE (person), by listens, 91 % sure',
    'LIVE (person), by listens, 91 % sure',
    'beep of 1000 Hz',
  ])
})

test('what was left out is said where it is missing', () => {
  const leftOut = { messages: { count: 7, after: 1 }, events: { count: 3, after: 1 } }
  const lines = printStory({ ...STORY, leftOut }).split('\n')
  expect(
    lines.slice(-6).map((line) =>
      line
        .slice(13)
        .trim()
        .replace(/ +\|.*/, ''),
    ),
  ).toEqual([
    ...['|------- INVITE 15550100@b (1) -------->|', '| * ... 7 messages left out ...'],
    ...['| * ... 3 events left out ...', '| * IDLE'],
    ...['|------- INVITE 15550100@b (1) -------->|  retransmission 1', '|<------ 486 Busy Here (1 INVITE) ------|'],
  ])
})

test('a call that nobody had, a call that goes on', () => {
  const { details, application, ...bare } = STORY
  const answered = [...bare.messages, message(700, 'sent', 'SIP/2.0 404 Not Found', '1 INVITE')]
  expect(printStory({ ...bare, messages: answered })).toContain('404 Not Found: no application has had the call')
  const { cause, endedBy, ...going } = details as unknown as Record<string, unknown>
  expect(printStory({ ...STORY, isOver: false, details: going as never })).toMatch(/^ended +not yet$/m)
})

test('how it sounded', () => {
  const media = {
    ...{ packetsSent: 100, packetsReceived: 90, packetsLost: 10, packetsRefused: 2, jitterMs: 3.25, underruns: 0 },
    ...{
      concealedMs: 200,
      stretchedMs: 0,
      jitterBufferMs: 40,
      slotsSkipped: 0,
      playerUnderruns: 0,
      recordedTooLateMs: 0,
      reportsSent: 2,
    },
    ...{
      reportsReceived: 1,
      roundTripMs: 31.4,
      farEnd: { packetsLost: 1, jitterMs: 2 },
      quality: { rating: 80, mos: 4.02 },
    },
  }
  const printed = printStory({ ...STORY, details: { ...STORY.details, media, codec: 'PCMU' } as never })
  expect(printed.split('\n').slice(-6)).toEqual([
    'media',
    '  from it   MOS 4.02 (R 80), PCMU',
    '  received  90 packets, 10 lost (10.0 %), jitter 3.3 ms, jitter buffer 40 ms',
    '  trouble   2 refused, 200 ms made up for losses',
    '  sent      100 packets; it says: 1 lost, jitter 2.0 ms',
    '  RTCP      2 reports sent, 1 received, round trip 31 ms',
  ])
})

test('the table of calls', () => {
  const call = { id: 'abcd', startedAtMs: Date.UTC(2026, 0, 1), sipCallId: 'x', direction: 'inbound' } as const
  const table = callsTable([
    { ...call, isOver: false, from: '"A" <sip:a@x;y=1>', to: 'sip:b@z', outcome: 'ANSWERED' },
    { ...call, isOver: true, from: '', to: '+15550100', direction: 'outbound', outcome: 'BUSY by remote' },
  ])
  expect(table.split('\n')).toEqual([
    '2026-01-01 00:00:00.000  abcd  in   a@x -> b@z       ANSWERED (goes on)',
    '2026-01-01 00:00:00.000  abcd  out  us -> +15550100  BUSY by remote',
  ])
  expect(callsTable([])).toBe('no calls are kept')
})
