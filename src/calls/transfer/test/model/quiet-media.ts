import { type Instant, type Machine, NEVER, type Random, uniform } from '../../../../kit/index.ts'
import type { JobId, LegId, LegStatistics, MediaCommand, MediaEvent } from '../../../../media/index.ts'

/** How often the media plane cannot do what it is told. */
export interface MediaTroubles {
  readonly openFails: number
  readonly bridgeFails: number
  readonly mixFails: number
}

interface QuietLeg {
  readonly id: LegId
  other: QuietLeg | undefined
  room: number | undefined
  /** Which of them transmit. */
  readonly jobs: Map<JobId, boolean>
}

/** How long something that is played takes: an announcement of a second. */
const PLAY_MS = 1000

/**
 * A media plane without sound or sockets: it says what the engine says, a little later and in order, and holds the engine's
 * rules. For runs by the hundred thousand.
 */
export class QuietMedia implements Machine<MediaCommand, MediaEvent> {
  /** What no caller of the engine may do. */
  readonly problems: string[] = []
  readonly #random: Random
  readonly #troubles: MediaTroubles
  readonly #legs = new Map<LegId, QuietLeg>()
  readonly #events: { readonly at: Instant; readonly event: MediaEvent }[] = []
  readonly #ready: MediaEvent[] = []
  /** What is being played to its end. */
  readonly #ends: { readonly at: Instant; readonly leg: LegId; readonly job: JobId }[] = []
  #ports = 20_000
  #lastAt: Instant = 0

  constructor(random: Random, troubles: MediaTroubles) {
    this.#random = random
    this.#troubles = troubles
  }

  get openLegs(): number {
    return this.#legs.size
  }

  poll(): MediaEvent | undefined {
    return this.#ready.shift()
  }

  deadline(): Instant {
    return Math.min(this.#events[0]?.at ?? NEVER, this.#ends[0]?.at ?? NEVER)
  }

  expire(now: Instant): void {
    while ((this.#ends[0]?.at ?? NEVER) <= now) {
      const { leg, job } = this.#ends.shift() as { leg: LegId; job: JobId }
      const isRoom = !this.#legs.has(leg)
      if (isRoom || this.#legs.get(leg)?.jobs.delete(job))
        this.#say({ type: 'finished', leg, job, cause: 'NORMAL' }, now)
    }
    while ((this.#events[0]?.at ?? NEVER) <= now) this.#ready.push(this.#events.shift()?.event as MediaEvent)
  }

  /** A worker dies, a key is pressed: what nobody has asked for. */
  happen(event: Extract<MediaEvent, { type: 'failed' | 'digit' }>, now: Instant): void {
    const leg = this.#legs.get(event.leg)
    if (leg === undefined) return
    if (event.type === 'failed') this.#forget(leg, now)
    this.#say(event, now)
  }

  handle(command: MediaCommand, now: Instant): void {
    if (command.type === 'open') {
      this.#open(command.leg, now)
      return
    }
    const leg = this.#legs.get(command.leg)
    if (command.type === 'playToRoom') this.#ends.push({ at: now + PLAY_MS, leg: command.leg, job: command.job })
    if (leg === undefined) {
      if (command.type === 'bridge')
        this.#say({ ...command, type: 'bridgeFailed', reason: 'the leg is not there' }, now)
      return
    }
    switch (command.type) {
      case 'play':
        if (leg.other !== undefined) this.problems.push('something is played into a bridge')
        if ([...leg.jobs.values()].includes(true)) this.problems.push('two things are played at a time')
        leg.jobs.set(command.job, true)
        if (command.source.kind === 'audio' && !command.source.loop)
          this.#ends.push({ at: now + PLAY_MS, leg: leg.id, job: command.job })
        return
      case 'detect':
        leg.jobs.set(command.job, false)
        this.#say({ type: 'heard', leg: leg.id, job: command.job, sound: 'audio', startedMsAgo: 0 }, now)
        return
      case 'stopJob':
        this.#finish(leg, command.job, 'ABORTED', now)
        return
      case 'bridge':
        this.#bridge(leg, command.other, now)
        return
      case 'unbridge':
        this.#unbridge(leg, now)
        return
      case 'mix':
        this.#mix(leg, command.room, now)
        return
      case 'unmix':
        leg.room = undefined
        this.#say({ type: 'unmixed', leg: leg.id, room: 0 }, now)
        return
      case 'close':
        for (const job of [...leg.jobs.keys()]) this.#finish(leg, job, 'ABORTED', now)
        this.#forget(leg, now)
        this.#say({ type: 'closed', leg: leg.id, statistics: NOTHING }, now)
        return
    }
  }

  #open(id: LegId, now: Instant): void {
    if (uniform(this.#random) < this.#troubles.openFails) {
      this.#say({ type: 'failed', leg: id, reason: 'no port is free' }, now)
      return
    }
    this.#legs.set(id, { id, other: undefined, room: undefined, jobs: new Map() })
    this.#ports += 2
    this.#say({ type: 'opened', leg: id, address: '192.0.2.1', port: this.#ports }, now)
  }

  #bridge(leg: QuietLeg, otherId: LegId, now: Instant): void {
    const other = this.#legs.get(otherId)
    const transmits = [leg, other].some((each) => each !== undefined && [...each.jobs.values()].includes(true))
    if (transmits) this.problems.push('a leg is bridged that transmits')
    const cannot =
      other === undefined || leg.other !== undefined || other.other !== undefined || transmits || leg.room !== undefined
    if (cannot || uniform(this.#random) < this.#troubles.bridgeFails) {
      this.#say({ type: 'bridgeFailed', leg: leg.id, other: otherId, reason: 'not this time' }, now)
      return
    }
    leg.other = other
    other.other = leg
    this.#say({ type: 'bridged', leg: leg.id, other: otherId }, now)
  }

  #unbridge(leg: QuietLeg, now: Instant): void {
    const { other } = leg
    if (other === undefined) return
    leg.other = undefined
    other.other = undefined
    if (this.#legs.has(leg.id)) this.#say({ type: 'unbridged', leg: leg.id, other: other.id }, now)
    this.#say({ type: 'unbridged', leg: other.id, other: leg.id }, now)
  }

  #mix(leg: QuietLeg, room: number, now: Instant): void {
    if (leg.other !== undefined) this.problems.push('a bridged leg is mixed')
    if (leg.room === undefined && uniform(this.#random) < this.#troubles.mixFails) {
      this.#say({ type: 'mixFailed', leg: leg.id, room, reason: 'not this time' }, now)
      return
    }
    leg.room = room
    this.#say({ type: 'mixed', leg: leg.id, room }, now)
  }

  #finish(leg: QuietLeg, job: JobId, cause: 'ABORTED', now: Instant): void {
    if (leg.jobs.delete(job)) this.#say({ type: 'finished', leg: leg.id, job, cause }, now)
  }

  #forget(leg: QuietLeg, now: Instant): void {
    this.#legs.delete(leg.id)
    this.#unbridge(leg, now)
  }

  /** Up to 40 ms later, as between threads, and behind what was said before it. */
  #say(event: MediaEvent, from: Instant): void {
    this.#lastAt = Math.max(this.#lastAt + 0.001, from + 40 * uniform(this.#random) ** 2)
    this.#events.push({ at: this.#lastAt, event })
  }
}

const NOTHING: LegStatistics = {
  packetsSent: 0,
  packetsReceived: 0,
  packetsLost: 0,
  packetsRefused: 0,
  jitterMs: 0,
  underruns: 0,
  concealedMs: 0,
  stretchedMs: 0,
  jitterBufferMs: 0,
  slotsSkipped: 0,
  playerUnderruns: 0,
  recordedTooLateMs: 0,
  reportsSent: 0,
  reportsReceived: 0,
}
