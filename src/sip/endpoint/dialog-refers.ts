import { DigestClient } from '../auth/index.ts'
import { cseqOf, parseEvent, printReferTo, type Replaces, referToOf, type SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addHeaders, compose, type HeaderList } from './compose.ts'
import type { EndpointCommand, Peer, SessionId } from './control.ts'
import type { DialogUser, EndpointCore, Replaceable } from './core.ts'
import { DialogClient, type DialogRequestOutcome, type DialogSide } from './dialog-client.ts'
import { ReferClient } from './refer-client.ts'
import { ReferServer, wantsReports } from './refer-server.ts'

type ReferCommand = Extract<EndpointCommand, { type: 'refer' }>

/** A REFER of ours. */
interface SentRefer {
  readonly client: ReferClient
  readonly cseq: () => number
  /** How many before it in its dialog may have made a subscription: none of the first. */
  before: number
}

/** Of one dialog, in either direction. */
const MOST_REFERS = 8

/**
 * The REFERs of one dialog, of either side, and their subscriptions. They share the dialog with its session, outlive that if
 * they have to, and are all there is in a dialog that a REFER has made (RFC 5057, RFC 6665 section 4.5).
 */
export class DialogRefers implements DialogUser {
  readonly #core: EndpointCore
  readonly #side: DialogSide
  readonly #session: SessionId | undefined
  /** Ours, in the order in which they were sent. */
  readonly #clients: SentRefer[] = []
  /** How many of ours may have made a subscription. */
  #subscriptions = 0
  /** The far end may still report of one of ours that is over here. */
  #hasGivenUp = false
  /** The far end has reported of one that was not the first as of the first. */
  #writesNoIds = false
  readonly #servers: { readonly server: ReferServer; readonly eventId: string | undefined }[] = []
  /** Only the first REFER that came in a dialog may go without an id in its Event (RFC 3515 section 2.4.6). */
  #hasBeenReferred = false
  #isAlone: boolean

  /** @param session absent: the dialog is there for REFER alone */
  constructor(core: EndpointCore, side: DialogSide, session?: SessionId) {
    this.#core = core
    this.#side = side
    this.#session = session
    this.#isAlone = session === undefined
  }

  /** Sends a REFER. `onOutcome` hears of its answer too, which may say that there is no such dialog. */
  send(command: ReferCommand, onOutcome: (outcome: DialogRequestOutcome) => void): void {
    const core = this.#core
    const { refer, credentials, headers = [] } = command
    const referTo = referToOfCommand(core, command)
    if (referTo === undefined || this.#clients.length >= MOST_REFERS) {
      const detail = referTo === undefined ? 'no such session to replace' : 'too many REFERs in this dialog'
      core.emit({ type: 'referDone', refer, cause: 'transport', detail })
      return
    }
    const client = new ReferClient(core, refer, (end) => {
      if (end === 'givenUp') this.#hasGivenUp = true
      const at = this.#clients.indexOf(entry)
      this.#clients.splice(at, 1)
      if (end === 'neverBegun') this.#uncount(at)
      core.refers.delete(refer)
      this.#leaveIfIdle()
    })
    const side =
      credentials === undefined || this.#side.digest !== undefined
        ? this.#side
        : { ...this.#side, digest: new DigestClient([credentials], core.options.random) }
    const { dialog } = side
    const content = {
      method: 'REFER',
      headers: [
        ['Contact', core.contact(dialog.peer, dialog.isSecure)] as const,
        ...referHeaders(referTo, command.noReports === true),
        ...headers,
      ],
    }
    const request = new DialogClient(core, side, content, (outcome) => {
      client.onOutcome(outcome)
      onOutcome(outcome)
    })
    const entry = { client, cseq: () => request.cseq, before: this.#subscriptions++ }
    this.#clients.push(entry)
    core.refers.set(refer, 'ours')
  }

  /** Takes a REFER, NOTIFY or SUBSCRIBE that is in order; false: it is none of ours. */
  take(id: TransactionId, request: SipRequest, from: Peer, user?: string): boolean {
    if (request.method === 'REFER') {
      if (this.#core.options.acceptsRefer !== true) return false
      this.#takeRefer(id, request, from, user)
    } else if (request.method === 'NOTIFY') {
      if (this.#clients.length === 0 && this.#core.options.acceptsRefer !== true) return false
      this.#takeNotify(id, request)
    } else if (request.method === 'SUBSCRIBE') {
      const event = eventOf(request)
      const found = this.#servers.find(({ server, eventId }) => server.isSubscribed && eventId === event?.id)
      if (event?.name !== 'refer' || found === undefined) return false
      found.server.onSubscribe(id, request)
    } else return false
    return true
  }

  /** The session is over: what is still to be reported keeps the dialog. */
  sessionIsOver(): void {
    this.#isAlone = true
    if (this.#isIdle) return
    this.#core.setDialog(this.#side.dialog.localTag, this)
  }

  holds(callId: string | undefined, remoteTag: string | undefined): boolean {
    return this.#side.dialog.matches(callId, remoteTag)
  }

  /** The session has been here, and is over. */
  replaceable(): Replaceable | undefined {
    return this.#session === undefined ? undefined : 'over'
  }

  onRequest(id: TransactionId, request: SipRequest, from: Peer): void {
    if (!this.#side.dialog.acceptCSeq(request)) {
      this.#core.count('outOfOrderRequests')
      this.#answer(id, request, 500)
    } else if (request.method === 'REFER' || !this.take(id, request, from)) this.#answer(id, request, 481)
  }

  onAck(): void {
    this.#core.count('strayAcks')
  }

  #takeRefer(id: TransactionId, request: SipRequest, from: Peer, user: string | undefined): void {
    const core = this.#core
    const referTo = referToOf(request.headers)
    if (!referTo.ok) {
      core.count('malformedRequests')
      this.#answer(id, request, 400, [], referTo.error)
      return
    }
    if (this.#servers.length >= MOST_REFERS || core.refers.size >= core.limits.maxSessions) {
      core.count('refusedRequests')
      this.#answer(id, request, 503, [['Retry-After', '5']])
      return
    }
    this.#side.dialog.refreshTarget(request)
    const refer = core.options.sessionIds.next()
    const eventId = this.#hasBeenReferred ? String(cseqOf(request)?.number ?? 0) : undefined
    this.#hasBeenReferred = true
    const event = eventId === undefined ? 'refer' : `refer;id=${eventId}`
    const server = new ReferServer(core, refer, id, request, event, {
      side: this.#side,
      compose: (of, status, phrase) => this.#compose(of, status, phrase),
      onAccepted: () => {
        if (this.#isAlone) core.setDialog(this.#side.dialog.localTag, this)
      },
      onOver: () => {
        this.#servers.splice(this.#servers.indexOf(entry), 1)
        core.refers.delete(refer)
        this.#leaveIfIdle()
      },
    })
    const entry = { server, eventId }
    this.#servers.push(entry)
    core.refers.set(refer, server)
    core.emit({
      type: 'referred',
      refer,
      request,
      referTo: referTo.value,
      wantsReports: wantsReports(request),
      from,
      ...(this.#session !== undefined && { session: this.#session }),
      ...(user !== undefined && { user }),
    })
  }

  #takeNotify(id: TransactionId, request: SipRequest): void {
    const event = eventOf(request)
    if (event?.name !== 'refer') {
      this.#core.count('refusedRequests')
      this.#answer(id, request, 489, [['Allow-Events', 'refer']])
      return
    }
    const found =
      event.id === undefined ? this.#withoutId(request) : this.#clients.find(({ cseq }) => event.id === String(cseq()))
    if (found === undefined) {
      this.#answer(id, request, 481)
      return
    }
    this.#side.dialog.refreshTarget(request)
    this.#answer(id, request, 200)
    found.client.onNotify(request)
  }

  /**
   * Which of ours a NOTIFY without an id belongs to: the first of the dialog (RFC 3515 section 2.4.6). Far ends that never write
   * ids mean the only one there is, unless they may mean one that was given up here; and the second, when they have told how
   * the first ended, and say something else now than that it is over.
   */
  #withoutId(request: SipRequest): SentRefer | undefined {
    const [oldest, next, ...others] = this.#clients
    if (oldest === undefined || next === undefined)
      return oldest?.before === 0 || !this.#hasGivenUp ? oldest : undefined
    if (oldest.before > 0) return undefined
    if (others.length > 0) return oldest
    if (!oldest.client.mayHaveSaid(request)) this.#writesNoIds = true
    return this.#writesNoIds && oldest.client.isDone && !oldest.client.mayEndWith(request) ? next : oldest
  }

  /** The one here made no subscription: those after it are counted without it. */
  #uncount(at: number): void {
    this.#subscriptions--
    for (const later of this.#clients.slice(at)) later.before--
  }

  get #isIdle(): boolean {
    return this.#clients.length === 0 && this.#servers.length === 0
  }

  #leaveIfIdle(): void {
    if (this.#isAlone && this.#isIdle) this.#core.deleteDialog(this.#side.dialog.localTag)
  }

  #answer(id: TransactionId, request: SipRequest, status: number, headers: HeaderList = [], phrase?: string): void {
    const response = this.#compose(request, status, phrase)
    addHeaders(this.#core, response.headers, headers)
    this.#core.respond(id, response)
  }

  #compose(request: SipRequest, status: number, phrase?: string): ReturnType<typeof compose> {
    return compose(this.#core, request, status, this.#side.dialog.localTag, phrase)
  }
}

/** What says to whom a REFER refers, and whether reports are wanted (RFC 4488). */
export function referHeaders(referTo: string, noReports: boolean): HeaderList {
  if (!noReports) return [['Refer-To', referTo]]
  return [
    ['Refer-To', referTo],
    ['Refer-Sub', 'false'],
    ['Supported', 'norefersub'],
  ]
}

/** `undefined`: the session whose place is to be taken is not there. */
export function referToOfCommand(
  core: EndpointCore,
  { to, replaces: session }: { readonly to?: string; readonly replaces?: SessionId },
): string | undefined {
  if (session === undefined) return to === undefined ? undefined : printReferTo(to)
  const dialog = core.sessions.get(session)?.dialog
  if (dialog === undefined) return undefined
  // As the far end of that session knows it: what is remote to us is its own.
  const replaces: Replaces = {
    callId: dialog.callId,
    toTag: dialog.remoteTag,
    fromTag: dialog.localTag,
    earlyOnly: false,
  }
  return printReferTo(to ?? dialog.remoteTarget, replaces)
}

export function eventOf(request: SipRequest): { readonly name: string; readonly id?: string } | undefined {
  const event = parseEvent(request.headers.get('event') ?? '')
  return event.ok ? event.value : undefined
}
