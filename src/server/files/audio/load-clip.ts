import type { AudioClip } from '../../../media/index.ts'
import type { AudioSource } from './audio-source.ts'

/**
 * Reads a whole file onto shared memory, where every thread can play it without a copy.
 *
 * @param mostSamples at 8 kHz
 * @returns `undefined` when it is longer
 * @throws Error saying what is wrong with the file
 */
export async function loadClip(source: AudioSource, mostSamples: number): Promise<AudioClip | undefined> {
  if (source.leastLength > mostSamples) return undefined
  const { encoding, sampleRateHz } = source
  const most = (mostSamples * sampleRateHz) / 8000
  const blocks: (Int16Array | Uint8Array)[] = []
  let length = 0
  for (let block = await source.read(); block !== undefined; block = await source.read()) {
    length += block.length
    if (length > most) return undefined
    blocks.push(block)
  }
  const clip: AudioClip =
    encoding === 'pcm16'
      ? { encoding, sampleRateHz, data: new Int16Array(new SharedArrayBuffer(2 * length)) }
      : { encoding, sampleRateHz: 8000, data: new Uint8Array(new SharedArrayBuffer(length)) }
  let at = 0
  for (const block of blocks) {
    clip.data.set(block, at)
    at += block.length
  }
  return clip
}
