import {
  Counters,
  Deadline,
  DeadlineHeap,
  Fifo,
  type Instant,
  type Logger,
  type Machine,
  NEVER,
  Sequence,
  silentLogger,
  Table,
} from '../kit/index.ts'
import type { LegId, MediaEvent } from '../media/index.ts'
import {
  Endpoint,
  type EndpointCommand,
  type EndpointEvent,
  type EndpointOutput,
  type RegistrarCounter,
  type SessionId,
  type SipRequest,
} from '../sip/index.ts'
import type { AppDefinition } from './app.ts'
import { ChannelCore } from './channel-core.ts'
import { conferenceService } from './conference/conference-service.ts'
import { Rooms, TICKET_HEADER } from './conference/rooms.ts'
import { publicDetails } from './details.ts'
import { Cause } from './enums.ts'
import type { ExchangeCounter, ExchangeInput, ExchangeOptions, ExchangeOutput } from './exchange-port.ts'
import type { CallHost, CallTimer, ReferEvent } from './host.ts'
import { IncomingLeg } from './incoming-leg.ts'
import type { InstanceRecord } from './instance.ts'
import { Instances, isRunnable } from './instances.ts'
import type { Leg } from './leg.ts'
import { CallRecords } from './record/call-records.ts'
import { type CallStory, type CallSummary, summarise, tellStory } from './record/call-story.ts'
import { ourPlaces } from './refer/our-places.ts'
import { OutsideReferrals } from './refer/outside-referrals.ts'
import type { Referred } from './refer/received-refer.ts'
import { ReferPolicy } from './refer/refer-policy.ts'
import { Referrals } from './refer/referrals.ts'
import { trunkOfCaller } from './routing/caller-trunk.ts'
import { dialledAddress, hopsLeft } from './routing/dialled.ts'
import { Inside, roomOfUser } from './routing/inside.ts'
import { Router } from './routing/router.ts'
import type { Trunk } from './routing/trunk.ts'
import type { Service } from './service.ts'
import { ToneManager } from './tone-manager.ts'
import { Forking } from './upkeep/forking.ts'
import { LocalUsers, type RegisteredPhone } from './upkeep/local-users.ts'
import type { TrunkStatus } from './upkeep/trunk-status.ts'
import { type TrunkCounter, TrunkUpkeep } from './upkeep/trunk-upkeep.ts'
import { uriText } from './uri-text.ts'

/**
 * The whole exchange as one machine: the SIP endpoint and the calls over it, joined to media by messages, and the
 * application instances that live on the calls.
 *
 * Application code is asynchronous: what it asks for is queued and carried out at the next mutation, which the driver
 * is asked for through `onPending`. Within one mutation the order is: SIP events, SIP commands, application requests,
 * until nothing is left.
 */
export class Exchange implements Machine<ExchangeInput, ExchangeOutput> {
  readonly counters = new Counters<ExchangeCounter>()
  readonly tones = new ToneManager()
  readonly endpoint: Endpoint
  /** What is kept of recent calls; `undefined` where nothing is. */
  readonly records: CallRecords | undefined
  readonly #options: ExchangeOptions
  readonly #logger: Logger
  readonly #host: CallHost
  readonly #ids = new Sequence()
  readonly #outbox = new Fifo<ExchangeOutput>()
  readonly #sipCommands = new Fifo<EndpointCommand>()
  readonly #actions = new Fifo<() => void>()
  readonly #timers = new DeadlineHeap<() => void>()
  readonly #sessions = new Table<SessionId, Leg>()
  readonly #refers = new Map<number, (event: ReferEvent) => void>()
  readonly #mediaLegs = new Table<LegId, (event: MediaEvent) => void>()
  /** By the ids of their media. */
  readonly #legs = new Table<LegId, Leg>()
  readonly #instances: Instances
  readonly #upkeep: TrunkUpkeep
  readonly #users: LocalUsers | undefined
  readonly #forking: Forking
  readonly #inside: Inside
  readonly #referrals: Referrals
  readonly #outsideReferrals: OutsideReferrals
  readonly #rooms: Rooms
  #now: Instant = 0
  #isMutating = false
  #isDraining = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    if (options.records !== undefined && options.records.calls > 0)
      this.records = new CallRecords(options.records, options.wallTimeMs)
    const { localAddress, authentication } = options.sip
    this.#inside = new Inside(options.random)
    this.endpoint = new Endpoint({
      ...options.sip,
      localAddress: (peer) => (this.#inside.isMeant(peer) ? this.#inside.local : localAddress(peer)),
      ...(authentication && {
        authentication: {
          ...authentication,
          requires: (request, from) => !this.#inside.isMeant(from) && authentication.requires(request, from),
          vouchedUser: (request, from) =>
            this.#inside.isMeant(from) ? undefined : authentication.vouchedUser?.(request, from),
        },
      }),
      ...(this.records && { witness: this.records }),
      random: options.random,
      logger: this.#logger,
      sessionIds: this.#ids,
      outsideMethods: options.users === undefined ? [] : ['REGISTER'],
      acceptsRefer: true,
      acceptsReplaces: true,
    })
    this.#host = this.#createHost()
    this.#rooms = new Rooms(
      this.#host,
      options.rooms ?? {},
      () => this.counters.add('roomsRefusedFull'),
      (name) => options.services.named(name) !== undefined,
    )
    this.#users =
      options.users &&
      new LocalUsers(this.#host, options.users, (change) => this.#outbox.push({ type: 'phoneChanged', change }))
    this.#forking = new Forking({
      nextId: () => this.#ids.next(),
      command: (command) => this.#sipCommands.push(command),
      tell: (event) => this.#tell(event),
    })
    this.#referrals = new Referrals(
      this.#host,
      new ReferPolicy(options.transfers ?? {}, ourPlaces(options)),
      (session) => this.#legOf(session),
      (replaces) => this.endpoint.sessionOf(replaces),
    )
    this.#outsideReferrals = new OutsideReferrals(this.#host, options.outsideRefers, (app, core, refer) =>
      this.#instances.run({ name: 'referred', app, parameters: {} }, 'outbound', {}, core, refer),
    )
    this.#upkeep = new TrunkUpkeep(this.#host, options.trunks ?? [], (status) =>
      this.#outbox.push({ type: 'trunkChanged', status }),
    )
    this.#instances = new Instances(this.#host, {
      extraChannels: options.extraChannels ?? 3,
      onEnded: (record) => {
        this.records?.noteInstance(record)
        this.#outbox.push({ type: 'instanceEnded', record })
      },
    })
  }

  handle(input: ExchangeInput, now: Instant): void {
    this.#mutate(now, () => {
      if (input.type === 'media') this.#mediaLegs.get(input.event.leg)?.(input.event)
      else {
        this.endpoint.handle(input, now)
        if (input.type === 'sendFailed') this.#users?.onSendFailed(input.to)
      }
    })
  }

  poll(): ExchangeOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    if (this.#actions.length > 0) return this.#now
    const ours = Math.min(this.#upkeep.deadline(), this.#users?.deadline() ?? NEVER)
    return Math.min(this.endpoint.deadline(), this.#timers.next(), ours)
  }

  expire(now: Instant): void {
    this.#mutate(now, () => {
      if (this.endpoint.deadline() <= now) this.endpoint.expire(now)
      if (this.#upkeep.deadline() <= now) this.#guard(() => this.#upkeep.expire(now))
      this.#users?.expire(now)
      for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) this.#guard(due)
    })
  }

  /** Whether a trunk has taken our registration at this address, so that calls from there are its. */
  isRegistrar(address: string): boolean {
    return this.#upkeep.trunkAt(address) !== undefined
  }

  /** The phones that users have registered. */
  get phones(): readonly RegisteredPhone[] {
    return this.#users?.phones ?? []
  }

  /** What the registrar has counted; absent without users. */
  get registrarCounters(): Counters<RegistrarCounter> | undefined {
    return this.#users?.registrar.counters
  }

  /** What the upkeep of trunks has counted. */
  get trunkCounters(): Counters<TrunkCounter> {
    return this.#upkeep.counters
  }

  /** What is alive, for health checks and leak tests: all zero when nothing happens. */
  sizes(): Readonly<
    Record<'calls' | 'instances' | 'sessions' | 'refers' | 'mediaLegs' | 'timers' | 'rooms' | 'registering', number>
  > & {
    readonly sip: ReturnType<Endpoint['sizes']>
  } {
    return {
      calls: this.#legs.size,
      instances: this.#instances.size,
      sessions: this.#sessions.size + this.#forking.size,
      refers: this.#refers.size,
      mediaLegs: this.#mediaLegs.size,
      timers: this.#timers.size,
      rooms: this.#rooms.size,
      registering: this.#upkeep.registering,
      sip: this.endpoint.sizes(),
    }
  }

  /**
   * Starts an outbound application on an idle channel.
   * @returns the record of the instance, when it has ended
   */
  startOutbound(
    app: AppDefinition,
    options: {
      name?: string
      parameters?: Readonly<Record<string, unknown>>
      outboundParameters?: Readonly<Record<string, unknown>>
    } = {},
  ): Promise<InstanceRecord> {
    const { name = 'outbound', parameters = {}, outboundParameters = {} } = options
    const service: Service = { name, app, parameters }
    if (!isRunnable(service, 'outbound')) return Promise.resolve(this.#instances.refuse(service, 'outbound'))
    return this.#instances.run(service, 'outbound', outboundParameters, new ChannelCore(this.#host))
  }

  /**
   * Takes no new calls from now on, in either direction; those that stand go on. Trunks are told so: their registrations
   * are taken back.
   */
  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#host.post(() => this.#upkeep.stop())
  }

  /** The trunks that register or are asked with OPTIONS: whether they are up, and why not. */
  get trunks(): readonly TrunkStatus[] {
    return this.#upkeep.statuses
  }

  /**
   * The calls that stand and those that have ended lately, as far as they are kept, the last first.
   * @param most how many at most. Default: all
   */
  recentCalls(most?: number): readonly CallSummary[] {
    return this.records?.all().slice(0, most).map(summarise) ?? []
  }

  /**
   * The stories of the calls that `id` may mean: a call's id, the beginning of one (4 characters or more), or a SIP
   * Call-ID. Empty when none is kept.
   */
  explain(id: string): readonly CallStory[] {
    const { localAddress } = this.#options.sip
    return this.records?.find(id).map((record) => tellStory(record, localAddress)) ?? []
  }

  /** Drains, aborts the `signal` of every instance and hangs up every call. */
  shutDown(): void {
    this.drain()
    this.#instances.abort()
    this.#host.post(() => {
      for (const leg of [...this.#legs.values()]) leg.hangUp('drain')
    })
  }

  #mutate(now: Instant, mutation: () => void): void {
    this.#now = now
    this.#isMutating = true
    try {
      mutation()
      this.#settle()
    } finally {
      this.#isMutating = false
    }
  }

  #settle(): void {
    for (;;) {
      for (let output = this.endpoint.poll(); output !== undefined; output = this.endpoint.poll()) this.#onSip(output)
      const command = this.#sipCommands.shift()
      if (command !== undefined) {
        this.endpoint.handle(command, this.#now)
        continue
      }
      const message = this.#inside.receive()
      if (message !== undefined) {
        this.endpoint.handle({ type: 'received', bytes: message, from: this.#inside.peer }, this.#now)
        continue
      }
      const action = this.#actions.shift()
      if (action === undefined) return
      this.#guard(action)
    }
  }

  /** A bug of ours ends the call that it struck, where there is one, and nothing else. */
  #guard(action: () => void, leg?: Leg): boolean {
    try {
      action()
      return true
    } catch (error) {
      this.counters.add('brokenInvariants')
      const fields = { err: error, code: 'RINGDOWN_INTERNAL', callId: leg?.details.callId }
      this.#logger.error(fields, 'an invariant of the exchange was broken; the call concerned is ended')
      if (leg !== undefined) this.#guard(() => leg.hangUp('network', Cause.ERROR))
      return false
    }
  }

  #onSip(output: EndpointOutput): void {
    if (output.type === 'send' && this.#inside.isMeant(output.to)) this.#inside.send(output.bytes)
    else if (output.type === 'send' || output.type === 'dns') this.#outbox.push(output)
    else if (output.type === 'incoming') {
      const isBroken = !this.#guard(() => this.#onIncoming(output))
      if (isBroken) this.#sipCommands.push({ type: 'respond', session: output.session, status: 500 })
    } else if (output.type === 'outsideDone') this.#guard(() => this.#upkeep.onOutcome(output.series, output))
    else if (output.type === 'outside') this.#guard(() => this.#users?.onRegister(output))
    else if (output.type === 'referred') this.#guard(() => this.#onReferred(output))
    else if ('refer' in output) this.#refers.get(output.refer)?.(output)
    else if (!this.#forking.takeEvent(output)) this.#tell(output)
  }

  #onReferred(event: Referred): void {
    const { session, from, user } = event
    if (session === undefined) this.#outsideReferrals.onReferred(event, this.#trunkOf(from.address, user))
    else this.#referrals.onReferred(event, this.#legOf(session))
  }

  #tell(event: EndpointEvent & { readonly session: SessionId }): void {
    const leg = this.#sessions.get(event.session)
    if (leg !== undefined) this.#guard(() => leg.onSipEvent(event), leg)
  }

  #onIncoming(event: Extract<EndpointEvent, { type: 'incoming' }>): undefined {
    const { session, request, from, user, replaces } = event
    if (replaces !== undefined) {
      this.#referrals.onReplacing(event, this.#legOf(replaces), this.#trunkOf(from.address, user))
      return
    }
    const refuse = (status: number, counter: ExchangeCounter, header?: readonly [string, string]): undefined => {
      this.counters.add(counter)
      this.#sipCommands.push({ type: 'respond', session, status, ...(header && { headers: [header] }) })
    }
    if (this.#isDraining) return refuse(503, 'callsRefusedDraining', ['Retry-After', '30'])
    if (!this.#hasRoom) return refuse(503, 'callsRefusedFull', ['Reason', 'Q.850;cause=34'])
    const dialled = dialledAddress(request.uri)
    const isInside = this.#inside.isMeant(from)
    const { services } = this.#options
    const room = isInside ? roomOfUser(dialled.user) : undefined
    const wanted = isInside
      ? room === undefined
        ? services.named(dialled.user)
        : this.#serviceOfRoom(room, request)
      : services.find({
          ...dialled,
          from: uriText(request.headers.get('from')),
          ...(user !== undefined && { authenticatedUser: user }),
        })
    const diversion = wanted?.room === undefined ? undefined : this.#rooms.diversionOf(wanted.room)
    const service = (diversion === undefined ? undefined : services.named(diversion)) ?? wanted
    if (service === undefined) return refuse(404, 'callsWithoutService')
    if (!isRunnable(service, 'inbound')) {
      refuse(500, 'callsWithoutApp')
      this.#instances.refuse(service, 'inbound')
      return
    }
    const roomOfService = service.room ?? this.#rooms.lastRoomOf(service.name)
    const placement = roomOfService === undefined ? undefined : this.#rooms.placementFor(roomOfService)
    const core = new ChannelCore(this.#host, placement)
    core.service = service.name
    const leg = new IncomingLeg(this.#host, session, request, user, core)
    const trunk = this.#trunkOf(from.address, user)
    if (trunk !== undefined) leg.cameBy(trunk)
    if (isInside) leg.cameInside(room === undefined ? `service:${service.name}` : service.name)
    else leg.media.negotiation.announceTo(from.address)
    if (trunk?.isTrusted !== true && !isInside && request.headers.has('p-asserted-identity'))
      this.counters.add('identitiesNotTrusted')
    core.maxForwards = hopsLeft(request)
    if (leg.record !== undefined) leg.record.service = service.name
    core.attach(leg)
    void this.#instances.run(service, 'inbound', {}, core)
  }

  /** A call of ours to a room: nobody else can say what its ticket is. */
  #serviceOfRoom(room: string, { headers }: SipRequest): Service {
    const options = this.#rooms.takeInvitation(headers.get(TICKET_HEADER.toLowerCase()) ?? '')
    return { name: `room:${room}`, app: conferenceService(room, options), parameters: {}, room }
  }

  #legOf(session: SessionId): Leg | undefined {
    return this.#sessions.get(this.#forking.wholeOf(session))
  }

  #trunkOf(address: string, user: string | undefined): Trunk | undefined {
    const trunks = this.#options.trunks ?? []
    const registeredAt = user === undefined ? this.#upkeep.trunkAt(address) : undefined
    return trunkOfCaller(trunks, address, user) ?? trunks.find(({ name }) => name === registeredAt)
  }

  get #hasRoom(): boolean {
    return !this.#isDraining && this.#legs.size < (this.#options.maxCalls ?? 10_000)
  }

  #createHost(): CallHost {
    const exchange = this
    return {
      random: this.#options.random,
      logger: this.#logger,
      files: this.#options.files,
      speech: this.#options.speech,
      agents: this.#options.agents,
      recogniser: this.#options.recogniser,
      farEnd: this.#options.farEnd,
      tones: this.tones,
      get rooms() {
        return exchange.#rooms
      },
      mediaAddress: this.#options.mediaAddress,
      announcedMediaAddress: (farEnd) => this.#options.announcedMediaAddress?.(farEnd),
      srtp: this.#options.srtp ?? 'forbidden',
      codecs: this.#options.codecs ?? ['PCMU', 'PCMA'],
      hasOpus: this.#options.hasOpus ?? false,
      records: this.records,
      rtpTimeoutMs: this.#options.rtpTimeoutMs ?? 0,
      get now() {
        return exchange.#now
      },
      get hasRoom() {
        return exchange.#hasRoom
      },
      wallTimeMs: this.#options.wallTimeMs,
      nextId: () => this.#ids.next(),
      count: (counter, by = 1) => {
        if (by > 0) this.counters.add(counter, by)
      },
      sip: (command) => {
        if (!this.#forking.takeCommand(command)) this.#sipCommands.push(command)
      },
      inviteAll: (session, invites) => this.#forking.inviteAll(session, invites),
      media: (command) => this.#outbox.push({ type: 'media', command }),
      post: (action) => {
        this.#actions.push(action)
        if (!this.#isMutating) this.#options.onPending()
      },
      timer: (onDue) => this.#createTimer(onDue),
      router: new Router({
        trunks: this.#options.trunks ?? [],
        numbering: this.#options.numbering,
        routes: this.#options.routes,
        users: { find: (to) => this.#users?.find(to) },
        health: {
          isUp: (trunk) => this.#upkeep.isUp(trunk) && (this.#options.trunkHealth?.isUp(trunk) ?? true),
          serviceRouteOf: (trunk) => this.#upkeep.serviceRouteOf(trunk),
        },
        inside: this.#inside,
        random: this.#options.random,
        identity: this.#options.sip.identity,
      }),
      onSession: (session, leg) => {
        if (leg === undefined) this.#sessions.delete(session)
        else this.#sessions.set(session, leg)
      },
      onRefer: (refer, listener) => {
        if (listener === undefined) this.#refers.delete(refer)
        else this.#refers.set(refer, (event) => this.#guard(() => listener(event)))
      },
      onMediaLeg: (id, leg) => {
        if (leg === undefined) this.#mediaLegs.delete(id)
        else this.#mediaLegs.set(id, (event) => this.#guard(() => leg.media.onEvent(event), leg))
      },
      onRoomSound: (id, listener) => {
        if (listener === undefined) this.#mediaLegs.delete(id)
        else this.#mediaLegs.set(id, (event) => this.#guard(() => listener(event)))
      },
      callStarted: (leg) => this.#legs.set(leg.media.id, leg),
      callEnded: (leg) => {
        this.#legs.delete(leg.media.id)
        this.#rooms.release(leg.details.callId)
        this.#outbox.push({ type: 'callEnded', details: publicDetails(leg.details) })
      },
    }
  }

  #createTimer(onDue: () => void): CallTimer {
    const deadline = new Deadline(onDue)
    return {
      setIn: (delayMs) => this.#timers.set(deadline, this.#now + delayMs),
      clear: () => this.#timers.delete(deadline),
    }
  }
}
