import type { WantedDetection } from '../../calls/index.ts'
import { FarEndTap, type FarEndTape, FarEndTapeRecorder } from '../../media/index.ts'
import type { FromDetectionThread, ToDetectionThread } from './thread-messages.ts'

interface Detection {
  readonly callId: string
  readonly tap: FarEndTap
  readonly tape: FarEndTapeRecorder | undefined
}

/** What a thread has to do with its detections. */
export interface DetectionsOptions {
  readonly say: (message: FromDetectionThread) => void
  /** Keeps what a detection was given, when it is over. Default: nothing is kept. */
  readonly keep?: (callId: string, tape: FarEndTape) => void
}

/** The detections of one thread. One that breaks ends alone. */
export class Detections {
  readonly #detections = new Map<number, Detection>()
  readonly #say: DetectionsOptions['say']
  readonly #keep: DetectionsOptions['keep']

  constructor({ say, keep }: DetectionsOptions) {
    this.#say = say
    this.#keep = keep
  }

  get size(): number {
    return this.#detections.size
  }

  take(message: Exclude<ToDetectionThread, { type: 'end' }>): void {
    const { id } = message
    if (message.type === 'open') this.#guard(id, () => this.#open(id, message.wanted))
    else if (message.type === 'signal') this.#guard(id, () => this.#detections.get(id)?.tap.signal(message.signal))
    else this.#close(id)
  }

  /**
   * Hears what has come for each of them.
   * @param onHeard is called after each
   */
  hear(onHeard: () => void = () => {}): void {
    for (const [id, { tap }] of this.#detections) {
      this.#guard(id, () => {
        tap.hear()
        for (let event = tap.poll(); event !== undefined; event = tap.poll()) this.#say({ type: 'event', id, event })
      })
      onHeard()
    }
  }

  #open(id: number, { callId, ring, options, before }: WantedDetection): void {
    const tape = this.#keep && new FarEndTapeRecorder(options)
    const tap = new FarEndTap(ring, options, tape)
    this.#detections.set(id, { callId, tap, tape })
    for (const { signal, atMs } of before) tap.signal(signal, -atMs)
  }

  #close(id: number): void {
    const detection = this.#detections.get(id)
    this.#detections.delete(id)
    if (detection?.tape !== undefined) this.#keep?.(detection.callId, detection.tape.tape())
  }

  #guard(id: number, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#detections.delete(id)
      this.#say({ type: 'failed', id, reason: `the detector has failed: ${String(error)}` })
    }
  }
}
