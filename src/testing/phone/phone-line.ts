import { cseqOf, parseReplaces, type SipMessage, type SipRequest, type SipResponse } from '../../sip/index.ts'
import type { PeerCall } from '../sip/peer-call.ts'
import { SipPeer } from '../sip/sip-peer.ts'
import type { PhoneAudio } from './audio.ts'
import type { PhoneClock, PhoneEnvironment } from './environment.ts'
import type { PhoneOptions } from './phone-kind.ts'
import { type BesideCaller, PhoneReferral } from './phone-referral.ts'
import { PhoneRegistration } from './phone-registration.ts'
import { Refresher } from './refresher.ts'
import { readRemoteAudio } from './remote-audio.ts'

/** What a session description says of its stream, as its sender sees it (RFC 3264 section 5.1). */
export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** What a response of a phone says besides its status. */
export interface PhoneResponse {
  /** Default: that of the status. */
  readonly phrase?: string
  readonly headers?: ExtraHeaders
  /** A session description goes with it: sound flows from now on. Default false. */
  readonly sound?: boolean
}

/** Where a phone stands: what `phone.state` reads. */
export type PhoneState = 'IDLE' | 'CALLING' | 'RINGING' | 'CALLED' | 'ANSWERED'

/** How a call ended, as the phone saw it. */
export interface PhoneCallEnd {
  readonly by: 'phone' | 'far end'
  /** The final SIP status of a call that was not answered. */
  readonly status?: number
  readonly at: number
}

/** Whose line it is: hears what happens on it. */
export interface PhoneLineOwner {
  /** For the transcript. */
  readonly onNote: (text: string) => void
  /** Something has happened that somebody may be waiting for. */
  readonly onChange: () => void
  /** Somebody calls. */
  readonly onCalled: () => void
  /** The far end has answered our call. */
  readonly onAnswered: () => void
}

/** What a line is made with. */
export interface PhoneLineOptions
  extends Pick<
    PhoneOptions,
    'codecs' | 'claimedMediaAddress' | 'direction' | 'refusesReinvites' | 'sessionTimer' | 'transport'
  > {
  /** Its session descriptions offer telephone-events (RFC 4733). */
  readonly hasTelephoneEvents: boolean
}

/** A call beside the one that a phone has. */
interface Beside {
  readonly call: PeerCall
  readonly onStatus: (status: number) => void
}

const NO_REFUSAL = { status: 488, after: Number.POSITIVE_INFINITY }

type ExtraHeaders = readonly (readonly [string, string])[]

/**
 * The SIP of a phone: its one call at a time, from IDLE over CALLING and RINGING, or over CALLED, to ANSWERED and back.
 * It says what its user makes it say, in the states in which the phone lets it, and answers by itself what no user
 * answers by hand: ACK, BYE, CANCEL, re-INVITE, and busy to a second caller.
 */
export class PhoneLine implements BesideCaller {
  readonly sip: SipPeer
  readonly registration: PhoneRegistration
  readonly referral = new PhoneReferral(this)
  readonly #clock: PhoneClock
  readonly #audio: PhoneAudio
  readonly #options: PhoneLineOptions
  readonly #owner: PhoneLineOwner
  readonly #refresher: Refresher
  #state: PhoneState = 'IDLE'
  #call: PeerCall | undefined
  /** The call that a REFER has asked for, until it is answered or refused. */
  #beside: Beside | undefined
  #end: PhoneCallEnd | undefined
  #isHeld = false
  /** What our session descriptions say; we hold the far end while it is `sendonly`. */
  #direction: MediaDirection = 'sendrecv'
  #wasAnswered = false
  /** Our 2xx is on its way: the call can be ended by BYE only, once its ACK is here (RFC 3261 section 15.1.1). */
  #isAnswering = false
  /** Calls that were hung up between our 2xx and its ACK, with what stops the wait for it. */
  readonly #parting = new Map<PeerCall, () => void>()
  #calls = 0
  #answers = 0
  #reinvitesTaken = 0
  /** Of our session description (RFC 3264 section 8). */
  #version = 1

  constructor(
    { host, clock, random, resolve, sipPort, exchangeAddress }: PhoneEnvironment,
    audio: PhoneAudio,
    options: PhoneLineOptions,
    owner: PhoneLineOwner,
  ) {
    this.#clock = clock
    this.#audio = audio
    this.#options = options
    this.#owner = owner
    this.#refresher = new Refresher(clock, options.sessionTimer, (by) => this.#refresh(by))
    this.sip = new SipPeer(
      { host: host as never, clock: clock as never, random, resolve },
      {
        name: host.name,
        retransmits: true,
        ...(options.transport && { transport: options.transport }),
        ...(sipPort !== undefined && { port: sipPort }),
        onMessage: (message, call) => this.#take(message, call),
      },
    )
    this.registration = new PhoneRegistration(this.sip, random, exchangeAddress)
  }

  get state(): PhoneState {
    return this.#state
  }

  /** The call that it has, or had last. */
  get call(): PeerCall | undefined {
    return this.#call
  }

  /** How the last call ended; `undefined` while there is none or it goes on. */
  get ended(): PhoneCallEnd | undefined {
    return this.#end
  }

  /** The far end has put us on hold. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** The call, or the last one, was answered. */
  get wasAnswered(): boolean {
    return this.#wasAnswered
  }

  /** How many calls have been made and received. */
  get calls(): number {
    return this.#calls
  }

  /** How many of our INVITEs and re-INVITEs were answered with 2xx. */
  get answers(): number {
    return this.#answers
  }

  /** Sends an INVITE. The line stays idle where there is no way to the far end. */
  dial(uri: string, headers: ExtraHeaders, from?: string): void {
    this.#begin('CALLING')
    try {
      this.#call = this.sip.invite(uri, {
        headers: [...headers, ...this.#refresher.asked],
        sdp: { ...this.#sdp(), direction: this.#direction },
        ...(from !== undefined && { from }),
      })
    } catch (problem) {
      this.#state = 'IDLE'
      throw problem
    }
  }

  /** A call begins: the line is no longer IDLE, and forgets the call before. */
  #begin(state: 'CALLING' | 'CALLED'): void {
    this.#calls++
    this.#end = undefined
    this.#isHeld = false
    this.#direction = this.#options.direction ?? 'sendrecv'
    this.#wasAnswered = false
    this.#isAnswering = false
    this.#audio.isMuted = this.#direction !== 'sendrecv'
    this.#state = state
  }

  /** 180 to who calls. */
  ring(): void {
    this.#call?.respond(180)
  }

  /** 183 or 200 to who calls, with our session description: sound flows from now on. */
  accept(status: 183 | 200): void {
    const call = this.#call as PeerCall
    const headers = status === 200 ? this.#refresher.answered(call.invite) : []
    call.respond(status, { headers, sdp: { ...this.#sdp(), direction: this.#direction } })
    this.#isAnswering = status === 200
    this.#startAudio(call.invite)
  }

  /** A provisional response, or a refusal, to who calls. */
  respond(status: number, { phrase, headers = [], sound = false }: PhoneResponse): void {
    const call = this.#call as PeerCall
    const sdp = sound ? { ...this.#sdp(), direction: this.#direction } : undefined
    call.respond(status, { headers, ...(phrase !== undefined && { phrase }), ...(sdp && { sdp }) })
    if (sound) this.#startAudio(call.invite)
    if (status >= 300) this.#finish({ by: 'phone', status })
  }

  /** A final refusal to who calls. */
  reject(status: number, headers: ExtraHeaders): void {
    this.#call?.respond(status, { headers })
    this.#finish({ by: 'phone', status })
  }

  /** Ends the call as its state wants it: 603, BYE (once our answer is acknowledged) or CANCEL. */
  hangUp(): void {
    const call = this.#call as PeerCall
    if (this.#state === 'CALLED' && this.#isAnswering) this.#partAfterAck(call)
    else if (this.#state === 'CALLED') call.respond(603)
    else if (this.#state === 'ANSWERED') call.bye()
    else if (this.#state !== 'IDLE') call.cancel()
    const beside = this.#beside
    if (beside !== undefined && beside.call !== call) {
      beside.call.cancel()
      beside.onStatus(487)
    }
    this.#finish({ by: 'phone' })
  }

  #partAfterAck(call: PeerCall): void {
    const giveUp = () => this.#parts(call) && call.bye()
    this.#parting.set(call, this.#clock.after(64 * T1_MS, giveUp, 'a phone that hung up waits for the ACK'))
  }

  /** @returns whether the call was one that waited for its ACK, which it does no more */
  #parts(call: PeerCall): boolean {
    this.#parting.get(call)?.()
    return this.#parting.delete(call)
  }

  /** Calls somebody while the call that it has waits; once that is answered, it is the call of this phone. */
  dialBeside(uri: string, headers: ExtraHeaders, onStatus: (status: number) => void): void {
    const call = this.sip.invite(uri, { headers, sdp: { ...this.#sdp(), direction: this.#direction } })
    this.#beside = { call, onStatus }
  }

  /** Sends a re-INVITE that says `direction`; while it says anything but `sendrecv` nothing is sent. */
  reinvite(direction: MediaDirection): void {
    this.#audio.isMuted = direction !== 'sendrecv'
    this.#direction = direction
    this.#version++
    this.#call?.reinvite({ headers: this.#refresher.asked, sdp: { ...this.#sdp(), direction } })
  }

  /** Sends a key as INFO with `application/dtmf-relay`. */
  info(key: string, keyMs: number): void {
    this.#call?.request('INFO', {
      body: `Signal=${key}\r\nDuration=${keyMs}\r\n`,
      contentType: 'application/dtmf-relay',
    })
  }

  #take(message: SipMessage, call: PeerCall): boolean {
    const taken = message.kind === 'request' ? this.#takeRequest(message, call) : this.#takeResponse(message, call)
    this.#owner.onChange()
    return taken
  }

  #takeRequest(request: SipRequest, call: PeerCall): boolean {
    if (request.method === 'INVITE' && call !== this.#call) return this.#takeInvite(request, call)
    switch (request.method) {
      case 'INVITE':
        this.#takeReinvite(request, call)
        return true
      case 'ACK':
        if (this.#parts(call)) call.bye()
        else if (call === this.#call) this.#acknowledged(request)
        return true
      case 'BYE':
        this.#parts(call)
        call.respond(200, {}, request)
        if (call === this.#call && !this.#goesOnBeside()) {
          this.#owner.onNote('is hung up on')
          this.#finish({ by: 'far end' })
        }
        return true
      case 'REFER':
      case 'NOTIFY':
        this.referral.takeRequest(request, call)
        return true
      case 'CANCEL':
        // It comes too late for a call that is answered already (RFC 3261 section 9.2).
        if (this.#parting.has(call) || (call === this.#call && (this.#isAnswering || this.#state === 'ANSWERED'))) {
          call.respond(200, {}, request)
          return true
        }
        call.acceptCancel(request)
        if (call === this.#call) {
          this.#owner.onNote('is given up on')
          this.#finish({ by: 'far end' })
        }
        return true
      case 'UPDATE':
        if (!this.#refresher.takesUpdate) call.respond(405, {}, request)
        else if (request.body.length > 0) this.#takeReinvite(request, call)
        else call.respond(200, { headers: this.#refresher.answered(request) }, request)
        return true
      default:
        call.respond(/^(INFO|OPTIONS|MESSAGE)$/.test(request.method) ? 200 : 405, {}, request)
        return true
    }
  }

  #takeInvite(request: SipRequest, call: PeerCall): boolean {
    const replaces = request.headers.get('replaces')
    if (replaces !== undefined) return this.#takeReplacement(request, call, replaces)
    if (this.#state !== 'IDLE') {
      call.respond(486)
      return true
    }
    this.#begin('CALLED')
    this.#call = call
    const from = request.headers.get('from') ?? ''
    this.#owner.onNote(`is called by ${/<?sips?:([^>;]+)/.exec(from)?.[1] ?? from}`)
    this.#owner.onCalled()
    return true
  }

  /** An INVITE that is to take the place of our call (RFC 3891): done without asking its user. */
  #takeReplacement(request: SipRequest, call: PeerCall, value: string): boolean {
    const replaces = parseReplaces(value)
    const old = this.#call
    const isOurs = replaces.ok && this.#state === 'ANSWERED' && replaces.value.callId === old?.callId
    if (!isOurs || replaces.value.toTag !== old.localTag || replaces.value.fromTag !== old.remoteTag) {
      call.respond(481)
      return true
    }
    this.#owner.onNote('goes on with somebody else in the place of its far end')
    this.#call = call
    call.respond(200, { sdp: { ...this.#sdp(), direction: this.#direction } }, request)
    this.#startAudio(request)
    old.bye()
    return true
  }

  /** The far end that has referred us does not wait until that is done. */
  #goesOnBeside(): boolean {
    if (this.#beside === undefined) return false
    this.#call = this.#beside.call
    this.#state = 'CALLING'
    return true
  }

  #acknowledged(ack: SipRequest): void {
    if (this.#call?.invite.body.length === 0 || ack.body.length > 0) this.#startAudio(ack)
    if (this.#state !== 'CALLED') return
    this.#state = 'ANSWERED'
    this.#wasAnswered = true
    this.#refresher.start()
  }

  #takeReinvite(request: SipRequest, call: PeerCall): void {
    const { refusesReinvites: refusal } = this.#options
    const { status, after } = typeof refusal === 'number' ? { status: refusal, after: 0 } : (refusal ?? NO_REFUSAL)
    if (request.method === 'INVITE' && this.#reinvitesTaken++ >= after) {
      call.respond(status, {}, request)
      return
    }
    const remote = readRemoteAudio(request.body, this.#options.codecs)
    this.#isHeld = remote?.direction === 'sendonly' || remote?.direction === 'inactive'
    const direction = {
      sendonly: 'recvonly',
      recvonly: 'sendonly',
      inactive: 'inactive',
      sendrecv: 'sendrecv',
    } as const
    const sdp = { ...this.#sdp(), direction: direction[remote?.direction ?? 'sendrecv'] }
    call.respond(200, { headers: this.#refresher.answered(request), sdp }, request)
    if (remote !== undefined) this.#audio.start(remote)
  }

  #takeResponse(response: SipResponse, call: PeerCall): boolean {
    const method = cseqOf(response)?.method
    if (method === 'REGISTER') this.registration.take(response)
    if (method === 'REFER') this.referral.takeResponse(response)
    if (method !== 'INVITE') return true
    const { status } = response
    if (call === this.#beside?.call && this.#takeBeside(response, this.#beside)) return true
    if (call !== this.#call || this.#state === 'IDLE') {
      // Answered at the moment at which we gave up.
      if (status >= 200 && status < 300) {
        call.ack()
        call.bye()
      }
      return true
    }
    if (status < 200) {
      if (response.body.length > 0) this.#startAudio(response)
      if (status >= 180 && this.#state === 'CALLING') this.#state = 'RINGING'
      return true
    }
    if (status >= 300) {
      if (this.#state !== 'ANSWERED') {
        this.#owner.onNote(`is refused with ${status} ${response.phrase}`)
        this.#finish({ by: 'far end', status })
      }
      return true
    }
    call.ack()
    this.#startAudio(response)
    if (this.#state !== 'ANSWERED') {
      this.#owner.onNote('is answered')
      this.#state = 'ANSWERED'
      this.#refresher.start()
      this.#owner.onAnswered()
    }
    this.#wasAnswered = true
    this.#answers++
    return true
  }

  /** Of the call that a REFER has asked for. With a 2xx it becomes our call. @returns whether there is nothing more to it */
  #takeBeside({ status }: SipResponse, { call, onStatus }: Beside): boolean {
    if (status > 100) onStatus(status)
    if (status >= 200) this.#beside = undefined
    if (status >= 200 && status < 300) this.#call = call
    return call !== this.#call
  }

  #refresh(by: 'UPDATE' | 'INVITE'): void {
    const headers = this.#refresher.asked
    if (by === 'UPDATE') this.#call?.request('UPDATE', { headers })
    else this.#call?.reinvite({ headers, sdp: { ...this.#sdp(), direction: this.#direction } })
  }

  #sdp() {
    const { codecs = ['PCMU', 'PCMA'], claimedMediaAddress, hasTelephoneEvents } = this.#options
    const { address, port } = this.#audio.local
    const telephoneEvent = hasTelephoneEvents ? 101 : null
    return { address: claimedMediaAddress ?? address, port, codecs, telephoneEvent, version: this.#version }
  }

  #startAudio({ body }: { readonly body: Uint8Array }): void {
    const remote = readRemoteAudio(body, this.#options.codecs)
    if (remote !== undefined) this.#audio.start(remote)
  }

  #finish(end: Omit<PhoneCallEnd, 'at'>): void {
    if (this.#state === 'IDLE') return
    this.#state = 'IDLE'
    this.#beside = undefined
    this.#end = { ...end, at: this.#clock.now }
    this.#audio.stop()
    this.#refresher.stop()
    this.#owner.onChange()
  }
}

/** RFC 3261 section 17.1.1.1. */
const T1_MS = 500
