import type {
  MediaFiles,
  MediaStore,
  Playable,
  ReadOptions,
  RecordingFormat,
  RecordingSink,
} from '../../calls/index.ts'
import { assertMediaName, playableClip } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import { type AudioClip, mixDown } from '../../media/index.ts'
import type { Truth, Utterance } from '../truth/truth.ts'
import { voiceOf } from '../truth/voice.ts'
import { MemoryMediaFiles } from './memory-media-files.ts'

/** A media store in memory: put clips in, look at recordings afterwards. */
export class MemoryMediaStore implements MediaStore {
  readonly #clips = new Map<string, AudioClip>()
  readonly #recordings = new Map<string, Recorded>()
  readonly #known = new WeakMap<AudioClip, Pick<Utterance, 'file' | 'text' | 'lengthMs'>>()
  readonly #files = new MemoryMediaFiles({
    clip: (name) => this.#clips.get(name) ?? this.lookElsewhere(name),
    put: (name, clip) => this.#add(name, clip),
    move: (name, newName) => {
      moveKey(this.#clips, name, newName)
      moveKey(this.#recordings, name, newName)
    },
    names: () => this.#clips.keys(),
  })
  /** What applications see as `app.files`. */
  readonly files: MediaFiles = this.#files
  /** Tells what a block of a recording sounds like; set by the exchange that records. */
  truthOfBlock: (samples: Int16Array) => Truth | undefined = () => undefined

  /** Adds a file that applications can play: its sound, or the words in it, spoken by a synthetic voice. */
  put(name: string, content: AudioClip | string): void {
    assertMediaName(name)
    this.#add(name, typeof content === 'string' ? voiceOf(content) : content, content)
  }

  /** What a clip that was read from here is. */
  utteranceOf(clip: AudioClip): Pick<Utterance, 'file' | 'text' | 'lengthMs'> | undefined {
    return this.#known.get(clip)
  }

  /** The names of all recordings that are complete. */
  get recordings(): readonly string[] {
    return [...this.#recordings.keys()]
  }

  /** What was said in a completed recording, in order, as far as it is known. */
  heardIn(name: string): readonly Utterance[] {
    return this.#recordings.get(name)?.heard ?? []
  }

  /**
   * A completed recording, 16-bit at the rate of the recording, which is 8 kHz but on wideband calls; in stereo the
   * samples of left and right take turns. `undefined` while it runs or when there is none.
   */
  recording(name: string): Int16Array | undefined {
    return this.#recordings.get(name)?.samples
  }

  /** Left and right of a completed stereo recording: the far end, and what it was sent. */
  stereoRecording(name: string): readonly [left: Int16Array, right: Int16Array] | undefined {
    const recorded = this.#recordings.get(name)
    if (recorded === undefined || recorded.channels === 1) return undefined
    const side = (channel: 0 | 1): Int16Array => recorded.samples.filter((_, i) => i % 2 === channel)
    return [side(0), side(1)]
  }

  async read(name: string, { loop, startMs }: ReadOptions): Promise<Playable> {
    assertMediaName(name)
    const clip = this.#clips.get(name) ?? this.lookElsewhere(name)
    const whyNot = this.#files.whyNot(name)
    if (whyNot !== undefined) throw new MediaFileError(`${name} cannot be played: ${whyNot}`)
    if (clip === undefined) throw new MediaFileError(`there is no media file "${name}"${this.#whatThereIs()}`)
    if (!this.#clips.has(name)) this.#add(name, clip)
    return playableClip(clip, loop, startMs)
  }

  async write(
    name: string,
    _format: RecordingFormat,
    sampleRateHz: 8000 | 16_000 = 8000,
    channels: 1 | 2 = 1,
  ): Promise<RecordingSink> {
    assertMediaName(name)
    const blocks: Int16Array[] = []
    const heard: Utterance[] = []
    return {
      write: (samples) => {
        blocks.push(samples.slice())
        const utterance = this.truthOfBlock(samples)?.utterance
        if (utterance !== undefined && heard.at(-1) !== utterance) heard.push(utterance)
        return true
      },
      close: async () => {
        const samples = joined(blocks)
        this.#recordings.set(name, { samples, channels, heard })
        const text = heard.map((each) => each.text ?? '').join(' ')
        this.#add(name, { encoding: 'pcm16', sampleRateHz, data: mixDown(samples, channels) }, text)
        if (channels === 2) this.#files.keepStereo(name, samples, sampleRateHz)
      },
    }
  }

  /** Where to look for a file that was not put here. */
  protected lookElsewhere(_name: string): AudioClip | undefined {
    return undefined
  }

  #add(name: string, clip: AudioClip, content?: AudioClip | string): void {
    this.#files.forget(name)
    this.#clips.set(name, clip)
    const text = typeof content === 'string' && content !== '' ? { text: content } : {}
    this.#known.set(clip, {
      file: name,
      ...text,
      lengthMs: Math.max((1000 * clip.data.length) / clip.sampleRateHz, 20),
    })
  }

  #whatThereIs(): string {
    const names = [...this.#clips.keys()]
    return names.length === 0 ? '' : `; there are ${names.slice(0, 20).join(', ')}`
  }
}

interface Recorded {
  readonly samples: Int16Array
  readonly channels: 1 | 2
  readonly heard: readonly Utterance[]
}

function moveKey<Value>(map: Map<string, Value>, key: string, newKey: string | undefined): void {
  const value = map.get(key)
  map.delete(key)
  if (value !== undefined && newKey !== undefined) map.set(newKey, value)
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
