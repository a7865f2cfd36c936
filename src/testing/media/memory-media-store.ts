import type { MediaStore, Playable, RecordingFormat, RecordingSink } from '../../calls/index.ts'
import { assertMediaName } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import type { AudioClip } from '../../media/index.ts'

/** A media store in memory: put clips in, look at recordings afterwards. */
export class MemoryMediaStore implements MediaStore {
  readonly #clips = new Map<string, AudioClip>()
  readonly #recordings = new Map<string, Int16Array>()

  /** Adds a file that applications can play. */
  put(name: string, clip: AudioClip): void {
    assertMediaName(name)
    this.#clips.set(name, clip)
  }

  /** A completed recording, mono 16-bit at 8 kHz; `undefined` while it runs or when there is none. */
  recording(name: string): Int16Array | undefined {
    return this.#recordings.get(name)
  }

  async read(name: string, { loop }: { readonly loop: boolean }): Promise<Playable> {
    assertMediaName(name)
    const recorded = this.#recordings.get(name)
    const clip =
      this.#clips.get(name) ?? (recorded && { encoding: 'pcm16' as const, sampleRateHz: 8000 as const, data: recorded })
    if (clip === undefined) throw new MediaFileError(`there is no media file "${name}"`)
    return { source: { kind: 'audio', clip, loop }, close: async () => {} }
  }

  async write(name: string, _format: RecordingFormat): Promise<RecordingSink> {
    assertMediaName(name)
    const blocks: Int16Array[] = []
    return {
      write: (samples) => {
        blocks.push(samples.slice())
      },
      close: async () => {
        this.#recordings.set(name, joined(blocks))
      },
    }
  }
}

function joined(blocks: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(blocks.reduce((sum, block) => sum + block.length, 0))
  let at = 0
  for (const block of blocks) {
    all.set(block, at)
    at += block.length
  }
  return all
}
