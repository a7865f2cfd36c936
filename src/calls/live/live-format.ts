import { UsageError } from '../../kit/index.ts'

/** How live audio is given and taken: 16-bit samples at 8 or 16 kHz, or G.711, which has 8 kHz. */
export interface LiveFormat {
  readonly encoding: 'pcm16' | 'pcmu' | 'pcma'
  readonly sampleRateHz: 8000 | 16_000
}

/** A block of samples: `Int16Array` of 16-bit ones, `Uint8Array` of G.711. */
export type LiveSamples = Int16Array | Uint8Array

/**
 * @param what the function that was called, for the message
 * @throws UsageError for what is no format
 */
export function liveFormat(what: string, { encoding = 'pcm16', sampleRateHz = 8000 }: Partial<LiveFormat>): LiveFormat {
  if (encoding !== 'pcm16' && encoding !== 'pcmu' && encoding !== 'pcma')
    throw new UsageError(`${what}: encoding must be 'pcm16', 'pcmu' or 'pcma', not ${JSON.stringify(encoding)}`)
  if (sampleRateHz !== 8000 && sampleRateHz !== 16_000)
    throw new UsageError(`${what}: sampleRateHz must be 8000 or 16000, not ${sampleRateHz}`)
  if (encoding !== 'pcm16' && sampleRateHz !== 8000)
    throw new UsageError(`${what}: G.711 has 8000 Hz; use encoding 'pcm16' for ${sampleRateHz}`)
  return { encoding, sampleRateHz }
}

/** Whether samples are of the kind that the format asks for. */
export function isOfFormat(samples: unknown, { encoding }: LiveFormat): samples is LiveSamples {
  return encoding === 'pcm16' ? samples instanceof Int16Array : samples instanceof Uint8Array
}
