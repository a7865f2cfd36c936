import type { MediaFileFacts } from '../../../calls/index.ts'
import { compressedFormatOf, compressedShapeOf, parseWavHead, rawEncodingOf } from '../../../media/index.ts'
import { type AudioSource, openAudioSource } from './audio-source.ts'
import type { ReadableFile } from './disk-file.ts'

/**
 * Reads a sound file to its end, as a player would, and tells what it is and what is wrong with it. It takes the file
 * over.
 *
 * @param name says what raw G.711 is, by its ending
 */
export async function inspectAudio(file: ReadableFile, name: string): Promise<MediaFileFacts> {
  let shape = UNKNOWN
  try {
    shape = await shapeOf(file, name)
    const source = await openAudioSource(file, name)
    try {
      return await readThrough(source, shape)
    } finally {
      await source.close()
    }
  } catch (error) {
    await file.close().catch(() => {})
    return { ...unreadable(error), ...shape }
  }
}

/** What is told of a file of which nothing can be read. */
export function unreadable(error: unknown): MediaFileFacts {
  return { ...UNKNOWN, durationMs: 0, isPlayable: false, problems: [(error as Error).message] }
}

type Shape = Pick<MediaFileFacts, 'format' | 'sampleRateHz' | 'channels'>

const UNKNOWN: Shape = { format: 'unknown', sampleRateHz: 0, channels: 0 }

async function shapeOf(file: ReadableFile, name: string): Promise<Shape> {
  if (file.size === 0) throw new Error('it is empty')
  if (rawEncodingOf(name) !== undefined) return { format: 'g711', sampleRateHz: 8000, channels: 1 }
  const bytes = await file.read(0, HEAD_BYTES)
  const compressed = compressedFormatOf(bytes)
  if (compressed !== undefined)
    return { ...UNKNOWN, ...compressedShapeOf(compressed, bytes), format: compressed } satisfies Shape
  const head = parseWavHead(bytes, file.size)
  if (!head.ok || head.value === undefined) return UNKNOWN
  return { format: 'wav', sampleRateHz: head.value.sampleRateHz, channels: head.value.channels }
}

async function readThrough(source: AudioSource, shape: Shape): Promise<MediaFileFacts> {
  const problems: string[] = []
  if (source.missingBytes > 0)
    problems.push(`it ends ${source.missingBytes} octets before it should; what is there is played`)
  let samples = 0
  let isPlayable = true
  try {
    for (let block = await source.read(); block !== undefined; block = await source.read()) {
      samples += block.length
      if (samples > MOST_HOURS * 3600 * source.sampleRateHz)
        throw new Error(`it is longer than ${MOST_HOURS} hours; it was not looked at any further`)
    }
  } catch (error) {
    isPlayable = false
    problems.push((error as Error).message)
  }
  if (samples === 0 && problems.length === 0) problems.push('it holds no sound')
  return {
    ...shape,
    durationMs: Math.round((1000 * samples) / source.sampleRateHz),
    isPlayable: isPlayable && samples > 0,
    problems,
  }
}

const HEAD_BYTES = 64 * 16_384
/** A small file may unpack to much. */
const MOST_HOURS = 48
