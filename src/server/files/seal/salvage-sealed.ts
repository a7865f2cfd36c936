import { parseWavHead, rawEncodingOf, type WavHead, wavHeader, wavPadding } from '../../../media/index.ts'
import type { RecordingFile } from '../recording-file.ts'

/**
 * Copies what is authentic of an encrypted recording that was never completed into a new file, with a header that
 * counts what is there.
 *
 * @param path says by its ending whether it has a header
 * @param create makes the new file once there is audio
 * @returns whether there was audio; `undefined` when it is no recording of ours
 * @throws Error of the file system
 */
export async function salvageSealed(
  segments: AsyncIterable<Uint8Array>,
  path: string,
  create: () => Promise<RecordingFile>,
): Promise<boolean | undefined> {
  let file: RecordingFile | undefined
  let head: WavHead | undefined
  let length = 0
  try {
    for await (const segment of segments) {
      if (file === undefined) {
        if (rawEncodingOf(path) === undefined) {
          const parsed = parseWavHead(segment, MOST_BYTES)
          if (!parsed.ok || parsed.value === undefined) return undefined
          head = parsed.value
          if (segment.length === head.dataStart) continue
        }
        file = await create()
      }
      await file.write(segment, length)
      length += segment.length
    }
    if (file === undefined) return false
    if (head !== undefined) await completeHead(file, head, length)
    await file.sync()
    return true
  } finally {
    await file?.close()
  }
}

const MOST_BYTES = 2 ** 32

async function completeHead(file: RecordingFile, head: WavHead, length: number): Promise<void> {
  const { encoding, sampleRateHz, channels, blockBytes, dataStart } = head
  const bytes = length - dataStart
  const audioBytes = bytes - (bytes % blockBytes)
  await file.write(new Uint8Array(wavPadding(audioBytes)), dataStart + audioBytes)
  await file.write(wavHeader(encoding, audioBytes, sampleRateHz, channels), 0)
}
