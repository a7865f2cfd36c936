import { energy, energyAtLevel } from '../dsp/level.ts'
import type { JobCause, RecordLimits } from '../engine/control.ts'
import type { Kernels } from '../wasm/kernels.ts'

/**
 * Records 20 ms frames of one rate until a limit is met. It hears a frame for every 20 ms of media time, whatever the network
 * did meanwhile: what was lost is silence in its place, so the length of a recording is the time it took.
 *
 * Sound is what stays above -40 dBm0 for 60 ms: speech does, a click or the noise of a line does not.
 */
export class Recorder {
  readonly #limits: RecordLimits
  readonly #maxSamples: number
  readonly #onBlock: (samples: Int16Array) => void
  readonly #energy: Kernels['energy']
  readonly #samplesPerMs: number
  readonly #blockSamples: number
  #block: Int16Array
  #blockLength = 0
  #recorded = 0
  #loudFrames = 0
  #silentSamples = 0
  #audioDetected = false

  /**
   * @param onBlock takes over each block of samples: 160 ms of them, fewer at the end
   * @param kernels what measures frames
   */
  constructor(
    limits: RecordLimits,
    onBlock: (samples: Int16Array) => void,
    kernels: Pick<Kernels, 'energy'> = { energy },
  ) {
    this.#limits = limits
    this.#samplesPerMs = (limits.sampleRateHz ?? 8000) / 1000
    this.#blockSamples = BLOCK_MS * this.#samplesPerMs
    this.#block = new Int16Array(this.#blockSamples)
    this.#maxSamples = Math.min(limits.maxSamples ?? Infinity, this.#samplesOf(limits.timeoutMs))
    this.#onBlock = onBlock
    this.#energy = kernels.energy
  }

  /** Whether anything but silence was heard. */
  get audioDetected(): boolean {
    return this.#audioDetected
  }

  /** Takes the next frame, the first `length` samples; returns the cause when the recording is over with it. */
  hear(frame: Int16Array, length: number = frame.length): JobCause | undefined {
    const count = Math.min(length, this.#maxSamples - this.#recorded)
    for (let i = 0; i < count; i++) {
      this.#block[this.#blockLength++] = frame[i]!
      if (this.#blockLength === this.#blockSamples) this.flush()
    }
    this.#recorded += count
    this.#judge(frame, length)
    if (this.#recorded >= this.#maxSamples)
      return this.#recorded >= this.#samplesOf(this.#limits.timeoutMs) ? 'TIMEOUT' : 'SIZE'
    const patience = this.#audioDetected ? this.#limits.maxSilenceMs : this.#limits.initialSilenceMs
    return this.#silentSamples >= this.#samplesOf(patience) ? 'SILENCE' : undefined
  }

  /** Hands over what was recorded since the last block. */
  flush(): void {
    if (this.#blockLength === 0) return
    const block = this.#block
    this.#block = new Int16Array(this.#blockSamples)
    this.#onBlock(this.#blockLength === this.#blockSamples ? block : block.slice(0, this.#blockLength))
    this.#blockLength = 0
  }

  #samplesOf(durationMs: number | undefined): number {
    return durationMs === undefined ? Infinity : durationMs * this.#samplesPerMs
  }

  /** Loud frames that are too few to be sound yet are in doubt: the first of a word, or a click within silence. */
  #judge(frame: Int16Array, length: number): void {
    if (this.#energy(frame, 0, length) <= energyAtLevel(SOUND_DBM0, length)) {
      const inDoubt = this.#loudFrames < SOUND_FRAMES ? this.#loudFrames : 0
      this.#silentSamples += (inDoubt + 1) * length
      this.#loudFrames = 0
    } else if (++this.#loudFrames >= SOUND_FRAMES) {
      this.#audioDetected = true
      this.#silentSamples = 0
    }
  }
}

const BLOCK_MS = 160
const SOUND_DBM0 = -40
const SOUND_FRAMES = 3
