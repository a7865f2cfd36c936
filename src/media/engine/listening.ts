import type { SampleRateHz } from '../codec/codec-rates.ts'
import { type HeardBefore, VoiceActivityDetector } from '../detect/voice-activity-detector.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { JobCause, ListenFor } from './control.ts'
import { TICK_MS } from './schedule.ts'

/** What comes of listening. */
export interface ListeningResult {
  onVoice(state: 'began' | 'ended', msAgo: number): void
  onSound(samples: Int16Array): void
  onDone(cause: JobCause): void
}

/** What a listening has heard so far. */
export interface ListeningState {
  readonly detector: HeardBefore
  readonly guardedFrames: number
  readonly silentMs: number
  readonly hasBegun: boolean
  readonly hasHeardSpeech: boolean
}

/**
 * Listens for speech until what it waits for has come. Where the sound of the speech is wanted, too, it is handed over from
 * a little before its beginning on; until there is speech only the last second is kept.
 */
export class Listening {
  readonly #for: ListenFor
  readonly #result: ListeningResult
  readonly #detector: VoiceActivityDetector
  readonly #isPlaying: () => boolean
  readonly #tap: SpeechTap | undefined
  #guardedFrames = 0
  #silentMs = 0
  /** Whether the speech in progress was long enough to be said. */
  #hasBegun = false
  #hasHeardSpeech = false

  /**
   * @param isPlaying whether the far end hears something now that may come back as an echo
   * @param past what another one has heard before it
   */
  constructor(
    listenFor: ListenFor,
    isPlaying: () => boolean,
    result: ListeningResult,
    kernels?: Pick<Kernels, 'energy'>,
    past?: ListeningState,
  ) {
    this.#for = listenFor
    this.#isPlaying = isPlaying
    this.#result = result
    const hangoverMs = listenFor.silenceMs
    this.#detector = new VoiceActivityDetector({
      ...(hangoverMs !== undefined && { hangoverMs }),
      ...(kernels !== undefined && { kernels }),
      ...(past !== undefined && { past: past.detector }),
    })
    if (listenFor.sound !== undefined)
      this.#tap = new SpeechTap(listenFor.sound.sampleRateHz, (samples) => result.onSound(samples))
    if (past === undefined) return
    this.#guardedFrames = past.guardedFrames
    this.#silentMs = past.silentMs
    this.#hasBegun = past.hasBegun
    this.#hasHeardSpeech = past.hasHeardSpeech
    if (past.hasBegun) this.#tap?.open(0)
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ListeningState {
    return {
      detector: this.#detector.past,
      guardedFrames: this.#guardedFrames,
      silentMs: this.#silentMs,
      hasBegun: this.#hasBegun,
      hasHeardSpeech: this.#hasHeardSpeech,
    }
  }

  /** Takes the sound itself, at the rate that was asked for, before {@link hear} takes the same 20 ms. */
  keep(samples: Int16Array, length: number): void {
    this.#tap?.take(samples, length)
  }

  /** Takes the next 20 ms, at 8 kHz. */
  hear(frame: Int16Array, isWhole: boolean): void {
    const detector = this.#detector
    const isPlaying = this.#isPlaying()
    // An echo comes back for a while after the end.
    if (isPlaying) this.#guardedFrames = ECHO_FRAMES
    detector.isGuarded = this.#guardedFrames > 0
    if (this.#guardedFrames > 0) this.#guardedFrames--
    const edge = detector.hear(frame, isWhole)
    if (edge === 'ends') this.#end()
    else if (detector.isSpeaking && !this.#hasBegun && this.#isLongEnough) this.#begin()
    if (!isPlaying) this.#silentMs += TICK_MS
    const cause = this.#verdict(edge === 'ends')
    if (cause === undefined) return
    this.flush()
    this.#result.onDone(cause)
  }

  /** Hands over what was heard since the last block. */
  flush(): void {
    this.#tap?.flush()
  }

  get #isLongEnough(): boolean {
    return this.#detector.nowMs - this.#detector.beganAtMs >= (this.#for.minSpeechMs ?? 0)
  }

  #begin(): void {
    this.#hasBegun = true
    this.#hasHeardSpeech = true
    const agoMs = this.#detector.nowMs - this.#detector.beganAtMs
    this.#tap?.open(agoMs + BEFORE_SPEECH_MS)
    this.#result.onVoice('began', agoMs)
  }

  #end(): void {
    if (!this.#hasBegun) return
    this.#hasBegun = false
    this.#tap?.close()
    this.#result.onVoice('ended', this.#detector.nowMs - this.#detector.endedAtMs)
  }

  #verdict(hasEnded: boolean): JobCause | undefined {
    const { until, timeoutMs, initialSilenceMs, silenceMs = 0 } = this.#for
    const { nowMs, isSpeaking } = this.#detector
    if (until === 'speech' && this.#hasBegun) return 'NORMAL'
    if (until === 'utterance' && hasEnded && this.#hasHeardSpeech) return 'NORMAL'
    if (until === 'silence' && !isSpeaking && (hasEnded || nowMs >= silenceMs)) return 'NORMAL'
    if (timeoutMs !== undefined && nowMs >= timeoutMs) return 'TIMEOUT'
    const isPatient = initialSilenceMs === undefined || this.#hasHeardSpeech || isSpeaking
    return isPatient || this.#silentMs < initialSilenceMs ? undefined : 'TIMEOUT'
  }
}

/** The last second of the sound and, from when it is opened, all that follows, in blocks. */
class SpeechTap {
  readonly #ring: Int16Array
  readonly #samplesPerMs: number
  readonly #onBlock: (samples: Int16Array) => void
  #written = 0
  #handedOver = 0
  #isOpen = false

  constructor(sampleRateHz: SampleRateHz, onBlock: (samples: Int16Array) => void) {
    this.#samplesPerMs = sampleRateHz / 1000
    this.#ring = new Int16Array(KEPT_MS * this.#samplesPerMs)
    this.#onBlock = onBlock
  }

  take(samples: Int16Array, length: number): void {
    const ring = this.#ring
    // Frames fill the ring without a rest.
    const at = this.#written % ring.length
    for (let i = 0; i < length; i++) ring[at + i] = samples[i]!
    this.#written += length
    if (this.#isOpen && this.#written - this.#handedOver >= BLOCK_MS * this.#samplesPerMs) this.flush()
  }

  open(agoMs: number): void {
    this.#isOpen = true
    const oldest = Math.max(this.#handedOver, this.#written - this.#ring.length)
    this.#handedOver = Math.max(oldest, this.#written - agoMs * this.#samplesPerMs)
  }

  close(): void {
    this.flush()
    this.#isOpen = false
  }

  flush(): void {
    const length = this.#written - this.#handedOver
    if (!this.#isOpen || length === 0) return
    const ring = this.#ring
    const block = new Int16Array(length)
    for (let i = 0; i < length; i++) block[i] = ring[(this.#handedOver + i) % ring.length]!
    this.#handedOver = this.#written
    this.#onBlock(block)
  }
}

/** 300 ms: what a speakerphone in a hall gives back. */
const ECHO_FRAMES = 15
/** Recognisers want to hear a little of what was before the first word. */
const BEFORE_SPEECH_MS = 200
const KEPT_MS = 1000
const BLOCK_MS = 60
