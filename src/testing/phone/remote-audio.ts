import { utf8Decode } from '../../kit/index.ts'

/** Where the far end wants its audio, and in what. */
export interface RemoteAudio {
  readonly address: string
  readonly port: number
  readonly codec: 'PCMU' | 'PCMA'
  /** Payload type of telephone-event, when it takes such. */
  readonly telephoneEvent?: number
  /** As the far end sees it. */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
}

/**
 * Reads the audio line of a session description the way a simple telephone does, written apart from the SDP reader of
 * the exchange that it tests. `undefined` when there is no G.711 in it.
 */
export function readRemoteAudio(
  body: Uint8Array,
  codecs: readonly ('PCMU' | 'PCMA')[] = ['PCMU', 'PCMA'],
): RemoteAudio | undefined {
  const text = utf8Decode(body)
  const media = /^m=audio (\d+) \S+ ([\d ]+)/m.exec(text)
  const address = /^c=IN IP[46] (\S+)/m.exec(text)?.[1]
  if (media === null || address === undefined) return undefined
  const types = (media[2] as string).trim().split(' ').map(Number)
  const codec = types.map((type) => ({ 0: 'PCMU', 8: 'PCMA' })[type] as 'PCMU' | 'PCMA' | undefined)
  const chosen = codec.find((each) => each !== undefined && codecs.includes(each))
  if (chosen === undefined) return undefined
  const event = /^a=rtpmap:(\d+) telephone-event\/8000/im.exec(text)?.[1]
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m.exec(text)?.[1] ?? 'sendrecv'
  return {
    address,
    port: Number(media[1]),
    codec: chosen,
    ...(event !== undefined && { telephoneEvent: Number(event) }),
    direction: direction as RemoteAudio['direction'],
  }
}
