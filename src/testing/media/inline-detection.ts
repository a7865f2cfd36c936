import type { DetectionListener, DetectionSession, FarEndDetection, WantedDetection } from '../../calls/index.ts'
import { type FarEndSignal, FarEndTap, type FarEndTape, FarEndTapeRecorder } from '../../media/index.ts'

/**
 * Finds out who picks up, where the call is: no thread, no waiting. What each detection was given is kept, so that a test can
 * play it again.
 */
export class InlineDetection implements FarEndDetection {
  readonly #sessions: InlineSession[] = []
  #isDead = false

  /** What the detections were given so far, in the order in which they began. */
  get tapes(): readonly FarEndTape[] {
    return this.#sessions.map(({ tape }) => tape)
  }

  /** Detection dies, as a thread does: whatever runs fails, now or, when it only `hangs`, never says a word again. */
  die({ hangs = false } = {}): void {
    this.#isDead = true
    for (const session of this.#sessions) session.die(hangs)
  }

  open(wanted: WantedDetection, listener: DetectionListener): DetectionSession {
    const session = new InlineSession(wanted, listener)
    if (this.#isDead) session.die(false)
    else this.#sessions.push(session)
    return session
  }
}

class InlineSession implements DetectionSession {
  readonly #tap: FarEndTap
  readonly #tape: FarEndTapeRecorder
  readonly #listener: DetectionListener
  #isOver = false

  constructor({ ring, options, before }: WantedDetection, listener: DetectionListener) {
    this.#tape = new FarEndTapeRecorder(options)
    this.#tap = new FarEndTap(ring, options, this.#tape)
    this.#listener = listener
    for (const { signal, atMs } of before) this.#tap.signal(signal, -atMs)
  }

  get tape(): FarEndTape {
    return this.#tape.tape()
  }

  signal(signal: FarEndSignal): void {
    if (this.#isOver) return
    this.#tap.signal(signal)
    this.#tell()
  }

  tapped(): void {
    if (this.#isOver) return
    this.#tap.listen()
    this.#tap.hear()
    this.#tell()
  }

  close(): void {
    this.#isOver = true
  }

  die(hangs: boolean): void {
    if (!this.#isOver && !hangs) this.#listener.onFailed('the detection thread has died')
    this.#isOver = true
  }

  #tell(): void {
    for (let event = this.#tap.poll(); event !== undefined; event = this.#tap.poll()) this.#listener.onEvent(event)
  }
}
