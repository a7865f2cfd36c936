import {
  createTapRing,
  type FarEndEvent,
  type FarEndSignal,
  type FarEndVerdict,
  type JobId,
} from '../../media/index.ts'
import type { ChannelEvent } from '../channel-events.ts'
import type { MutableCallDetails } from '../details.ts'
import { CallFarEndType, LiveSpeakerDetectionSettings } from '../enums.ts'
import type { CallHost, CallTimer } from '../host.ts'
import type { LegMedia } from '../leg-media.ts'
import type { CallRecord } from '../record/call-record.ts'
import type { CallVerdict, FarEndDetails } from './far-end-details.ts'
import type { DetectionSession } from './far-end-detection.ts'
import { FarEndNotes } from './far-end-notes.ts'
import type { FarEndSettings } from './far-end-options.ts'

/** The call whose far end is listened to. */
export interface WatchedCall {
  readonly details: MutableCallDetails
  readonly media: LegMedia
  readonly record: CallRecord | undefined
  emit(event: ChannelEvent): void
  /** Something has changed that somebody may wait for. */
  checkWaiting(): void
}

/**
 * Listens to the far end of a call, and keeps in its details what is thought of it. From the first session description to
 * half a minute after the verdict, or as long as somebody needs to know what is heard; the verdict may be revised until then.
 *
 * However detection fails, a call that has been answered has its verdict in time: UNKNOWN when nothing else has come.
 */
export class FarEndWatch {
  readonly #host: CallHost
  readonly #call: WatchedCall
  readonly #notes: FarEndNotes
  /** Without: only somebody who waits for the end of a greeting wants it. */
  readonly #settings: FarEndSettings | undefined
  readonly #guard: CallTimer
  readonly #enough: CallTimer
  readonly #before: { signal: FarEndSignal; atMs: number }[] = []
  readonly #listeners = new Set<(event: FarEndEvent) => void>()
  #session: DetectionSession | undefined
  #job: JobId | undefined
  #isAnswered = false
  #isOver = false
  #source: string | undefined
  #isReady: 'beep' | 'silence' | undefined

  constructor(host: CallHost, call: WatchedCall, settings: FarEndSettings | undefined) {
    this.#host = host
    this.#call = call
    this.#settings = settings
    this.#guard = host.timer(() => this.#decide('deadline'))
    this.#enough = host.timer(() => this.#stop())
    this.#notes = new FarEndNotes(settings === undefined)
    call.details.farEnd = this.details
    if (settings !== undefined) delete call.details.farEndType
  }

  get details(): FarEndDetails {
    return this.#notes.details
  }

  /** Whether what was asked for is known. */
  get isDecided(): boolean {
    return this.details.isFinal
  }

  /** Whoever placed the call need not wait for it. */
  get isAsync(): boolean {
    return this.#settings?.isAsync === true
  }

  /** A message would be recorded now, and why so. */
  get isReady(): 'beep' | 'silence' | undefined {
    return this.#isReady
  }

  /** Hears what is heard of the far end until it is told to stop, for as long as the call lasts. */
  on(listener: (event: FarEndEvent) => void): () => void {
    this.#listeners.add(listener)
    this.#enough.clear()
    this.#listen()
    return () => {
      this.#listeners.delete(listener)
      this.#listenOn()
    }
  }

  /** Something has become known beside the sound. */
  note(signal: FarEndSignal): void {
    if (signal === 'answered') this.#answered()
    if (this.#session !== undefined) this.#session.signal(signal)
    else if (this.#before.length < MOST_SIGNALS) this.#before.push({ signal, atMs: this.#host.now })
  }

  /** The far end has (another) session description: there is sound from now on. */
  noteStream(): void {
    const { stream } = this.#call.media
    if (stream === undefined || this.#isOver) return
    const source = `${stream.codec} ${stream.remoteAddress} ${stream.remotePort}`
    if (this.#source === undefined && !this.#isAnswered) this.note('earlyMedia')
    else if (this.#source !== undefined && this.#source !== source) this.note('sourceChanged')
    this.#source = source
    if (this.#settings !== undefined && this.#job === undefined && !this.details.isFinal) this.#listen()
  }

  /** The call goes on to another phone: what was heard and told so far was of the one before. */
  noteNextWay(): void {
    this.#stop()
    this.#before.length = 0
    this.#source = undefined
    if (this.#settings === undefined) return
    this.#notes.details.isFinal = false
    delete this.#notes.details.verdict
    delete this.#call.details.farEndType
  }

  /** The call is over: what is not known by now never will be. */
  end(): void {
    if (!this.details.isFinal) this.#decide('ended')
    this.#stop()
    this.#isOver = true
  }

  #answered(): void {
    this.#isAnswered = true
    if (!this.details.isFinal && this.#settings !== undefined) this.#guard.setIn(this.#settings.timeoutMs)
  }

  #listen(): void {
    const { farEnd } = this.#host
    if (farEnd === undefined || this.#job !== undefined || this.#isOver || this.#call.media.stream === undefined) return
    const ring = createTapRing()
    const { now } = this.#host
    const before = this.#before.splice(0).map(({ signal, atMs }) => ({ signal, atMs: atMs - now }))
    // Somebody listens again who had stopped.
    if (this.#isAnswered && !before.some(({ signal }) => signal === 'answered'))
      before.push({ signal: 'answered', atMs: 0 })
    this.#notes.details.listeningSince = this.#host.wallTimeMs()
    const session = farEnd.open(
      {
        callId: this.#call.details.callId,
        ring,
        options: this.#options(),
        before,
      },
      {
        onEvent: (event) => this.#host.post(() => this.#take(session, event)),
        onFailed: (reason) => this.#host.post(() => this.#failed(session, reason)),
      },
    )
    this.#session = session
    this.#host.count('farEndsListenedTo')
    this.#job = this.#call.media.jobs.start(
      { type: 'tap', ring },
      { bargeIn: false, onTapped: () => session.tapped(), onFinished: () => this.#closed(session) },
    )
  }

  #options() {
    if (this.#settings === undefined) return {}
    const { start, timeoutMs, sensitivity, decidesEarly } = this.#settings
    return {
      start,
      // Its clock is the sound, which comes a little later than it was made.
      timeoutMs: timeoutMs - SOUND_DELAY_MS,
      decidesEarly,
      ...(sensitivity !== undefined && { sensitivity }),
    }
  }

  #take(session: DetectionSession, event: FarEndEvent): void {
    if (session !== this.#session) return
    if (event.type === 'verdict') this.#judge(this.#notes.verdictOf(event))
    else {
      this.#notes.take(event)
      this.#follow(event)
    }
    for (const listener of [...this.#listeners]) listener(event)
  }

  #follow(event: Exclude<FarEndEvent, FarEndVerdict>): void {
    if (event.type === 'readyForMessage') this.#isReady = event.by
    else if (event.type === 'speechStarted' || event.type === 'beepStarted') this.#isReady = undefined
    if (event.type === 'beepStarted') {
      const { frequencyHz, startedAtMs } = event
      this.#call.record?.add(this.#host.now, { type: 'beep', frequencyHz })
      this.#call.emit({ type: 'beep', startedAt: this.#notes.wall(startedAtMs), frequencyHz })
    }
    if (!this.#isPatient || !this.#isAnswered || this.#notes.details.isFinal) return
    // Ringing after the answer is none for whoever waits for the real one; it does not go on for ever either.
    const { timeoutMs = 0 } = this.#settings ?? {}
    if (event.type === 'ringingStopped') this.#guard.setIn(timeoutMs)
    else if (event.type === 'tone' && event.tone === 'ringback') this.#guard.setIn(MOST_RINGING_MS + timeoutMs)
  }

  get #isPatient(): boolean {
    return this.#settings?.start === LiveSpeakerDetectionSettings.TIMEOUT_FROM_ANSWER_DETECT
  }

  #judge(verdict: CallVerdict): void {
    // Whoever has not been asked for a verdict keeps it for those who look.
    const isTold = this.#settings !== undefined
    if (!this.#isAnswered && verdict.farEndType === CallFarEndType.LIVE) return
    // Ringback before the answer, or nothing yet, is no news.
    const { stage, farEndType, fineKind, confidence, reason } = verdict
    if (stage === 'provisional' && farEndType === CallFarEndType.UNKNOWN && this.details.verdict === undefined) return
    // The time was up before it came.
    if (this.details.isFinal && isTold && stage !== 'revised') return
    this.#notes.judge(verdict)
    if (!isTold) return
    this.#call.record?.add(this.#host.now, { type: 'farEnd', stage, farEndType, fineKind, confidence, reason })
    if (stage === 'provisional') {
      this.#call.emit({ type: 'farEnd', verdict })
      return
    }
    this.#notes.details.isFinal = true
    this.#call.details.farEndType = farEndType
    this.#guard.clear()
    this.#listenOn()
    this.#call.emit({ type: stage === 'revised' ? 'revised' : 'farEnd', verdict })
    this.#call.checkWaiting()
  }

  /** The time is up, or the call over: what was thought last holds, or else nothing is known. */
  #decide(reason: 'deadline' | 'ended' | 'failed'): void {
    if (this.details.isFinal) return
    if (reason === 'deadline' && this.#session !== undefined) this.#host.count('farEndsLate')
    this.#judge(this.#notes.lastWord(reason, this.#host.wallTimeMs()))
  }

  #failed(session: DetectionSession, reason: string): void {
    if (session !== this.#session) return
    this.#host.count('farEndsFailed')
    const { callId } = this.#call.details
    this.#host.logger.warn({ callId, reason }, 'live speaker detection has failed: the far end is UNKNOWN')
    this.#session = undefined
    this.#stop()
    this.#decide('failed')
    this.#isOver = true
  }

  /** Nobody needs it any more, after a while in which the verdict can still be revised. */
  #listenOn(): void {
    if (this.#listeners.size === 0 && this.#job !== undefined && this.details.isFinal) this.#enough.setIn(LISTEN_ON_MS)
  }

  #stop(): void {
    this.#enough.clear()
    if (this.#isOver || this.details.isFinal) this.#guard.clear()
    if (this.#job !== undefined) this.#call.media.jobs.stop(this.#job)
    this.#closed(this.#session)
  }

  #closed(session: DetectionSession | undefined): void {
    if (session !== this.#session) return
    this.#session = undefined
    this.#job = undefined
    session?.close()
  }
}

const MOST_SIGNALS = 16
const SOUND_DELAY_MS = 100
/** How long a far end is heard after the verdict: a person who turns out to be a greeting has said so by then. */
const LISTEN_ON_MS = 30_000
const MOST_RINGING_MS = 60_000
