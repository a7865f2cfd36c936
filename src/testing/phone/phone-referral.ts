import {
  cseqOf,
  parseReferTo,
  parseSubscriptionState,
  printReferTo,
  printReplaces,
  type ReferTo,
  type SipRequest,
  type SipResponse,
  sipfragStatusOf,
} from '../../sip/index.ts'
import type { PeerCall } from '../sip/peer-call.ts'

/** What a phone does with a REFER that it accepts. */
export interface AnswerReferOptions {
  /** What it reports, one after the other, instead of calling anybody. From 200 on it is the last. Default: it calls. */
  readonly reports?: readonly number[]
}

/** How a phone asks for a transfer. */
export interface PhoneReferOptions {
  readonly headers?: readonly (readonly [string, string])[]
  /** Says that it wants no reports (RFC 4488). Default false. */
  readonly withoutReports?: boolean
}

/** How a referred phone calls: beside the call that it has. */
export interface BesideCaller {
  /** @param onStatus each status of the call that it makes; from 200 on it is the last */
  dialBeside(uri: string, headers: readonly (readonly [string, string])[], onStatus: (status: number) => void): void
}

/**
 * The REFERs of a phone: those that it sends, with what is reported of them, and those that it gets. One of each at a time.
 */
export class PhoneReferral {
  readonly #line: BesideCaller
  #sent: SipRequest | undefined
  #status: number | undefined
  #reports: number[] = []
  #areReportsOver = false
  #asked: { readonly request: SipRequest; readonly call: PeerCall } | undefined

  constructor(line: BesideCaller) {
    this.#line = line
  }

  /** The final status of our REFER; `undefined` as long as it has none. */
  get status(): number | undefined {
    return this.#status
  }

  /** What was reported of our REFER. */
  get reports(): readonly number[] {
    return this.#reports
  }

  /** Nothing more will be reported of it. */
  get areReportsOver(): boolean {
    return this.#areReportsOver
  }

  /** What a REFER asks for that waits for its answer. */
  get asked(): ReferTo | undefined {
    return this.#asked && referToOf(this.#asked.request)
  }

  /** @param replaces the call whose place is to be taken */
  send(call: PeerCall, uri: string, replaces: PeerCall | undefined, options: PhoneReferOptions): void {
    this.#status = undefined
    this.#reports = []
    this.#areReportsOver = false
    const named = replaces && {
      callId: replaces.callId,
      toTag: replaces.remoteTag,
      fromTag: replaces.localTag,
      earlyOnly: false,
    }
    this.#sent = call.request('REFER', {
      headers: [
        ['Refer-To', printReferTo(uri, named)],
        ['Contact', call.contact],
        ...(options.withoutReports ? [['Refer-Sub', 'false'] as const] : []),
        ...(options.headers ?? []),
      ],
    })
  }

  /** @returns whether the response is that of our REFER */
  takeResponse(response: SipResponse): boolean {
    if (this.#sent === undefined || response.headers.get('cseq') !== this.#sent.headers.get('cseq')) return false
    if (response.status >= 200) this.#status = response.status
    return true
  }

  /** Takes a REFER or a NOTIFY. */
  takeRequest(request: SipRequest, call: PeerCall): void {
    if (request.method === 'REFER') {
      this.#asked = { request, call }
      return
    }
    call.respond(200, {}, request)
    const said = sipfragStatusOf(request)
    if (said !== undefined) this.#reports.push(said.status)
    const state = parseSubscriptionState(request.headers.get('subscription-state') ?? '')
    this.#areReportsOver = state.ok && state.value.state === 'terminated'
  }

  /** Refuses the REFER that waits, or accepts it: calls the target and reports how that goes, or reports what it is told to. */
  answer(status: number, { reports }: AnswerReferOptions): void {
    const { request, call } = this.#asked as { request: SipRequest; call: PeerCall }
    this.#asked = undefined
    call.respond(status, status < 300 ? { headers: [['Contact', call.contact]] } : {}, request)
    if (status >= 300) return
    const event = `refer;id=${cseqOf(request)?.number}`
    const report = (each: number) => {
      call.request('NOTIFY', {
        headers: [
          ['Event', event],
          ['Subscription-State', each < 200 ? 'active;expires=180' : 'terminated;reason=noresource'],
          ['Contact', call.contact],
        ],
        body: `SIP/2.0 ${each} ${each < 200 ? 'Trying' : 'Said so'}\r\n`,
        contentType: 'message/sipfrag;version=2.0',
      })
    }
    if (reports !== undefined) {
      for (const each of reports) report(each)
      return
    }
    const { uri, replaces } = referToOf(request)
    report(100)
    const headers = replaces === undefined ? [] : [['Replaces', printReplaces(replaces)] as const]
    const by = request.headers.get('referred-by')
    this.#line.dialBeside(uri, by === undefined ? headers : [...headers, ['Referred-By', by]], report)
  }
}

function referToOf(request: SipRequest): ReferTo {
  const referTo = parseReferTo(request.headers.get('refer-to') ?? '')
  if (!referTo.ok) throw new Error(`a REFER without a readable Refer-To: ${referTo.error}`)
  return referTo.value
}
