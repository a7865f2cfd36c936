import { Fifo } from '../../kit/index.ts'
import { createLiveAudio, type LiveAudio, LiveWriter } from '../../media/index.ts'
import type { LiveFormat, LiveSamples } from './live-format.ts'
import { Surplus } from './surplus.ts'

/** What became of the sound before a mark. */
export type MarkOutcome = 'PLAYED' | 'CLEARED' | 'ENDED'

/**
 * What is said to a far end live: a queue, of which a ring holds the beginning that a media thread plays from. The ring
 * lasts for a second or two when the main thread is busy; the queue may hold minutes, in the encoding in which it came.
 *
 * Positions count samples from the beginning and wrap at 2^31.
 */
export class LiveOutput {
  readonly audio: LiveAudio
  readonly #writer: LiveWriter
  readonly #surplus: Surplus
  readonly #samplesPerMs: number
  readonly #queue = new Fifo<LiveSamples>()
  readonly #marks = new Fifo<Mark>()
  #queued = 0
  /** Of the first block of the queue, how much is in the ring. */
  #taken = 0
  /** Where the last clear was, until the media thread has come there. */
  #clearedTo: number | undefined
  /** Who waits until less is to be played. */
  #waiter: Mark | undefined

  constructor(format: LiveFormat) {
    const { encoding, sampleRateHz } = format
    this.audio = createLiveAudio(encoding, RING_SAMPLES, sampleRateHz)
    this.#writer = new LiveWriter(this.audio)
    this.#samplesPerMs = sampleRateHz / 1000
    this.#surplus = new Surplus(format)
  }

  /** What is to be played still, in milliseconds. */
  get bufferedMs(): number {
    return ((this.#end - this.#played) | 0) / this.#samplesPerMs
  }

  /** How many marks are not passed. */
  get marks(): number {
    return this.#marks.length
  }

  /** Takes samples over: they are played behind what is there, but for pauses that only make up for lateness, see {@link Surplus}. */
  push(samples: LiveSamples): void {
    if (samples.length === 0 || this.#surplus.takes(samples, this.#end, this.#played)) return
    this.#queue.push(samples)
    this.#queued += samples.length
    this.#fill()
  }

  /** `onPassed` hears once what becomes of what was pushed until now. It may be called at once. */
  mark(onPassed: (outcome: MarkOutcome) => void): void {
    this.#surplus.isAhead()
    this.#marks.push({ at: this.#end, onPassed })
    this.#look()
  }

  /** `onPassed` hears when no more than so much is to be played. One may wait at a time. */
  waitUntilAtMost(bufferedMs: number, onPassed: (outcome: MarkOutcome) => void): void {
    this.#surplus.isAhead()
    this.#waiter = { at: (this.#end - Math.floor(bufferedMs * this.#samplesPerMs)) | 0, onPassed }
    this.#look()
  }

  /** Forgets what was not played yet: the far end hears no more of it than two packets. */
  clear(): void {
    this.#writer.clear()
    this.#clearedTo = this.#writer.position
    this.#surplus.reset()
    this.#passAll('CLEARED')
  }

  /** The media thread has come to where it was to tell. */
  onReached(): void {
    this.#look()
  }

  /** Nothing is played any more. */
  end(): void {
    this.#passAll('ENDED')
  }

  get #played(): number {
    const { played } = this.#writer
    const clearedTo = this.#clearedTo
    if (clearedTo === undefined) return played
    if (!isPassed(clearedTo, played)) return clearedTo
    this.#clearedTo = undefined
    return played
  }

  get #end(): number {
    return (this.#writer.position + this.#queued) | 0
  }

  #passAll(outcome: MarkOutcome): void {
    this.#queue.clear()
    this.#queued = 0
    this.#taken = 0
    const waiter = this.#waiter
    this.#waiter = undefined
    const passed: Mark[] = []
    for (let mark = this.#marks.shift(); mark !== undefined; mark = this.#marks.shift()) passed.push(mark)
    waiter?.onPassed(outcome)
    for (const mark of passed) mark.onPassed(outcome)
  }

  /** Passes what was played, moves what there is room for into the ring, and asks to be told of what comes next. */
  #look(): void {
    const played = this.#played
    const waiter = this.#waiter
    if (waiter !== undefined && isPassed(waiter.at, played)) {
      this.#waiter = undefined
      waiter.onPassed('PLAYED')
    }
    for (let mark = this.#marks.peek(); mark !== undefined && isPassed(mark.at, played); mark = this.#marks.peek()) {
      this.#marks.shift()
      mark.onPassed('PLAYED')
    }
    this.#fill()
  }

  #fill(): void {
    for (let block = this.#queue.peek(); block !== undefined; block = this.#queue.peek()) {
      const count = Math.min(this.#writer.room, block.length - this.#taken)
      this.#writer.write(block, this.#taken, count)
      this.#queued -= count
      this.#taken += count
      if (this.#taken < block.length) break
      this.#queue.shift()
      this.#taken = 0
    }
    const next = this.#nextPosition()
    if (next !== undefined) this.#writer.tellAt(next)
  }

  /** The first position that matters: of a mark, of who waits, or where the ring is half empty while there is more for it. */
  #nextPosition(): number | undefined {
    const { position } = this.#writer
    const played = this.#played
    const refillAt = this.#queued > 0 ? (position - RING_SAMPLES / 2) | 0 : undefined
    let next: number | undefined
    for (const at of [refillAt, this.#marks.peek()?.at, this.#waiter?.at])
      if (at !== undefined && (next === undefined || ((at - played) | 0) < ((next - played) | 0))) next = at
    return next
  }
}

interface Mark {
  readonly at: number
  readonly onPassed: (outcome: MarkOutcome) => void
}

function isPassed(at: number, played: number): boolean {
  return ((played - at) | 0) >= 0
}

/** 2 s at 8 kHz. */
const RING_SAMPLES = 16_384
