import { type Instant, type Machine, NEVER } from '../../../kit/index.ts'
import type { Peer } from '../../endpoint/control.ts'
import { addToTag, createRequest, createResponse, type SipRequest, type SipResponse } from '../../message/index.ts'
import { RFC_TIMING } from '../timing.ts'

export const UDP: Peer = { transport: 'udp', address: '192.0.2.1', port: 5060 }
export const TCP: Peer = { transport: 'tcp', address: '192.0.2.1', port: 40_000, connection: 7 }
export const TIMING = RFC_TIMING

/** A request as a phone at 192.0.2.1 sends it; `headers` replace or, with `undefined`, take away. */
export function phoneRequest(method: string, headers: Record<string, string | undefined> = {}): SipRequest {
  const request = createRequest(method, 'sip:100@exchange.example')
  const all: Record<string, string | undefined> = {
    via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKphone1;rport',
    from: '<sip:alice@192.0.2.1>;tag=alice1',
    to: '<sip:100@exchange.example>',
    'call-id': 'call1@192.0.2.1',
    cseq: `1 ${method}`,
    'max-forwards': '70',
    ...headers,
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) request.headers.set(name, value)
  return request
}

/** The response of the far end, with a To tag. */
export function answer(request: SipRequest, status: number, tag = 'bob1'): SipResponse {
  const response = createResponse(request, status)
  if (status > 100) addToTag(response, tag)
  return response
}

export function drain<Output>(machine: Machine<never, Output>): Output[] {
  const outputs: Output[] = []
  for (let output = machine.poll(); output !== undefined; output = machine.poll()) outputs.push(output)
  return outputs
}

/** Lets time pass as a driver does, deadline by deadline, up to `until`; every output with its instant. */
export function run<Output>(machine: Machine<never, Output>, until: Instant): [at: Instant, output: Output][] {
  const trace: [Instant, Output][] = []
  for (let at = machine.deadline(); at <= until && at !== NEVER; at = machine.deadline()) {
    machine.expire(at)
    for (const output of drain(machine)) trace.push([at, output])
  }
  return trace
}

type AnyOutput =
  | { type: 'send'; message: SipRequest | SipResponse }
  | { type: 'response' | 'strayResponse'; response: SipResponse }
  | { type: 'failed'; cause: string }
  | { type: 'request' | 'ack' | 'cancelled'; request: SipRequest }
  | { type: 'acknowledged' | 'terminated' | 'sendCancel' }

/** An output in a few words, such as `send INVITE`, `send 200`, `response 180`, `failed timeout`. */
export function words(output: AnyOutput): string {
  switch (output.type) {
    case 'send':
      return `send ${output.message.kind === 'request' ? output.message.method : output.message.status}`
    case 'response':
    case 'strayResponse':
      return `${output.type} ${output.response.status}`
    case 'failed':
      return `failed ${output.cause}`
    case 'request':
    case 'ack':
    case 'cancelled':
      return `${output.type} ${output.request.method}`
    default:
      return output.type
  }
}

/** One row of a table under test: after `path`, `event` leads to `next` and puts out `emits`. */
export interface RowCase<Input> {
  readonly state: string
  readonly event: string
  readonly next: string
  readonly emits: readonly string[]
  /** The transport; udp by default. */
  readonly over?: 'tcp'
  /** How the machine comes into `state`, all at instant 0. */
  readonly path: readonly Input[]
  /** The event itself: an input at instant 0, or the instant at which the timer fires. */
  readonly by: Input | Instant
}

/** Every `state event` pair that a table has a row for. */
export function rowNames(table: Record<string, Record<string, unknown>>): string[] {
  return Object.entries(table).flatMap(([state, row]) => Object.keys(row).map((event) => `${state} ${event}`))
}

type Traced = AnyOutput & object

/** Plays one case and returns what came of it. */
export function play<Input>(
  machine: Machine<Input, Traced> & { readonly state: string },
  row: RowCase<Input>,
): { before: string; after: string; emits: string[] } {
  for (const input of row.path) machine.handle(input, 0)
  drain(machine)
  const before = machine.state
  if (typeof row.by === 'number') machine.expire(row.by)
  else machine.handle(row.by, 0)
  return { before, after: machine.state, emits: drain(machine).map(words) }
}
