import type { EndpointEvent, SipRequest } from '../sip/index.ts'
import { ChannelCore } from './channel-core.ts'
import { conferenceService } from './conference/conference-service.ts'
import { type Rooms, TICKET_HEADER } from './conference/rooms.ts'
import type { ExchangeCounter } from './exchange-port.ts'
import type { CallHost } from './host.ts'
import { IncomingLeg } from './incoming-leg.ts'
import { type Instances, isRunnable } from './instances.ts'
import { dialledAddress, hopsLeft } from './routing/dialled.ts'
import { type Inside, roomOfUser } from './routing/inside.ts'
import type { Trunk } from './routing/trunk.ts'
import type { Service, ServiceDirectory } from './service.ts'
import { uriOf } from './uri-text.ts'

type Incoming = Extract<EndpointEvent, { readonly type: 'incoming' }>

/** Where calls that come in can lead. */
export interface Destinations {
  readonly services: ServiceDirectory
  readonly rooms: Rooms
  readonly instances: Instances
  readonly inside: Inside
}

/** Calls that come in: the service that each is for and the application that gets it, or why it is refused. */
export class IncomingCalls {
  readonly #host: CallHost
  readonly #to: Destinations
  #isDraining = false

  constructor(host: CallHost, to: Destinations) {
    this.#host = host
    this.#to = to
  }

  /** Takes no more calls from now on. */
  drain(): void {
    this.#isDraining = true
  }

  /** An INVITE that begins a call. @param trunk that it comes by */
  onInvite(event: Incoming, trunk: Trunk | undefined): void {
    const { instances, rooms } = this.#to
    if (this.#isDraining) {
      this.#refuse(event, 503, 'callsRefusedDraining', ['Retry-After', '30'])
      return
    }
    if (!this.#host.hasRoom) {
      this.#refuse(event, 503, 'callsRefusedFull', ['Reason', 'Q.850;cause=34'])
      return
    }
    const service = this.#serviceFor(event)
    if (service === undefined) {
      this.#refuse(event, 404, 'callsWithoutService')
      return
    }
    if (!isRunnable(service, 'inbound')) {
      this.#refuse(event, 500, 'callsWithoutApp')
      instances.refuse(service, 'inbound')
      return
    }
    const room = service.room ?? rooms.lastRoomOf(service.name)
    const core = new ChannelCore(this.#host, room === undefined ? undefined : rooms.placementFor(room))
    core.service = service.name
    core.maxForwards = hopsLeft(event.request)
    core.attach(this.#legOf(event, service, trunk, core))
    void instances.run(service, 'inbound', {}, core)
  }

  #refuse({ session }: Incoming, status: number, counter: ExchangeCounter, header?: readonly [string, string]): void {
    this.#host.count(counter)
    this.#host.sip({ type: 'respond', session, status, ...(header && { headers: [header] }) })
  }

  #serviceFor(event: Incoming): Service | undefined {
    const { services, rooms } = this.#to
    const wanted = this.#wantedService(event)
    const diversion = wanted?.room === undefined ? undefined : rooms.diversionOf(wanted.room)
    return (diversion === undefined ? undefined : services.named(diversion)) ?? wanted
  }

  #wantedService({ request, from, user }: Incoming): Service | undefined {
    const { services, inside } = this.#to
    const dialled = dialledAddress(request.uri)
    if (inside.isMeant(from)) {
      const room = roomOfUser(dialled.user)
      return room === undefined ? services.named(dialled.user) : this.#serviceOfRoom(room, request)
    }
    return services.find({
      user: dialled.user,
      host: dialled.host,
      from: uriOf(request, 'from'),
      ...(user !== undefined && { authenticatedUser: user }),
    })
  }

  /** A call of ours to a room: nobody else can say what its ticket is. */
  #serviceOfRoom(room: string, { headers }: SipRequest): Service {
    const options = this.#to.rooms.takeInvitation(headers.get(TICKET_HEADER.toLowerCase()) ?? '')
    return { name: `room:${room}`, app: conferenceService(room, options), parameters: {}, room }
  }

  #legOf(
    { session, request, from, user }: Incoming,
    service: Service,
    trunk: Trunk | undefined,
    core: ChannelCore,
  ): IncomingLeg {
    const leg = new IncomingLeg(this.#host, session, request, user, core)
    if (trunk !== undefined) leg.cameBy(trunk)
    if (this.#to.inside.isMeant(from)) {
      const isRoom = roomOfUser(dialledAddress(request.uri).user) !== undefined
      leg.cameInside(isRoom ? service.name : `service:${service.name}`)
    } else {
      leg.media.negotiation.announceTo(from.address)
      if (trunk?.isTrusted !== true && request.headers.has('p-asserted-identity'))
        this.#host.count('identitiesNotTrusted')
    }
    if (leg.record !== undefined) leg.record.service = service.name
    return leg
  }
}
