import { UsageError } from '../../kit/index.ts'
import { parseNameAddr, printReplaces } from '../../sip/index.ts'
import { type AppDefinition, appDirection } from '../app.ts'
import { ChannelCore } from '../channel-core.ts'
import { State } from '../enums.ts'
import type { CallHost } from '../host.ts'
import { placeCall } from '../place-call.ts'
import { hopsLeft } from '../routing/dialled.ts'
import type { Trunk } from '../routing/trunk.ts'
import { ReceivedRefer, type Referred } from './received-refer.ts'
import { isKnown } from './refer-policy.ts'
import { type PerformReferOptions, ReferRequest } from './refer-request.ts'
import { statusOfEnding } from './referred-call.ts'

/** What is done about REFERs outside of any call: somebody asks us to call somebody, as with "click to dial". */
export interface OutsideRefers {
  /** Whose are heard: `known`, users of ours by their password and trusted trunks; or `everybody`. Default `known`. */
  readonly from?: 'known' | 'everybody'
  /** The outbound application that decides on each, by `app.refer`, and has the channel of the call. */
  app(): AppDefinition | Promise<AppDefinition>
}

/** Runs an application on an idle channel, and resolves when it has ended. */
type RunApp = (app: AppDefinition, core: ChannelCore, refer: ReferRequest) => Promise<unknown>

/**
 * REFERs outside of any call (RFC 3515 section 2.4.4). Nobody is there who could be transferred: the application that is
 * configured for them places the call, or does not. Where none is, they are refused.
 */
export class OutsideReferrals {
  readonly #host: CallHost
  readonly #options: OutsideRefers | undefined
  readonly #run: RunApp

  constructor(host: CallHost, options: OutsideRefers | undefined, run: RunApp) {
    this.#host = host
    this.#options = options
    this.#run = run
  }

  /** @param trunk that it comes by */
  onReferred(event: Referred, trunk: Trunk | undefined): void {
    const status = this.#refusalOf(event, trunk)
    if (status !== undefined) {
      this.#host.count('refersRefused')
      this.#host.sip({ type: 'respondRefer', refer: event.refer, status })
      return
    }
    const core = new ChannelCore(this.#host)
    core.maxForwards = hopsOf(event)
    const refer = new ReceivedRefer(this.#host, undefined, event, () => refer.reject(603))
    void this.#decide(refer, core)
  }

  #refusalOf(event: Referred, trunk: Trunk | undefined): number | undefined {
    const { user, referTo } = event
    const isHeard = this.#options?.from === 'everybody' || isKnown({ user, trunk })
    if (this.#options === undefined || !isHeard) return 403
    if (referTo.method !== 'INVITE') return 603
    if (hopsOf(event) <= 0) return 483
    return this.#host.hasRoom ? undefined : 503
  }

  async #decide(refer: ReceivedRefer, core: ChannelCore): Promise<void> {
    const { request } = refer
    const from = parseNameAddr(request.request.headers.get('from') ?? '')
    const decisions = new ReferRequest({
      to: refer.to,
      referredBy: refer.referredBy ?? (from.ok ? from.value.uri : undefined),
      isAttended: request.referTo.replaces !== undefined,
      perform: (options) => this.#perform(refer, core, options),
      accept: () => core.do(() => void refer.accept()),
      report: (status, phrase) => this.#host.post(() => void refer.report(status, phrase)),
      reject: (status) => core.do(() => void refer.reject(status)),
      wait: () => {},
    })
    try {
      const app = await this.#options?.app()
      if (app === undefined) return
      if (appDirection(app) !== 'outbound')
        throw new UsageError('the application for REFERs outside of calls must be made with outbound()')
      await this.#run(app, core, decisions)
    } catch (error) {
      this.#host.logger.error({ err: error }, 'the application for REFERs outside of calls cannot be run')
      this.#host.post(() => void refer.reject(500))
    }
    // What was left open.
    this.#host.post(() => {
      if (!refer.reject(603)) refer.report(487)
    })
  }

  /** Places the call, and reports how it goes. */
  async #perform(refer: ReceivedRefer, core: ChannelCore, options: PerformReferOptions): Promise<boolean> {
    const { to = refer.to, ringbackTone, media, headers = {}, ...how } = options
    if (!refer.isOffered) throw new UsageError('perform: this REFER was decided before')
    if (core.state !== State.IDLE)
      throw new UsageError(`perform needs a channel in state IDLE; this one is ${core.state}`)
    if (ringbackTone !== undefined || media !== undefined)
      throw new UsageError('perform: nobody waits who could hear ringbackTone or media; this REFER belongs to no call')
    const { replaces } = refer.request.referTo
    const isNamed = options.to === undefined
    try {
      core.host.router.resolve(to)
    } catch (error) {
      if (!isNamed || !(error instanceof UsageError)) throw error
      await core.do(() => refer.accept() && refer.report(404))
      return false
    }
    let isTaken = false
    await core.do(() => {
      isTaken = refer.accept()
    })
    if (!isTaken) return false
    const stopListening = core.events.on('progress', ({ status, phrase }) => {
      this.#host.post(() => void refer.report(status, phrase))
    })
    const leg = await placeCall(core, to, { ...how, headers }, undefined, {
      ...(refer.referredBy !== undefined && { referredBy: { uri: refer.referredBy } }),
      ...(isNamed && replaces !== undefined && { replaces: printReplaces(replaces) }),
    })
    await leg.until(() => leg.isConnected || leg.isEnding)
    stopListening()
    const isThere = leg.isConnected && !leg.isEnding
    await core.do(() => {
      const { status, phrase } = isThere ? { status: 200, phrase: undefined } : statusOfEnding(leg)
      refer.report(status, phrase)
      if (isThere) this.#host.count('callsReferred')
    })
    return isThere
  }
}

/** Of the call that a REFER asks for: one less than its own, or than what a call has that says nothing (RFC 3261 section 8.1.1.6). */
function hopsOf({ request }: Referred): number {
  return hopsLeft(request) ?? 69
}
