import { copySamples } from '../dsp/copy.ts'
import { energy, energyAtLevel } from '../dsp/level.ts'
import { limit } from '../dsp/mix.ts'
import type { TwoRates } from '../dsp/two-rates.ts'
import { DigitEraser, LINE_FRAMES } from '../dtmf/digit-eraser.ts'
import type { ToneBank } from '../dtmf/tone-bank.ts'
import type { JobCause, RecordLimits } from '../engine/control.ts'
import type { Kernels } from '../wasm/kernels.ts'
import { RecordingGate, type RecordingGateState } from './recording-gate.ts'

/** What a recording has behind it. */
export interface RecorderState {
  readonly recorded: number
  readonly elapsed: number
  readonly loudFrames: number
  readonly silentSamples: number
  readonly audioDetected: boolean
  readonly gate: RecordingGateState
}

/**
 * Records 20 ms frames of one rate until a limit is met: those of the far end, or of both sides of a call. It hears a frame
 * for every 20 ms of media time, whatever the network did meanwhile: what was lost is silence in its place, so the length
 * of a recording is the time it took.
 *
 * Sound is what stays above -40 dBm0 for 60 ms: speech does, a click or the noise of a line does not.
 */
export class Recorder {
  readonly #limits: RecordLimits
  readonly #channels: 1 | 2
  readonly #longest: number
  readonly #maxSamples: number
  readonly #onBlock: (samples: Int16Array) => void
  readonly #energy: Kernels['energy']
  readonly #samplesPerMs: number
  readonly #blockLength: number
  readonly #gate = new RecordingGate()
  readonly #silence: Int16Array
  /** Where keys are taken out: one for each side, with the frame that each works on. */
  readonly #erasers: readonly [Erasing, Erasing] | undefined
  /** Frames that the erasers hold. */
  #held = 0
  #block: Int16Array
  #filled = 0
  /** Samples of each channel that were recorded, and that have passed: more, where some were cut out. */
  #recorded = 0
  #elapsed = 0
  #loudFrames = 0
  #silentSamples = 0
  #audioDetected = false

  /**
   * @param onBlock takes over each block of samples: 160 ms of them, fewer at the end; in stereo left and right take turns
   * @param kernels what measures frames
   * @param tools what takes keys out where the limits ask for it
   */
  constructor(
    limits: RecordLimits,
    onBlock: (samples: Int16Array) => void,
    kernels: Pick<Kernels, 'energy'> = { energy },
    tools?: { readonly bank: ToneBank; readonly rates: TwoRates },
  ) {
    this.#limits = limits
    this.#channels = limits.sides === 'stereo' ? 2 : 1
    this.#samplesPerMs = (limits.sampleRateHz ?? 8000) / 1000
    this.#blockLength = BLOCK_MS * this.#samplesPerMs * this.#channels
    this.#block = new Int16Array(this.#blockLength)
    this.#longest = this.#samplesOf(limits.timeoutMs)
    this.#maxSamples = Math.min(limits.maxSamples ?? Infinity, this.#longest)
    this.#onBlock = onBlock
    this.#energy = kernels.energy
    const frame = 20 * this.#samplesPerMs
    this.#silence = new Int16Array(frame)
    if (limits.dtmfElimination === true && tools !== undefined) {
      const erasing = (): Erasing => ({
        eraser: new DigitEraser(tools.bank, tools.rates, frame),
        frame: new Int16Array(frame),
      })
      this.#erasers = [erasing(), erasing()]
    }
  }

  /** Samples of each channel that were recorded. */
  get recorded(): number {
    return this.#recorded
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): RecorderState {
    return {
      recorded: this.#recorded,
      elapsed: this.#elapsed,
      loudFrames: this.#loudFrames,
      silentSamples: this.#silentSamples,
      audioDetected: this.#audioDetected,
      gate: this.#gate.state,
    }
  }

  set state(state: RecorderState) {
    this.#recorded = state.recorded
    this.#elapsed = state.elapsed
    this.#loudFrames = state.loudFrames
    this.#silentSamples = state.silentSamples
    this.#audioDetected = state.audioDetected
    this.#gate.state = state.gate
  }

  /** Whether anything but silence was heard. */
  get audioDetected(): boolean {
    return this.#audioDetected
  }

  /** Records nothing of what comes after `frames` more: silence takes its place, or, with `isCut`, nothing does. */
  pauseAfter(frames: number, isCut: boolean): void {
    this.#gate.changeAfter(frames, isCut ? 'cut' : 'silent')
  }

  /** Records again after that many frames. */
  resumeAfter(frames: number): void {
    this.#gate.changeAfter(frames, 'open')
  }

  /**
   * Takes the next frame of the far end, the first `length` samples; returns the cause when the recording is over with it.
   * @param isKey it is known that a key was pressed in it
   */
  hear(frame: Int16Array, length: number = frame.length, isKey = false): JobCause | undefined {
    return this.#take(frame, undefined, length, isKey)
  }

  /** The same of both sides: what came from the far end, and what it was sent. */
  hearBoth(farEnd: Int16Array, sent: Int16Array, length: number, isKey: boolean): JobCause | undefined {
    return this.#take(farEnd, sent, length, isKey)
  }

  /** Hands over what was recorded since the last block. Nothing is heard any more. */
  finish(): void {
    if (this.#erasers !== undefined) {
      for (; this.#held > 0; this.#held--) {
        for (const { eraser, frame } of this.#erasers) eraser.exchange(frame.fill(0))
        this.#record(this.#erasers[0].frame, this.#erasers[1].frame, this.#silence.length)
      }
      for (const { eraser } of this.#erasers) eraser.release()
    }
    this.flush()
  }

  /** Hands over what was recorded since the last block. */
  flush(): void {
    if (this.#filled === 0) return
    const block = this.#block
    this.#block = new Int16Array(this.#blockLength)
    this.#onBlock(this.#filled === this.#blockLength ? block : block.slice(0, this.#filled))
    this.#filled = 0
  }

  #take(farEnd: Int16Array, sent: Int16Array | undefined, length: number, isKey: boolean): JobCause | undefined {
    this.#elapsed += length
    const state = this.#gate.next()
    if (state === 'open') this.#pass(farEnd, sent, length, isKey)
    else if (state === 'silent')
      this.#pass(this.#silence, sent === undefined ? undefined : this.#silence, length, false)
    if (this.#elapsed >= this.#longest) return 'TIMEOUT'
    if (this.#recorded >= this.#maxSamples) return 'SIZE'
    if (state !== 'open') return undefined
    const patience = this.#audioDetected ? this.#limits.maxSilenceMs : this.#limits.initialSilenceMs
    return this.#silentSamples >= this.#samplesOf(patience) ? 'SILENCE' : undefined
  }

  /** Silence that stands for a pause says nothing about the call. */
  #pass(farEnd: Int16Array, sent: Int16Array | undefined, length: number, isKey: boolean): void {
    if (farEnd !== this.#silence) this.#judge(farEnd, sent, length)
    if (this.#erasers === undefined) {
      this.#record(farEnd, sent, length)
      return
    }
    const [left, right] = this.#erasers
    copySamples(farEnd, 0, length, left.frame, 0)
    left.eraser.exchange(left.frame, isKey)
    if (sent !== undefined) {
      copySamples(sent, 0, length, right.frame, 0)
      right.eraser.exchange(right.frame)
    }
    if (this.#held < LINE_FRAMES) this.#held++
    else this.#record(left.frame, right.frame, length)
  }

  #record(farEnd: Int16Array, sent: Int16Array | undefined, length: number): void {
    const { sides } = this.#limits
    const count = Math.min(length, this.#maxSamples - this.#recorded)
    this.#recorded += count
    for (let i = 0; i < count; i++) {
      const other = sent === undefined ? 0 : sent[i]!
      this.#block[this.#filled++] = sides === 'mixed' ? limit(farEnd[i]! + other) : farEnd[i]!
      if (sides === 'stereo') this.#block[this.#filled++] = other
      if (this.#filled === this.#blockLength) this.flush()
    }
  }

  #samplesOf(durationMs: number | undefined): number {
    return durationMs === undefined ? Infinity : durationMs * this.#samplesPerMs
  }

  /** Loud frames that are too few to be sound yet are in doubt: the first of a word, or a click within silence. */
  #judge(farEnd: Int16Array, sent: Int16Array | undefined, length: number): void {
    const threshold = energyAtLevel(SOUND_DBM0, length)
    const isLoud =
      this.#energy(farEnd, 0, length) > threshold || (sent !== undefined && this.#energy(sent, 0, length) > threshold)
    if (!isLoud) {
      const inDoubt = this.#loudFrames < SOUND_FRAMES ? this.#loudFrames : 0
      this.#silentSamples += (inDoubt + 1) * length
      this.#loudFrames = 0
    } else if (++this.#loudFrames >= SOUND_FRAMES) {
      this.#audioDetected = true
      this.#silentSamples = 0
    }
  }
}

interface Erasing {
  readonly eraser: DigitEraser
  readonly frame: Int16Array
}

const BLOCK_MS = 160
const SOUND_DBM0 = -40
const SOUND_FRAMES = 3
