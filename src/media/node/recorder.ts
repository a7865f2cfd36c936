import { energy, energyAtLevel } from '../dsp/level.ts'
import type { JobCause, RecordLimits } from '../engine/control.ts'
import type { Kernels } from '../wasm/kernels.ts'

/**
 * Records 20 ms frames until a limit is met. It hears a frame for every 20 ms of media time, whatever the network
 * did meanwhile: what was lost is silence in its place, so the length of a recording is the time it took.
 *
 * Sound is what stays above -40 dBm0 for 60 ms: speech does, a click or the noise of a line does not.
 */
export class Recorder {
  readonly #limits: RecordLimits
  readonly #maxSamples: number
  readonly #onBlock: (samples: Int16Array) => void
  readonly #energy: Kernels['energy']
  #block = new Int16Array(BLOCK_SAMPLES)
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
    this.#maxSamples = Math.min(limits.maxSamples ?? Infinity, samplesOf(limits.timeoutMs))
    this.#onBlock = onBlock
    this.#energy = kernels.energy
  }

  /** Whether anything but silence was heard. */
  get audioDetected(): boolean {
    return this.#audioDetected
  }

  /** Takes the next frame; returns the cause when the recording is over with it. */
  hear(frame: Int16Array): JobCause | undefined {
    const count = Math.min(frame.length, this.#maxSamples - this.#recorded)
    for (let i = 0; i < count; i++) {
      this.#block[this.#blockLength++] = frame[i]!
      if (this.#blockLength === BLOCK_SAMPLES) this.flush()
    }
    this.#recorded += count
    this.#judge(frame)
    if (this.#recorded >= this.#maxSamples)
      return this.#recorded >= samplesOf(this.#limits.timeoutMs) ? 'TIMEOUT' : 'SIZE'
    const patience = this.#audioDetected ? this.#limits.maxSilenceMs : this.#limits.initialSilenceMs
    return this.#silentSamples >= samplesOf(patience) ? 'SILENCE' : undefined
  }

  /** Hands over what was recorded since the last block. */
  flush(): void {
    if (this.#blockLength === 0) return
    const block = this.#block
    this.#block = new Int16Array(BLOCK_SAMPLES)
    this.#onBlock(this.#blockLength === BLOCK_SAMPLES ? block : block.slice(0, this.#blockLength))
    this.#blockLength = 0
  }

  /** Loud frames that are too few to be sound yet are in doubt: the first of a word, or a click within silence. */
  #judge(frame: Int16Array): void {
    if (this.#energy(frame) <= energyAtLevel(SOUND_DBM0, frame.length)) {
      const inDoubt = this.#loudFrames < SOUND_FRAMES ? this.#loudFrames : 0
      this.#silentSamples += (inDoubt + 1) * frame.length
      this.#loudFrames = 0
    } else if (++this.#loudFrames >= SOUND_FRAMES) {
      this.#audioDetected = true
      this.#silentSamples = 0
    }
  }
}

const BLOCK_SAMPLES = 1280
const SOUND_DBM0 = -40
const SOUND_FRAMES = 3

function samplesOf(durationMs: number | undefined): number {
  return durationMs === undefined ? Infinity : durationMs * 8
}
