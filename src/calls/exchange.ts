import {
  Counters,
  DeadlineHeap,
  Fifo,
  type Instant,
  type Logger,
  type Machine,
  NEVER,
  Sequence,
  silentLogger,
} from '../kit/index.ts'
import {
  Endpoint,
  type EndpointCommand,
  type EndpointEvent,
  type EndpointOutput,
  type RegistrarCounter,
  type SessionId,
} from '../sip/index.ts'
import type { AppDefinition } from './app.ts'
import { CallTable } from './call-table.ts'
import { ChannelCore } from './channel-core.ts'
import { Rooms } from './conference/rooms.ts'
import { publicDetails } from './details.ts'
import { Cause } from './enums.ts'
import type { ExchangeCounter, ExchangeInput, ExchangeOptions, ExchangeOutput } from './exchange-port.ts'
import { ExchangeTimer } from './exchange-timer.ts'
import type { CallHost } from './host.ts'
import { IncomingCalls } from './incoming-calls.ts'
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
import { Inside } from './routing/inside.ts'
import { Router } from './routing/router.ts'
import type { Trunk } from './routing/trunk.ts'
import type { Service } from './service.ts'
import { ToneManager } from './tone-manager.ts'
import { Forking } from './upkeep/forking.ts'
import { LocalUsers, type RegisteredPhone } from './upkeep/local-users.ts'
import type { TrunkStatus } from './upkeep/trunk-status.ts'
import { type TrunkCounter, TrunkUpkeep } from './upkeep/trunk-upkeep.ts'

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
  readonly #calls = new CallTable((action, leg) => this.#guard(action, leg))
  readonly #instances: Instances
  readonly #upkeep: TrunkUpkeep
  readonly #users: LocalUsers | undefined
  readonly #forking: Forking
  readonly #inside: Inside
  readonly #referrals: Referrals
  readonly #outsideReferrals: OutsideReferrals
  readonly #rooms: Rooms
  readonly #incoming: IncomingCalls
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
    this.#incoming = new IncomingCalls(this.#host, {
      services: options.services,
      rooms: this.#rooms,
      instances: this.#instances,
      inside: this.#inside,
    })
  }

  handle(input: ExchangeInput, now: Instant): void {
    this.#now = now
    this.#isMutating = true
    try {
      if (input.type === 'media') this.#calls.toMedia(input.event)
      else {
        this.endpoint.handle(input, now)
        if (input.type === 'sendFailed') this.#users?.onSendFailed(input.to)
      }
      this.#settle()
    } finally {
      this.#isMutating = false
    }
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
    this.#now = now
    this.#isMutating = true
    try {
      if (this.endpoint.deadline() <= now) this.endpoint.expire(now)
      if (this.#upkeep.deadline() <= now) this.#guard(() => this.#upkeep.expire(now))
      this.#users?.expire(now)
      for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) this.#guard(due)
      this.#settle()
    } finally {
      this.#isMutating = false
    }
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
    const calls = this.#calls.sizes()
    return {
      ...calls,
      sessions: calls.sessions + this.#forking.size,
      instances: this.#instances.size,
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
    this.#incoming.drain()
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
      for (const leg of this.#calls.all()) leg.hangUp('drain')
    })
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
      this.#onBroken(error, leg)
      return false
    }
  }

  #onBroken(error: unknown, leg: Leg | undefined): void {
    this.counters.add('brokenInvariants')
    const fields = { err: error, code: 'RINGDOWN_INTERNAL', callId: leg?.details.callId }
    this.#logger.error(fields, 'an invariant of the exchange was broken; the call concerned is ended')
    if (leg !== undefined) this.#guard(() => leg.hangUp('network', Cause.ERROR))
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
    else if ('refer' in output) this.#calls.toRefer(output)
    else if (!this.#forking.takeEvent(output)) this.#tell(output)
  }

  #onReferred(event: Referred): void {
    const { session, from, user } = event
    if (session === undefined) this.#outsideReferrals.onReferred(event, this.#trunkOf(from.address, user))
    else this.#referrals.onReferred(event, this.#legOf(session))
  }

  #tell(event: EndpointEvent & { readonly session: SessionId }): void {
    const leg = this.#calls.ofSession(event.session)
    if (leg === undefined) return
    try {
      leg.onSipEvent(event)
    } catch (error) {
      this.#onBroken(error, leg)
    }
  }

  #onIncoming(event: Extract<EndpointEvent, { type: 'incoming' }>): void {
    const trunk = this.#trunkOf(event.from.address, event.user)
    if (event.replaces === undefined) this.#incoming.onInvite(event, trunk)
    else this.#referrals.onReplacing(event, this.#legOf(event.replaces), trunk)
  }

  #legOf(session: SessionId): Leg | undefined {
    return this.#calls.ofSession(this.#forking.wholeOf(session))
  }

  #trunkOf(address: string, user: string | undefined): Trunk | undefined {
    const trunks = this.#options.trunks ?? []
    const registeredAt = user === undefined ? this.#upkeep.trunkAt(address) : undefined
    return trunkOfCaller(trunks, address, user) ?? trunks.find(({ name }) => name === registeredAt)
  }

  get #hasRoom(): boolean {
    return !this.#isDraining && this.#calls.size < (this.#options.maxCalls ?? 10_000)
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
      get isMutating() {
        return exchange.#isMutating
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
      timer: (onDue) => new ExchangeTimer(this.#timers, this.#host, onDue),
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
      onSession: (session, leg) => this.#calls.onSession(session, leg),
      onRefer: (refer, listener) => this.#calls.onRefer(refer, listener),
      onMediaLeg: (id, leg) => this.#calls.onMediaLeg(id, leg),
      onRoomSound: (id, listener) => this.#calls.onRoomSound(id, listener),
      callStarted: (leg) => this.#calls.add(leg),
      callEnded: (leg) => {
        this.#calls.delete(leg)
        this.#rooms.release(leg.details.callId)
        this.#outbox.push({ type: 'callEnded', details: publicDetails(leg.details) })
      },
    }
  }
}
