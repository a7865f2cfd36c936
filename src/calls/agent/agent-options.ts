import { UsageError } from '../../kit/index.ts'
import { type BargeIn, type BargeInCommand, bargeInOf } from '../barge-in.ts'
import { type LiveFormat, liveFormat } from '../live/live-format.ts'
import type { AgentRequest } from './agent-connector.ts'

/** How a voice agent is attached to a call. */
export interface AgentOptions {
  /** Of the HTTP request that opens the connection, for authentication. They stand in no log and no record. */
  headers?: Readonly<Record<string, string>>
  /** What the agent gets to know about the call: `customParameters` of its start message. */
  parameters?: Readonly<Record<string, string>>
  /** Of the sound both ways. Default 'pcmu': what every framework takes. */
  encoding?: LiveFormat['encoding']
  /** 8,000 or, of 16-bit samples, 16,000. Default 8,000. */
  sampleRateHz?: LiveFormat['sampleRateHz']
  /** How long the connection may take. Default 10,000. */
  connectTimeoutMs?: number
  /** The agent is told of digits. Default true; false where the caller types what is no business of the agent. */
  sendDigits?: boolean
  /**
   * A new digit, speech of the far end, or either clears what the agent has said and was not played yet. Default false: the agent
   * decides.
   */
  bargeIn?: BargeIn
  /** How much of what the agent says may wait to be played, 100 to 600,000 ms; more is dropped. Default 120,000. */
  maxBufferedMs?: number
}

/** Options that were checked. */
export interface AgentWishes extends Required<Omit<AgentOptions, 'headers' | 'encoding' | 'sampleRateHz' | 'bargeIn'>> {
  readonly request: AgentRequest
  readonly format: LiveFormat
  readonly bargeIn: BargeInCommand
}

/** @throws UsageError naming what is wrong; it does not repeat headers, nor what may be secret in the URL */
export function agentWishes(url: string, options: AgentOptions): AgentWishes {
  const { headers = {}, parameters = {}, encoding = 'pcmu', sampleRateHz = 8000, sendDigits = true } = options
  const { connectTimeoutMs = 10_000, maxBufferedMs = 120_000 } = options
  const bargeIn = bargeInOf(NAME, options.bargeIn)
  if (typeof url !== 'string' || !/^wss?:\/\/[^\s/?#]+[^\s#]*$/i.test(url))
    throw new UsageError(`${NAME}: the address of an agent is a wss: or ws: URL without a fragment`)
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw new UsageError(`${NAME}: "${name}" is no name of a header`)
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new UsageError(`${NAME}: the header ${name} must be text of one line, in ISO 8859-1`)
  }
  for (const [name, value] of Object.entries(parameters))
    if (typeof value !== 'string')
      throw new UsageError(`${NAME}: parameters are texts; ${name} is ${value === null ? 'null' : `a ${typeof value}`}`)
  if (!(connectTimeoutMs > 0))
    throw new UsageError(`${NAME}: connectTimeoutMs must be above 0, not ${connectTimeoutMs}`)
  if (!(maxBufferedMs >= 100 && maxBufferedMs <= 600_000))
    throw new UsageError(`${NAME}: maxBufferedMs must be 100 to 600000, not ${maxBufferedMs}`)
  const format = liveFormat(NAME, { encoding, sampleRateHz })
  return { request: { url, headers }, format, parameters, connectTimeoutMs, sendDigits, bargeIn, maxBufferedMs }
}

/** A URL for logs and records: without user, password and query, which may be secrets. */
export function publicUrl(url: string): string {
  return url.replace(/^(\w+:\/\/)(?:[^/?#]*@)?([^?]*).*$/, '$1$2')
}

const NAME = 'voiceAgent.connect'
