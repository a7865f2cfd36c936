import { MediaFileError, UsageError } from '../kit/index.ts'
import type { JobCause, RoomTrack } from '../media/index.ts'
import type { ChannelCore } from './channel-core.ts'
import type { JobCommand, JobListener, LegJobs, NextToPlay } from './leg-jobs.ts'
import type { CallRecord } from './record/call-record.ts'

/** Whose job it is: a channel, which has a far end that presses keys, or a room. */
export type JobOwner = Pick<ChannelCore, 'host' | 'claimTransmitter' | 'releaseTransmitter'> &
  Partial<Pick<ChannelCore, 'events'>>

/** What a job runs on: the leg of a call, or a room. */
export interface JobPlace {
  readonly isEnding: boolean
  readonly record: CallRecord | undefined
  readonly media: JobMedia
  /** Calls back when it ends. Returns the function that stops it. */
  onEnding(listener: () => void): () => void
}

/** What the media engine does for jobs of such a place. */
export interface JobMedia {
  /** What its sound carries. */
  readonly sampleRateHz: 8000 | 16_000
  readonly jobs: Pick<LegJobs, 'start' | 'stop' | 'playNext' | 'pauseRecording' | 'resumeRecording'>
}

/** A job of the engine that runs. */
export interface RunningJob {
  /** Lets one that plays go on with another source. */
  playNext(next: Omit<NextToPlay, 'type'>): void
  pauseRecording(isCut: boolean): void
  resumeRecording(): void
  /** Ends it with ABORTED. */
  stop(): void
}

/** What a job can say of its end before it is mapped to the causes of its object. */
export type JobEnd = JobCause | 'HANGUP'

/** The running state of a media object. */
export type JobState = 'IDLE' | 'RUNNING'

/** A job being prepared or running. */
interface Run {
  readonly leg: JobPlace
  readonly finished: Promise<JobEnd>
  readonly finish: (end: JobEnd) => void
  /** Once it has begun. */
  stop: (() => void) | undefined
  isStopped: boolean
  /** By a key, before it has begun. */
  isInterrupted: boolean
  isOverdue: boolean
  /** It has the place of the transmitter. */
  isTransmitting: boolean
}

/** Keys that go by signalling, not through the media engine. */
export interface KeysByInfo {
  readonly type: 'infoKeys'
  /** Begins to press them. */
  press(listener: JobListener): { stop(): void }
}

/** How one run is made. */
export interface RunPlan {
  /**
   * Prepares what is needed (reads a file, opens a recording); an error ends the run with ERROR.
   * @param isWanted false as soon as the run was stopped or interrupted, or its call ends
   */
  prepare(isWanted: () => boolean): Promise<JobCommand> | JobCommand | KeysByInfo
  readonly bargeIn: boolean
  /** A receiver that transmits a beep first. Default false. */
  readonly beeps?: boolean
  /** What is played, recorded or pressed, for the record of the call. */
  readonly what?: string
  /** Ends with TIMEOUT after so long. Default: never. */
  readonly timeoutMs?: number | undefined
  /** The engine has the job. */
  onBegun?(job: RunningJob): void
  /** The beep is over. */
  onBeeped?(): void
  /** The source that was to be played after another has begun. */
  onPlayingNext?(): void
  /** False ends the job: there is no room for more. */
  onRecorded?(samples: Int16Array, track?: RoomTrack): boolean
  /** Runs when the engine has finished and before the run counts as finished; may turn the end into ERROR by throwing. */
  complete?(outcome: { audioDetected?: boolean }, end: JobEnd): Promise<void>
  /**
   * Waits for somebody else after the engine has finished, and says how the run ends; ERROR by throwing.
   * @param interrupted resolves when the application stops the run meanwhile, or the call ends
   */
  conclude?(end: JobEnd, interrupted: Promise<'ABORTED' | 'HANGUP'>): Promise<JobEnd>
}

/**
 * What every media object of a channel is: at most one job at a time, with `state()`, `cause()`, `stop()` and
 * `waitUntilFinished()`. Subclasses name their causes and add `play` or `record` with its `start` form.
 */
export abstract class MediaJob<Cause extends string, Owner extends JobOwner = ChannelCore> {
  protected readonly core: Owner
  readonly #name: string
  readonly #transmits: boolean
  #run: Run | undefined
  #cause: JobEnd | 'NONE' = 'NONE'
  #error: Error | undefined

  constructor(core: Owner, name: string, direction: 'transmitter' | 'receiver') {
    this.core = core
    this.#name = name
    this.#transmits = direction === 'transmitter'
  }

  state(): JobState {
    return this.#run === undefined ? 'IDLE' : 'RUNNING'
  }

  /** Why the last job ended; NONE while one runs or none ever did. */
  cause(): Cause {
    return this.#cause as string as Cause
  }

  /** What went wrong, when {@link cause} is ERROR. */
  error(): Error | undefined {
    return this.#error
  }

  /** Ends the running job with ABORTED and resolves when it has ended; nothing happens when none runs. */
  async stop(): Promise<Cause> {
    const run = this.#run
    if (run !== undefined) {
      run.isStopped = true
      this.core.host.post(() => {
        run.stop?.()
      })
    }
    return this.waitUntilFinished()
  }

  /** Resolves with the cause when the running job has ended, at once when none runs. */
  async waitUntilFinished(): Promise<Cause> {
    await this.#run?.finished
    return this.cause()
  }

  /**
   * Starts a job on `leg`. Returns as soon as it was accepted; the promise of `waitUntilFinished` tells the rest.
   * @throws UsageError when a job of this object is already running, or another transmitter feeds the channel
   */
  protected launch(leg: JobPlace, plan: RunPlan): void {
    if (this.#run !== undefined)
      throw new UsageError(`${this.#name} is already running; stop it or wait until it finished`)
    const isTransmitting = this.#transmits || plan.beeps === true
    if (isTransmitting) this.core.claimTransmitter(this.#name)
    const { promise, resolve } = withResolvers<JobEnd>()
    const run: Run = {
      leg,
      finished: promise,
      finish: resolve,
      stop: undefined,
      isStopped: false,
      isInterrupted: false,
      isOverdue: false,
      isTransmitting,
    }
    this.#run = run
    this.#cause = 'NONE'
    this.#error = undefined
    const { host } = this.core
    leg.record?.add(host.now, { type: 'started', job: this.#name, what: plan.what })
    void this.#prepare(run, plan)
  }

  async #prepare(run: Run, plan: RunPlan): Promise<void> {
    let command: JobCommand | KeysByInfo
    // The engine hears keys only once it has the job.
    const interrupt = () => {
      run.isInterrupted = true
    }
    const stopListening = (plan.bargeIn && this.core.events?.on('digit', interrupt)) || (() => {})
    try {
      command = await plan.prepare(() => whyNot(run) === undefined)
    } catch (error) {
      stopListening()
      // What nobody waits for any more need not have been possible.
      const end = whyNot(run)
      if (end === undefined) this.#fail(error)
      this.#finish(run, end ?? 'ERROR')
      return
    }
    this.core.host.post(() => {
      stopListening()
      const end = whyNot(run)
      if (end === undefined) this.#begin(run, plan, command)
      else void this.#complete(run, plan, end, {})
    })
  }

  #begin(run: Run, plan: RunPlan, command: JobCommand | KeysByInfo): void {
    const { leg } = run
    const { timeoutMs } = plan
    const overdue = this.core.host.timer(() => {
      run.isOverdue = true
      run.stop?.()
    })
    const listener: JobListener = {
      get bargeIn() {
        return plan.bargeIn
      },
      onBeeped: () => {
        this.#releaseTransmitter(run)
        plan.onBeeped?.()
      },
      onRecorded: (samples, track) => {
        if (plan.onRecorded?.(samples, track) === false) run.stop?.()
      },
      onPlayingNext: () => plan.onPlayingNext?.(),
      onFinished: (cause, outcome) => {
        overdue.clear()
        void this.#complete(run, plan, cause === 'ABORTED' && run.isOverdue ? 'TIMEOUT' : cause, outcome)
      },
    }
    if (timeoutMs !== undefined) overdue.setIn(timeoutMs)
    if (command.type === 'infoKeys') {
      const keys = command.press(listener)
      run.stop = () => keys.stop()
    } else {
      const job = leg.media.jobs.start(command, listener)
      run.stop = () => leg.media.jobs.stop(job)
      plan.onBegun?.({
        playNext: (next) => leg.media.jobs.playNext(job, next),
        pauseRecording: (isCut) => leg.media.jobs.pauseRecording(job, isCut),
        resumeRecording: () => leg.media.jobs.resumeRecording(job),
        stop: () => leg.media.jobs.stop(job),
      })
    }
  }

  async #complete(
    run: Run,
    plan: RunPlan,
    end: JobEnd,
    outcome: { detail?: string; audioDetected?: boolean },
  ): Promise<void> {
    if (end === 'ERROR') this.#fail(new MediaFileError(outcome.detail ?? 'the media engine reported an error'))
    // The place of the transmitter is free as soon as the engine says so, not when the application looks.
    this.#releaseTransmitter(run)
    try {
      await plan.complete?.(outcome, end)
      this.#finish(run, (await this.#conclude(run, plan, end)) ?? end)
    } catch (error) {
      this.#fail(error)
      this.#finish(run, 'ERROR')
    }
  }

  async #conclude(run: Run, plan: RunPlan, end: JobEnd): Promise<JobEnd | undefined> {
    if (plan.conclude === undefined) return undefined
    let stopListening = (): void => {}
    const interrupted = new Promise<'ABORTED' | 'HANGUP'>((resolve) => {
      run.stop = () => resolve('ABORTED')
      stopListening = run.leg.onEnding(() => resolve('HANGUP'))
    })
    try {
      return await plan.conclude(end, interrupted)
    } finally {
      stopListening()
    }
  }

  #releaseTransmitter(run: Run): void {
    if (run.isTransmitting) this.core.releaseTransmitter()
    run.isTransmitting = false
  }

  #finish(run: Run, end: JobEnd): void {
    this.#releaseTransmitter(run)
    this.#run = undefined
    this.#cause = end
    run.leg.record?.add(this.core.host.now, { type: 'finished', job: this.#name, cause: end })
    run.finish(end)
  }

  #fail(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error))
    this.core.host.logger.warn({ err: this.#error, job: this.#name }, `${this.#name} failed: ${this.#error.message}`)
  }
}

/** What a run ends with that is over before it has begun. */
function whyNot({ isStopped, isInterrupted, leg }: Run): JobEnd | undefined {
  if (isStopped) return 'ABORTED'
  if (leg.isEnding) return 'HANGUP'
  return isInterrupted ? 'BARGEIN' : undefined
}

/** Promise.withResolvers of ES2024, which Node 20 lacks. */
function withResolvers<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>((r) => {
    resolve = r
  })
  return { promise, resolve }
}
