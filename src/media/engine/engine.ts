import { Counters, Fifo, type Instant, type Machine, NEVER, type Random } from '../../kit/index.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import type { HeardSource } from '../rtp/source-latch.ts'
import type { SrtpCrypto } from '../srtp/crypto.ts'
import { type Kernels, threadKernels } from '../wasm/kernels.ts'
import type { LegId, LegStatistics, MediaCommand, MediaEvent, RoomId, RoomJobCommand } from './control.ts'
import { Leg } from './leg.ts'
import type { MediaCounter } from './media-counters.ts'
import type { MediaIo, MediaIoEvent } from './media-io.ts'
import { Room } from './room.ts'
import { RoomJobs } from './room-jobs.ts'
import { Schedule, SUB_TICK_MS, SUB_TICKS } from './schedule.ts'
import { Touch } from './touch.ts'
import { Workshop } from './workshop.ts'

export interface MediaEngineOptions {
  readonly io: MediaIo
  readonly random: Random
  readonly counters?: Counters<MediaCounter>
  /** Legs that may be open at once. Default 10,000. */
  readonly maxLegs?: number
  /**
   * When the grid of the sub-ticks begins, in milliseconds of `now`. Engines that hand legs over to each other have one clock
   * and one origin. Default: the first call.
   */
  readonly origin?: Instant
  /** The ciphers of SRTP. Without them a leg that is to have it fails. */
  readonly crypto?: SrtpCrypto
  /** Opus. Without it a leg that is to have it fails. */
  readonly opus?: OpusLibrary
  /** What does the arithmetic. Default: the best there is, over a memory that all engines of the thread share. */
  readonly kernels?: Kernels
}

/**
 * The media plane of one thread: all legs on it, swept and served on a tick of 20 ms in four sub-ticks of 5 ms.
 *
 * Sub-ticks lie on a fixed grid from the first call on. One that comes late is done late and the next on time again;
 * after a stall each leg is visited once and works out for itself which slots have passed (see {@link Outbound}): a
 * stall costs slots, never a burst, and media time is always elapsed time. An engine without a started leg asks for
 * nothing: its deadline is NEVER. Legs that are mixed are visited by their room.
 *
 * From sweep to send nothing is allocated per packet or per tick. Commands, events and recorded blocks are objects.
 */
export class MediaEngine implements Machine<MediaCommand, MediaEvent> {
  readonly counters: Counters<MediaCounter>
  readonly #workshop: Workshop
  readonly #maxLegs: number
  readonly #legs = new Map<LegId, Leg>()
  readonly #opening = new Set<LegId>()
  /** Those of them that are open already, elsewhere. */
  readonly #arriving = new Set<LegId>()
  readonly #schedule: Schedule<Leg>
  readonly #rooms = new Map<RoomId, Room>()
  readonly #roomSchedule: Schedule<Room>
  readonly #roomJobs: RoomJobs
  /** Who was last heard on a port: as many as there are ports. */
  readonly #formerSources = new Map<number, HeardSource>()
  readonly #events = new Fifo<MediaEvent>()
  #origin: Instant | undefined
  /** The first sub-tick, counted from the origin, that is still to be done. */
  #nextSubTick = 0
  readonly #touch = new Touch()

  constructor(options: MediaEngineOptions) {
    this.counters = options.counters ?? new Counters()
    this.#workshop = new Workshop(options.io, options.random, options.kernels ?? threadKernels(), options.opus)
    this.#workshop.crypto = options.crypto
    this.#maxLegs = options.maxLegs ?? 10_000
    this.#roomJobs = new RoomJobs(this.#workshop, this.#events, () => this.counters.add('playerUnderruns'))
    this.#origin = options.origin
    const legsIn = (part: number): number =>
      this.#roomSchedule.at(part).reduce((sum, room) => sum + room.load, this.#schedule.at(part).length)
    this.#schedule = new Schedule(legsIn)
    this.#roomSchedule = new Schedule(legsIn)
  }

  handle(command: MediaCommand, now: Instant): void {
    if (this.#isIdle) this.#wake(now)
    else this.#passEmpty(now)
    try {
      this.#do(command, now)
    } catch (error) {
      this.#fail(command.leg, brokenBy(error))
    }
    this.#pollIo()
  }

  poll(): MediaEvent | undefined {
    return this.#events.shift()
  }

  deadline(): Instant {
    return this.#isIdle ? NEVER : this.#originOr(0) + this.#nextDue * SUB_TICK_MS
  }

  expire(now: Instant): void {
    this.#pollIo()
    if (this.#isIdle) return
    const origin = this.#originOr(now)
    const current = subTickAt(now, origin)
    if (current < this.#nextSubTick) return
    if (current > this.#nextDue) this.counters.add('lateTicks')
    // After a stall only the latest sub-tick of each of the four lists is done.
    for (let n = Math.max(this.#nextSubTick, current - SUB_TICKS + 1); n <= current; n++)
      if (this.#hasWork(n)) this.#doSubTick(n, now)
    this.#nextSubTick = current + 1
  }

  #doSubTick(n: number, now: Instant): void {
    const { io } = this.#workshop
    const mediaMs = n * SUB_TICK_MS
    io.beginPart?.(n % SUB_TICKS, mediaMs)
    this.#workshop.punctuality.begin(mediaMs, now)
    const legs = this.#schedule.at(n)
    for (let i = 0; i < legs.length; ) {
      this.#touch.beforeVisit(legs, i)
      const leg = legs[i]!
      this.#visit(leg, mediaMs, now)
      // One that fails is taken out, and those behind it move up.
      if (legs[i] === leg) i++
    }
    const rooms = this.#roomSchedule.at(n)
    for (let i = rooms.length - 1; i >= 0; i--) rooms[i]!.visit(mediaMs, now)
    io.beginPart?.(undefined, mediaMs)
  }

  #do(command: MediaCommand, now: Instant): void {
    switch (command.type) {
      case 'open':
        this.#open(command.leg, command.localAddress)
        return
      case 'start':
        this.#start(command, now)
        return
      case 'close':
        this.#close(command.leg, now)
        return
      case 'release':
        this.#release(command)
        return
      case 'adopt':
        this.#adopt(command, now)
        return
      case 'bridge':
        this.#bridge(command)
        return
      case 'unbridge':
        this.#unbridge(command.leg)
        return
      case 'relayKey':
        this.#legs.get(command.leg)?.relayKey(command.digit, this.#mediaMs)
        return
      case 'mix':
        this.#mix(command)
        return
      case 'unmix':
        this.#unmix(command.leg)
        return
      case 'playToRoom':
      case 'recordRoom':
      case 'watchRoom':
        this.#beginRoomJob(command)
        return
      default: {
        const leg = this.#legs.get(command.leg)
        if (leg !== undefined) leg.do(command, this.#mediaMs)
        else if (this.#roomJobs.do(command)) return
        else if (!ABOUT_A_JOB_THAT_RUNS.includes(command.type))
          this.#refuse(command.leg, command.job, `leg ${command.leg} is not open`)
      }
    }
  }

  /** A broken invariant ends the leg concerned; the others never notice. */
  #visit(leg: Leg, mediaMs: number, now: Instant): void {
    try {
      leg.visit(mediaMs, now)
    } catch (error) {
      this.#fail(leg.id, brokenBy(error))
    }
  }

  get #isIdle(): boolean {
    return this.#schedule.size === 0 && this.#rooms.size === 0 && this.#opening.size === 0
  }

  /** Media time as the legs know it: that of the sub-tick done last. */
  get #mediaMs(): number {
    return (this.#nextSubTick - 1) * SUB_TICK_MS
  }

  #originOr(now: Instant): Instant {
    this.#origin ??= now
    return this.#origin
  }

  #hasWork(n: number): boolean {
    return this.#schedule.at(n).length > 0 || this.#roomSchedule.at(n).length > 0
  }

  /** The next sub-tick in which something is to do; ports that are being opened are asked after in each. */
  get #nextDue(): number {
    let n = this.#nextSubTick
    if (this.#opening.size > 0) return n
    while (n < this.#nextSubTick + SUB_TICKS - 1 && !this.#hasWork(n)) n++
    return n
  }

  /** Sub-ticks without work are not asked for, so they may have passed. */
  #passEmpty(now: Instant): void {
    const current = subTickAt(now, this.#originOr(now))
    while (this.#nextSubTick <= current && !this.#hasWork(this.#nextSubTick)) this.#nextSubTick++
  }

  /** Time has passed unnoticed while nothing was to do. */
  #wake(now: Instant): void {
    this.#nextSubTick = subTickAt(now, this.#originOr(now)) + 1
  }

  #release({ leg: id, to }: Extract<MediaCommand, { type: 'release' }>): void {
    const leg = this.#legs.get(id)
    const isOpen = leg !== undefined && !this.#opening.has(id)
    const reason = isOpen ? leg.releaseObstacle : `leg ${id} is not open in this engine`
    if (reason !== undefined) {
      this.#events.push({ type: 'notReleased', leg: id, reason })
      return
    }
    const state = leg!.surrender()
    const port = this.#workshop.io.release(id, to)
    this.counters.add('legs', -1)
    this.#legs.delete(id)
    this.#schedule.remove(leg!)
    this.#events.push({ type: 'released', leg: id, released: { port, state } })
  }

  #adopt({ leg: id, released }: Extract<MediaCommand, { type: 'adopt' }>, now: Instant): void {
    this.#workshop.io.adopt(id, released.port)
    if (this.#legs.size >= this.#maxLegs) {
      this.#workshop.io.close(id)
      this.#failNew(id)
      return
    }
    const leg = this.#create(id)
    this.#arriving.add(id)
    leg.resume(released.state, this.#mediaMs, now)
  }

  /** The sub-tick of the next tick in which a packet that is due at `mediaMs` leaves without delay. */
  #soonest(mediaMs: number): number {
    const due = Math.ceil(mediaMs / SUB_TICK_MS)
    return Math.min(Math.max(due, this.#nextSubTick), this.#nextSubTick + SUB_TICKS - 1)
  }

  #open(id: LegId, localAddress: string): void {
    if (this.#legs.has(id)) {
      this.#fail(id, `leg ${id} is open already`)
      return
    }
    if (this.#legs.size >= this.#maxLegs) {
      this.#failNew(id)
      return
    }
    this.#create(id)
    this.#workshop.io.open(id, localAddress)
  }

  /** It has no port yet. */
  #create(id: LegId): Leg {
    const leg = new Leg(id, this.#workshop, this.#events)
    this.counters.add('legs')
    this.#legs.set(id, leg)
    this.#opening.add(id)
    return leg
  }

  #failNew(id: LegId): void {
    this.counters.add('legsFailed')
    this.#events.push({ type: 'failed', leg: id, reason: `all ${this.#maxLegs} media legs are in use` })
  }

  #start({ leg: id, stream }: Extract<MediaCommand, { type: 'start' }>, now: Instant): void {
    const leg = this.#legs.get(id)
    if (leg === undefined) return
    const wasScheduled = leg.stream !== undefined && !this.#opening.has(id)
    const hadHalfTicks = leg.needsHalfTicks
    leg.start(stream, this.#mediaMs, now)
    if (this.#opening.has(id) || (wasScheduled && hadHalfTicks === leg.needsHalfTicks)) return
    if (leg.room !== undefined && leg.takesPart) this.#reschedule(leg.room)
    else {
      if (wasScheduled) this.#schedule.remove(leg)
      this.#schedule.add(leg, leg.needsHalfTicks)
    }
  }

  #bridge({ leg: id, other: otherId }: Extract<MediaCommand, { type: 'bridge' }>): void {
    const [leg, other] = [this.#legs.get(id), this.#legs.get(otherId)]
    const reason =
      leg === undefined || other === undefined
        ? `leg ${leg === undefined ? id : otherId} is not open in this engine`
        : leg === other
          ? 'a leg cannot be bridged to itself'
          : (leg.bridgeObstacle ?? other.bridgeObstacle)
    if (reason === undefined) {
      leg!.bridgeTo(other!, this.#mediaMs)
      const isScheduled = !this.#opening.has(id) && !this.#opening.has(otherId)
      if (isScheduled && !leg!.needsHalfTicks && !other!.needsHalfTicks) this.#schedule.pair(leg!, other!)
    }
    this.#events.push(
      reason === undefined
        ? { type: 'bridged', leg: id, other: otherId }
        : { type: 'bridgeFailed', leg: id, other: otherId, reason },
    )
  }

  #unbridge(id: LegId): void {
    const other = this.#legs.get(id)?.unbridge()
    if (other === undefined) return
    this.#events.push({ type: 'unbridged', leg: id, other: other.id })
    this.#events.push({ type: 'unbridged', leg: other.id, other: id })
  }

  #mix(command: Extract<MediaCommand, { type: 'mix' }>): void {
    const { leg: id, room: roomId, talk = true, listen = true, privateKeys = '' } = command
    const leg = this.#legs.get(id)
    const reason = leg === undefined ? `leg ${id} is not open in this engine` : leg.mixObstacle(roomId)
    if (reason !== undefined) {
      this.#events.push({ type: 'mixFailed', leg: id, room: roomId, reason })
      return
    }
    const tookPart = leg!.takesPart
    if (leg!.room === undefined) (this.#rooms.get(roomId) ?? this.#createRoom(roomId)).add(leg!)
    leg!.room!.arrange(leg!, command)
    leg!.useRoom(talk, listen, privateKeys, this.#mediaMs)
    if (leg!.takesPart !== tookPart) this.#place(leg!, leg!.room!)
    this.#events.push({ type: 'mixed', leg: id, room: roomId })
  }

  #unmix(id: LegId): void {
    const leg = this.#legs.get(id)
    const room = leg?.room
    if (leg === undefined || room === undefined) return
    const tookPart = leg.takesPart
    this.#exit(leg, room)
    if (tookPart && !this.#opening.has(id)) this.#schedule.add(leg, leg.needsHalfTicks)
    this.#events.push({ type: 'unmixed', leg: id, room: room.id })
  }

  #beginRoomJob(command: RoomJobCommand): void {
    const { leg, job, room: roomId } = command
    const room = this.#rooms.get(roomId)
    if (room === undefined) this.#refuse(leg, job, `nobody is in room ${roomId}`)
    else if (this.#legs.has(leg) || this.#roomJobs.has(leg)) this.#refuse(leg, job, `the id ${leg} is in use`)
    else this.#roomJobs.begin(command, room)
  }

  #createRoom(id: RoomId): Room {
    const room = new Room(id, this.#workshop, (leg, error) => this.#fail(leg.id, brokenBy(error)))
    this.#rooms.set(id, room)
    this.#roomSchedule.add(room, false)
    this.counters.add('rooms')
    return room
  }

  /** Has a leg that takes part in a room now visited with it, and one that waits there from now on by itself. */
  #place(leg: Leg, room: Room): void {
    if (leg.takesPart) {
      this.#schedule.remove(leg)
      room.takeIn(leg)
    } else {
      room.letOut(leg)
      if (!this.#opening.has(leg.id)) this.#schedule.add(leg, leg.needsHalfTicks)
    }
    this.#reschedule(room)
    // Where it was put, nobody knew how large it would be. A round of it is then once 5 to 15 ms early or late.
    if (Number.isInteger(Math.log2(room.load))) this.#roomSchedule.relieve(room, room.hasHalfTicks)
  }

  #exit(leg: Leg, room: Room): void {
    room.remove(leg)
    if (room.size > 0) {
      this.#reschedule(room)
      return
    }
    room.end()
    this.#rooms.delete(room.id)
    this.#roomSchedule.remove(room)
    this.counters.add('rooms', -1)
  }

  /** A room is visited each 10 ms as long as one of its legs has to be. */
  #reschedule(room: Room): void {
    if (!room.needsOtherVisits()) return
    this.#roomSchedule.remove(room)
    this.#roomSchedule.add(room, room.hasHalfTicks)
  }

  #close(id: LegId, now: Instant): void {
    const leg = this.#legs.get(id)
    if (leg === undefined) return
    // First of all: what waits in its jitter buffer is for recordings.
    if (leg.room !== undefined) this.#exit(leg, leg.room)
    leg.end('ABORTED')
    leg.leave(this.#mediaMs, now)
    const statistics = leg.statistics()
    this.#forget(leg, statistics)
    this.#events.push({ type: 'closed', leg: id, statistics })
  }

  #fail(id: LegId, reason: string): void {
    const leg = this.#legs.get(id)
    if (leg === undefined) return
    if (leg.room !== undefined) this.#exit(leg, leg.room)
    leg.end('ERROR', reason)
    this.#forget(leg, leg.statistics())
    this.counters.add('legsFailed')
    this.#events.push({ type: 'failed', leg: id, reason })
  }

  #forget(leg: Leg, statistics: LegStatistics): void {
    if (leg.source !== undefined) this.#formerSources.set(leg.port, leg.source)
    const other = leg.unbridge()
    if (other !== undefined) this.#events.push({ type: 'unbridged', leg: other.id, other: leg.id })
    this.#count(statistics)
    this.counters.add('legs', -1)
    this.#legs.delete(leg.id)
    this.#opening.delete(leg.id)
    this.#arriving.delete(leg.id)
    this.#schedule.remove(leg)
    this.#workshop.io.close(leg.id)
  }

  #count(statistics: LegStatistics): void {
    for (const name of COUNTED) this.counters.add(name, Math.round(statistics[name]))
    if (Math.abs(statistics.clockDriftPpm ?? 0) > DRIFTING_PPM) this.counters.add('clocksDrifting')
  }

  #refuse(leg: LegId, job: number, detail: string): void {
    this.#events.push({ type: 'finished', leg, job, cause: 'ERROR', detail })
  }

  #pollIo(): void {
    const { io } = this.#workshop
    for (let event = io.poll(); event !== undefined; event = io.poll()) this.#onIo(event)
  }

  #onIo(event: MediaIoEvent): void {
    const leg = this.#legs.get(event.leg)
    if (leg === undefined) return
    if (event.type === 'failed') {
      this.#fail(event.leg, event.reason)
      return
    }
    if (!this.#opening.delete(event.leg)) return
    if (this.#arriving.delete(event.leg)) {
      this.#schedule.add(leg, leg.needsHalfTicks, this.#soonest(leg.nextSlotMs))
      return
    }
    leg.bound(event.port, this.#formerSources.get(event.port))
    this.counters.add('legsOpened')
    this.#events.push({ type: 'opened', leg: event.leg, address: event.address, port: event.port })
    if (leg.stream !== undefined && !leg.takesPart) this.#schedule.add(leg, leg.needsHalfTicks)
  }
}

/** Commands that mean nothing where their job has ended. */
const ABOUT_A_JOB_THAT_RUNS: readonly MediaCommand['type'][] = [
  'stopJob',
  'playNext',
  'pauseRecording',
  'resumeRecording',
]
/** What a leg counts as the engine does. */
const COUNTED = [
  'slotsSkipped',
  'underruns',
  'playerUnderruns',
  'recordedTooLateMs',
  'concealedMs',
  'stretchedMs',
  'packetsSent',
  'packetsReceived',
  'packetsLost',
  'packetsRefused',
  'reportsSent',
  'reportsReceived',
] as const
/** Twice what a cheap crystal is off by. */
const DRIFTING_PPM = 200

function brokenBy(error: unknown): string {
  return `an invariant of the media engine was broken: ${error instanceof Error ? error.message : String(error)}`
}

/** A millionth of a sub-tick is forgiven: a deadline, taken back to its number, must not round down to the one before. */
function subTickAt(now: Instant, origin: Instant): number {
  return Math.floor((now - origin) / SUB_TICK_MS + 1e-6)
}
