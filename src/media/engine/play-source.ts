/** Audio held in memory, mono. `data` may stand on shared memory; nobody writes to it after it was handed over. */
export type AudioClip =
  | { readonly encoding: 'pcm16'; readonly sampleRateHz: 8000 | 16_000; readonly data: Int16Array }
  | { readonly encoding: 'pcmu' | 'pcma'; readonly sampleRateHz: 8000; readonly data: Uint8Array }

/**
 * Audio that is read from disk while it is played, mono: a ring on shared memory, made by `createAudioStream`. One
 * player may read it, once.
 */
export type AudioStream = AudioClip & {
  /** Positions of both ends, and whether there is more to come: see stream-ring.ts. */
  readonly control: Int32Array
}

/**
 * Audio that is written while it is played, mono, by whoever speaks at the moment: a ring on shared memory, made by
 * `createLiveAudio`. One player may read it, once.
 */
export type LiveAudio = AudioClip & {
  /** Positions of both ends, what was cleared, and when to say `reached`: see live-audio.ts. */
  readonly control: Int32Array
}

/** One step of a tone: up to two frequencies added or one modulating the other; both absent is silence. */
export interface ToneStep {
  readonly tone1?: ToneComponent
  readonly tone2?: ToneComponent
  readonly durationMs: number
  readonly add: 'summation' | 'modulation'
}

export interface ToneComponent {
  /** 0..9999 Hz (above 4,000 Hz nothing is heard on a telephone line). */
  readonly frequencyHz: number
  /** 0..99, in -dBm0: 13 means -13 dBm0. */
  readonly amplitude: number
}

export type PlaySource =
  | FileSource
  | { readonly kind: 'tone'; readonly steps: readonly ToneStep[]; readonly loop: boolean }
  /** It ends with `stopJob`, or when its writer has said that nothing more comes; while nothing is there it is silence. */
  | { readonly kind: 'live'; readonly audio: LiveAudio }

/** What a file is played from: memory, or the disk while it plays (whoever reads it begins it again for a loop). */
export type FileSource =
  | {
      readonly kind: 'audio'
      readonly clip: AudioClip
      readonly loop: boolean
      /** The sample to begin at; a loop begins again at the first. Default 0. */
      readonly from?: number
    }
  | { readonly kind: 'stream'; readonly stream: AudioStream }
