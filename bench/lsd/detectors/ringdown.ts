import type { FarEndEvent } from '../../../src/media/detect/far-end/far-end.ts'
import { built } from '../../interleaved.ts'
import type { CallListener, CallSignal, Detector, Outcome } from './detector.ts'

const { FarEndDetector } = await built<typeof import('../../../src/media/detect/far-end/far-end-detector.ts')>(
  'detect/far-end/far-end-detector',
)

/** Ours, as it is compiled. */
export const RINGDOWN: Detector = {
  name: 'ringdown',
  title: 'Ringdown',
  listen: ({ timeoutMs }) => new RingdownListener(timeoutMs),
}

/** The same with the deadline that applications get when they say none. */
export const RINGDOWN_BY_DEFAULT: Detector = {
  name: 'ringdown-7s',
  title: 'Ringdown, its usual deadline of 7 s',
  listen: () => new RingdownListener(7000),
}

/** The same with another `sensitivity`. */
export const RINGDOWN_BY_SENSITIVITY: readonly Detector[] = [0.2, 0.8].map((sensitivity) => ({
  name: `ringdown@${sensitivity}`,
  title: `Ringdown, sensitivity ${sensitivity}`,
  listen: ({ timeoutMs }) => new RingdownListener(timeoutMs, sensitivity),
}))

class RingdownListener implements CallListener {
  readonly #detector: InstanceType<typeof FarEndDetector>

  constructor(timeoutMs: number, sensitivity?: number) {
    const start = 'TIMEOUT_FROM_ANSWER_DETECT'
    this.#detector = new FarEndDetector({ timeoutMs, start, ...(sensitivity !== undefined && { sensitivity }) })
  }

  signal({ type, atMs }: CallSignal): void {
    this.#detector.signal(type, atMs)
  }

  hear(frame: Int16Array, atMs: number): void {
    this.#detector.hear(frame, atMs)
  }

  missing(durationMs: number, atMs: number): void {
    this.#detector.missing(durationMs, atMs)
  }

  poll(): Outcome | undefined {
    for (let event = this.#detector.poll(); event !== undefined; event = this.#detector.poll()) {
      const outcome = outcomeOf(event)
      if (outcome !== undefined) return outcome
    }
    return undefined
  }
}

function outcomeOf(event: FarEndEvent): Outcome | undefined {
  switch (event.type) {
    case 'verdict': {
      const { stage, kind, fineKind, confidence, reason } = event
      return { type: 'verdict', stage, kind, detail: fineKind, confidence, reason }
    }
    case 'tone':
      return { type: 'tone', name: event.tone }
    case 'beepStarted':
    case 'beepEnded':
    case 'readyForMessage':
      return { type: event.type }
    default:
      return undefined
  }
}
