import { fromBase64, toBase64 } from '../../kit/index.ts'
import type { LiveFormat, LiveSamples } from '../live/live-format.ts'

/** What an agent is told when its stream begins. */
export interface StreamStart {
  readonly streamSid: string
  readonly callSid: string
  readonly format: LiveFormat
  readonly customParameters: Readonly<Record<string, string>>
}

/**
 * Writes the messages of a media stream, in the shape of Twilio Media Streams, which voice-agent frameworks speak: JSON,
 * numbers that count as strings, sound in base64. 16-bit samples, which that shape does not know, are little-endian.
 */
export class StreamMessages {
  readonly #start: StreamStart
  #sequence = 0
  #chunk = 0

  constructor(start: StreamStart) {
    this.#start = start
  }

  connected(): string {
    return JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  }

  start(): string {
    const { streamSid, callSid, format, customParameters } = this.#start
    return this.#message('start', {
      accountSid: ACCOUNT,
      streamSid,
      callSid,
      tracks: ['inbound'],
      mediaFormat: { encoding: ENCODING_NAMES[format.encoding], sampleRate: format.sampleRateHz, channels: 1 },
      customParameters,
    })
  }

  /** @param atMs since the stream began */
  media(samples: LiveSamples, atMs: number): string {
    return this.#message('media', {
      track: 'inbound',
      chunk: String(++this.#chunk),
      timestamp: String(atMs),
      payload: toBase64(samples instanceof Uint8Array ? samples : bytesOfSamples(samples)),
    })
  }

  dtmf(digit: string): string {
    return this.#message('dtmf', { track: 'inbound_track', digit })
  }

  /** What the agent had said before the mark of this name was played, or cleared. */
  mark(name: string): string {
    return this.#message('mark', { name })
  }

  stop(): string {
    return this.#message('stop', { accountSid: ACCOUNT, callSid: this.#start.callSid })
  }

  #message(event: string, content: object): string {
    const { streamSid } = this.#start
    return JSON.stringify({ event, sequenceNumber: String(++this.#sequence), streamSid, [event]: content })
  }
}

/** What an agent wants. */
export type AgentMessage =
  | { readonly type: 'media'; readonly samples: LiveSamples }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear' }
  /** Something that does not concern us. */
  | { readonly type: 'other' }

/** Reads a message of an agent; `undefined` when it makes no sense. Whatever it holds, nothing is thrown. */
export function parseAgentMessage(text: string, { encoding }: LiveFormat): AgentMessage | undefined {
  const message = parseObject(text)
  if (message === undefined || typeof message.event !== 'string') return undefined
  if (message.event === 'clear') return { type: 'clear' }
  if (message.event === 'mark') {
    const name = isObject(message.mark) ? message.mark.name : undefined
    return typeof name === 'string' && name.length <= LONGEST_MARK ? { type: 'mark', name } : undefined
  }
  if (message.event !== 'media') return { type: 'other' }
  const payload = isObject(message.media) ? message.media.payload : undefined
  if (typeof payload !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(payload)) return undefined
  const bytes = fromBase64(payload)
  if (encoding !== 'pcm16') return { type: 'media', samples: bytes }
  return bytes.length % 2 === 0 ? { type: 'media', samples: samplesOfBytes(bytes) } : undefined
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function bytesOfSamples(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, samples[i] as number, true)
  return bytes
}

function samplesOfBytes(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true))
}

const ENCODING_NAMES: Readonly<Record<LiveFormat['encoding'], string>> = {
  pcmu: 'audio/x-mulaw',
  pcma: 'audio/x-alaw',
  pcm16: 'audio/x-l16',
}
/** Frameworks ask for one. */
const ACCOUNT = 'ringdown'
const LONGEST_MARK = 1024
