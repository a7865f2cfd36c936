/**
 * CPU time per SIP message: parse and print, and what the transaction layer reads of every message. A parser as one
 * would write it in an afternoon (decode, split, a Map) runs in the same rounds, for its time tells the machine's speed.
 *
 *     npm run build && node --import jiti/register bench/sip-message.ts
 */
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type * as Message from '../src/sip/message/index.ts'
import { CALL } from '../src/sip/message/test/samples.ts'
import { median } from './interleaved.ts'

const ROUNDS = 15
const MESSAGES_PER_ROUND = 20_000

export interface SipMessageTimes {
  readonly machine: string
  /** Medians in microseconds of CPU time (user and system) per message. */
  readonly microseconds: Readonly<Record<string, number>>
}

/** Measures the built code (`dist`), so run `npm run build` first. */
export async function run(): Promise<SipMessageTimes> {
  const built = new URL('../dist/sip/message/index.js', import.meta.url).href
  const { parseMessage, printMessage, topVia, cseqOf, callIdOf, fromTag, toTag } = (await import(
    built
  )) as typeof Message

  let sink = 0
  const parse = (bytes: Uint8Array): Message.SipMessage => {
    const result = parseMessage(bytes)
    if (!result.ok) throw new Error(result.error.detail)
    return result.value
  }
  const cases: Record<string, () => void> = {}
  for (const [name, bytes] of Object.entries(CALL)) {
    cases[`${name}: parse + print`] = () => {
      sink += printMessage(parse(bytes)).length
    }
    cases[`${name}: naive parse + print`] = () => {
      sink += naivePrint(naiveParse(bytes)).length
    }
  }
  cases['invite: parse'] = () => {
    sink += parse(CALL.invite).body.length
  }
  cases['invite: parse, top Via, CSeq, Call-ID, tags'] = () => {
    const message = parse(CALL.invite)
    sink += topVia(message)?.params.size ?? 0
    sink += cseqOf(message)?.number ?? 0
    sink += callIdOf(message)?.length ?? 0
    sink += (fromTag(message)?.length ?? 0) + (toTag(message)?.length ?? 0)
  }

  // One round of each in turn, so that whatever else the machine does falls on all of them.
  const times = new Map(Object.keys(cases).map((name): [string, number[]] => [name, []]))
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, once] of Object.entries(cases)) {
      const start = process.cpuUsage()
      for (let i = 0; i < MESSAGES_PER_ROUND; i++) once()
      const { user, system } = process.cpuUsage(start)
      // The first two rounds are for the compiler.
      if (round >= 0) times.get(name)?.push((user + system) / MESSAGES_PER_ROUND)
    }
  }
  if (sink === 0) throw new Error('nothing was measured')

  const microseconds: Record<string, number> = {}
  for (const [name, values] of times) microseconds[name] = median(values)
  return {
    machine: `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, node ${process.version}`,
    microseconds,
  }
}

interface NaiveMessage {
  readonly start: string
  readonly headers: Map<string, string[]>
  readonly body: string
}

function naiveParse(bytes: Uint8Array): NaiveMessage {
  const [head = '', body = ''] = new TextDecoder().decode(bytes).split(/\r\n\r\n([\s\S]*)/)
  const [start = '', ...lines] = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line) ?? []
    const values = headers.get(name.toLowerCase()) ?? []
    values.push(...value.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((part) => part.trim()))
    headers.set(name.toLowerCase(), values)
  }
  return { start, headers, body }
}

function naivePrint(message: NaiveMessage): Uint8Array {
  const lines = [message.start]
  for (const [name, values] of message.headers) lines.push(`${name}: ${values.join(', ')}`)
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n${message.body}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { machine, microseconds } = await run()
  console.log(machine)
  for (const [name, time] of Object.entries(microseconds)) console.log(`${time.toFixed(2).padStart(8)} µs  ${name}`)
}
