/**
 * A lean SIP caller: places calls at a steady rate from one UDP socket (INVITE, ACK, BYE at once), and prints one line
 * of JSON with what came of them. Requests are templates and answers are searched, not parsed, so that the caller is
 * light beside what it measures.
 *
 *     node --import jiti/register bench/caller.ts <own address> <callee address:port> <user> <calls> <calls a second>
 */
import { createSocket } from 'node:dgram'

export interface CallerResult {
  readonly completed: number
  readonly failed: number
  /** Requests sent again because no answer came within 500 ms. */
  readonly resent: number
  /** Datagrams that came back, and their bytes. */
  readonly received: number
  readonly receivedBytes: number
  /** INVITE sent to 200 received, milliseconds: median and 99th percentile. */
  readonly setupP50Ms: number
  readonly setupP99Ms: number
}

interface Call {
  readonly id: string
  readonly startedAt: number
  phase: 'inviting' | 'ending'
  request: Buffer
  retry: NodeJS.Timeout
  tries: number
}

const [ownAddress = '', callee = '', user = '', calls = '0', rate = '1'] = process.argv.slice(2)
const [calleeAddress = '', calleePort = '5060'] = callee.split(':')
const wanted = Number(calls)
const ratePerMs = Number(rate) / 1000
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
const active = new Map<string, Call>()
const setupTimes: number[] = []
const counts = { started: 0, completed: 0, failed: 0, resent: 0, received: 0, receivedBytes: 0 }
const run = process.pid.toString(36)

socket.on('message', (bytes) => {
  counts.received += 1
  counts.receivedBytes += bytes.length
  const text = bytes.toString('latin1')
  const status = Number(text.slice(8, 11))
  if (status < 200) return
  const id = valueAfter(text, 'Call-ID: ')
  const call = active.get(id)
  if (call === undefined) return
  if (status >= 300) return finish(call, false)
  if (text.includes('INVITE', text.indexOf('CSeq: '))) {
    const tag = valueAfter(text, 'To: ').split('tag=')[1] ?? ''
    send(request(id, 'ACK', 1, tag))
    if (call.phase === 'ending') return
    setupTimes.push(performance.now() - call.startedAt)
    call.phase = 'ending'
    call.tries = 0
    call.request = request(id, 'BYE', 2, tag)
    transmit(call)
  } else finish(call, true)
})

socket.bind({ address: ownAddress, port: 5060 }, () => {
  const startedAt = performance.now()
  const pacing = setInterval(() => {
    const due = Math.min(wanted, Math.ceil((performance.now() - startedAt) * ratePerMs))
    while (counts.started < due) start()
    if (counts.completed + counts.failed < wanted) return
    clearInterval(pacing)
    socket.close()
    setupTimes.sort((a, b) => a - b)
    const quantile = (share: number) => setupTimes[Math.floor(share * (setupTimes.length - 1))] ?? 0
    const { started: _, ...rest } = counts
    const result: CallerResult = { ...rest, setupP50Ms: quantile(0.5), setupP99Ms: quantile(0.99) }
    process.stdout.write(`${JSON.stringify(result)}\n`)
  }, 2)
})

function start(): void {
  counts.started += 1
  const id = `${run}-${counts.started}@${ownAddress}`
  const call: Call = {
    id,
    startedAt: performance.now(),
    phase: 'inviting',
    request: request(id, 'INVITE', 1),
    retry: undefined as never,
    tries: 0,
  }
  active.set(id, call)
  transmit(call)
}

function transmit(call: Call): void {
  clearTimeout(call.retry)
  if (call.tries === 6) {
    finish(call, false)
    return
  }
  if (call.tries > 0) counts.resent += 1
  call.tries += 1
  send(call.request)
  call.retry = setTimeout(() => transmit(call), 500 * call.tries)
}

function finish(call: Call, isCompleted: boolean): void {
  clearTimeout(call.retry)
  active.delete(call.id)
  if (isCompleted) counts.completed += 1
  else counts.failed += 1
}

function send(bytes: Buffer): void {
  socket.send(bytes, Number(calleePort), calleeAddress)
}

function request(id: string, method: string, sequence: number, toTag = ''): Buffer {
  const body = method === 'INVITE' ? OFFER : ''
  return Buffer.from(
    `${method} sip:${user}@${callee} SIP/2.0\r\n` +
      `Via: SIP/2.0/UDP ${ownAddress}:5060;branch=z9hG4bK${method[0]}${id.split('@')[0]};rport\r\n` +
      'Max-Forwards: 70\r\n' +
      `From: "Bench" <sip:bench@${ownAddress}:5060>;tag=${id.split('@')[0]}\r\n` +
      `To: <sip:${user}@${callee}>${toTag === '' ? '' : `;tag=${toTag}`}\r\n` +
      `Call-ID: ${id}\r\n` +
      `CSeq: ${sequence} ${method}\r\n` +
      `Contact: <sip:bench@${ownAddress}:5060>\r\n` +
      'User-Agent: ringdown-bench\r\n' +
      (body === '' ? '' : 'Content-Type: application/sdp\r\n') +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  )
}

function valueAfter(text: string, header: string): string {
  const at = text.indexOf(`\r\n${header}`)
  return at < 0 ? '' : text.slice(at + 2 + header.length, text.indexOf('\r\n', at + 2))
}

const OFFER = [
  'v=0',
  `o=bench 1 1 IN IP4 ${ownAddress}`,
  's=-',
  `c=IN IP4 ${ownAddress}`,
  't=0 0',
  'm=audio 40000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n')
