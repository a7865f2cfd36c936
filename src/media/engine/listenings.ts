import type { Fifo } from '../../kit/index.ts'
import type { SampleRateHz } from '../codec/codec-rates.ts'
import type { JobCause, JobId, LegId, ListenFor, MediaCommand, MediaEvent } from './control.ts'
import type { FrameListener } from './hearing.ts'
import type { Inbound } from './inbound.ts'
import { Listening, type ListeningState } from './listening.ts'
import type { Workshop } from './workshop.ts'

/** A `listen`, and what was heard for it so far. */
export type SurrenderedListening = Extract<MediaCommand, { type: 'listen' }> & { readonly past: ListeningState }

/** Whoever listens for speech on a leg: any number of jobs, and the player that speech interrupts. */
export class Listenings {
  readonly #leg: LegId
  readonly #workshop: Workshop
  readonly #events: Fifo<MediaEvent>
  readonly #inbound: Inbound
  readonly #isPlaying: () => boolean
  readonly #running: Running[] = []
  #interrupter: FrameListener | undefined

  /** @param isPlaying whether the far end hears something now that may come back as an echo */
  constructor(leg: LegId, workshop: Workshop, events: Fifo<MediaEvent>, inbound: Inbound, isPlaying: () => boolean) {
    this.#leg = leg
    this.#workshop = workshop
    this.#events = events
    this.#inbound = inbound
    this.#isPlaying = isPlaying
  }

  /** @param past what another engine has heard for it before */
  begin(job: JobId, wanted: ListenFor, mediaMs: number, past?: ListeningState): void {
    const listening = new Listening(
      wanted,
      this.#isPlaying,
      {
        onVoice: (state, msAgo) => this.#events.push({ type: 'voice', leg: this.#leg, job, state, msAgo }),
        onSound: (samples) => this.#events.push({ type: 'recorded', leg: this.#leg, job, samples }),
        onDone: (cause) => this.#end(running, cause),
      },
      this.#workshop.kernels,
      past,
    )
    const listeners: FrameListener[] = [{ isEasy: true, hear: (frame, isWhole) => listening.hear(frame, isWhole) }]
    // Whoever came last hears first: the sound is there when it is judged.
    if (wanted.sound !== undefined) listeners.push(this.#tapOf(listening, wanted.sound.sampleRateHz))
    const running: Running = { id: job, wanted, listening, listeners }
    this.#running.push(running)
    for (const listener of listeners) this.#inbound.attach(listener, mediaMs)
  }

  /** Ends one with ABORTED, if it runs. */
  stop(job: JobId): void {
    const running = this.#running.find(({ id }) => id === job)
    if (running !== undefined) this.#end(running, 'ABORTED')
  }

  /** Ends those that a digit of the far end interrupts. */
  interrupt(): void {
    for (const running of [...this.#running]) if (running.wanted.bargeIn) this.#end(running, 'BARGEIN')
  }

  /** Hands over what was heard; another engine goes on with what is returned. */
  surrender(): SurrenderedListening[] {
    return this.#running.splice(0).map(({ id, wanted, listening }) => {
      listening.flush()
      return { type: 'listen', leg: this.#leg, job: id, for: wanted, past: listening.state }
    })
  }

  end(cause: JobCause, detail?: string): void {
    for (const running of [...this.#running]) this.#end(running, cause, detail)
  }

  /** Calls `onSpeech` when the far end speaks over what is being played; until then, or until {@link playedOut}. */
  whilePlaying(onSpeech: () => void, mediaMs: number): void {
    const listening = new Listening(
      { until: 'speech', bargeIn: false },
      () => true,
      { onVoice: () => {}, onSound: () => {}, onDone: onSpeech },
      this.#workshop.kernels,
    )
    this.#interrupter = { isEasy: true, hear: (frame, isWhole) => listening.hear(frame, isWhole) }
    this.#inbound.attach(this.#interrupter, mediaMs)
  }

  /** Nothing is played any more. */
  playedOut(): void {
    if (this.#interrupter !== undefined) this.#inbound.detach(this.#interrupter)
    this.#interrupter = undefined
  }

  /** Sound of any codec at one rate. */
  #tapOf(listening: Listening, sampleRateHz: SampleRateHz): FrameListener {
    if (sampleRateHz === 8000) return { isEasy: true, hear: (frame) => listening.keep(frame, frame.length) }
    const { up, wide } = this.#workshop.codecs.rates
    const past = new Int16Array(up.past)
    return {
      isEasy: true,
      hear: (frame) => listening.keep(wide, up.process(past, frame, 0, frame.length, wide, 0)),
      hearWide: (frame) => listening.keep(frame, frame.length),
    }
  }

  #end(running: Running, cause: JobCause, detail?: string): void {
    const index = this.#running.indexOf(running)
    if (index < 0) return
    this.#running.splice(index, 1)
    for (const listener of running.listeners) this.#inbound.detach(listener)
    running.listening.flush()
    this.#events.push({
      type: 'finished',
      leg: this.#leg,
      job: running.id,
      cause,
      ...(detail !== undefined && { detail }),
    })
  }
}

interface Running {
  readonly id: JobId
  readonly wanted: ListenFor
  readonly listening: Listening
  readonly listeners: readonly FrameListener[]
}
