import { utf8Encode } from '../../kit/index.ts'

/** What a session description of one audio line says. */
export interface AudioSdpOptions {
  /** Where the audio is wanted. */
  readonly address: string
  readonly port: number
  /** In order of preference. Default PCMU. */
  readonly codecs?: readonly ('PCMU' | 'PCMA')[]
  /** Payload type of telephone-event (RFC 4733); `null` leaves it out. Default 101. */
  readonly telephoneEvent?: number | null
  readonly direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
  readonly ptimeMs?: number
  /** The version of the o line: one more for each change of the session. Default 1. */
  readonly version?: number
}

const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8 } as const

/** A session description with one audio stream, the least that a telephone sends. */
export function audioSdp(options: AudioSdpOptions): Uint8Array {
  const { address, port, codecs = ['PCMU'], telephoneEvent = 101, direction = 'sendrecv', ptimeMs = 20 } = options
  const event = telephoneEvent === null ? [] : [telephoneEvent]
  const family = address.includes(':') ? 'IP6' : 'IP4'
  const lines = [
    'v=0',
    `o=- 1 ${options.version ?? 1} IN ${family} ${address}`,
    's=-',
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${[...codecs.map((codec) => PAYLOAD_TYPES[codec]), ...event].join(' ')}`,
    ...codecs.map((codec) => `a=rtpmap:${PAYLOAD_TYPES[codec]} ${codec}/8000`),
    ...event.flatMap((type) => [`a=rtpmap:${type} telephone-event/8000`, `a=fmtp:${type} 0-15`]),
    `a=ptime:${ptimeMs}`,
    `a=${direction}`,
    '',
  ]
  return utf8Encode(lines.join('\r\n'))
}
