import type { FarEndEvent, FarEndOptions, FarEndSignal, TapRing } from '../../media/index.ts'

/**
 * What finds out who has picked up: a port. The server does it in threads of its own, the test kit where the call is. What a
 * detection hears stands in a ring, which a tap of the media engine fills.
 */
export interface FarEndDetection {
  /** Begins a detection, at once. What it says is said later, never from inside. */
  open(wanted: WantedDetection, listener: DetectionListener): DetectionSession
}

/** What is to be listened to. */
export interface WantedDetection {
  /** For whoever keeps what was heard. */
  readonly callId: string
  /** Of 8 kHz. */
  readonly ring: TapRing
  readonly options: FarEndOptions
  /** What had become known of the call before: the sound begins at 0, so these are 0 or less. */
  readonly before: readonly { readonly signal: FarEndSignal; readonly atMs: number }[]
}

/** Who hears of a detection. */
export interface DetectionListener {
  onEvent(event: FarEndEvent): void
  /** Nothing will come of it (any more): what runs it has died, or has no room for it. Nothing follows. */
  onFailed(reason: string): void
}

/** A detection that runs. */
export interface DetectionSession {
  /** Something has become known of the call beside its sound. */
  signal(signal: FarEndSignal): void
  /** There is more in the ring. Said once until the ring's reader has asked to be told again. */
  tapped(): void
  /** Nobody listens any more. */
  close(): void
}
