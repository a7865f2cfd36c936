import { UsageError } from '../../kit/index.ts'
import { type EndpointEvent, printReplaces, type Replaces, type SessionId } from '../../sip/index.ts'
import { farEndUri } from '../carried-call.ts'
import { State } from '../enums.ts'
import type { CallHost } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { Replacement } from '../leg-dialog.ts'
import { OutgoingLeg } from '../outgoing-leg.ts'
import type { Trunk } from '../routing/trunk.ts'
import { type Side, Together } from '../transfer/together.ts'
import { planTransfer } from '../transfer/transfer-options.ts'
import { ReceivedRefer, type Referred } from './received-refer.ts'
import type { ReferPolicy } from './refer-policy.ts'
import { type PerformReferOptions, ReferRequest } from './refer-request.ts'
import { canBeReferred, free, letGo, type ReferralPlan, ReferredCall } from './referred-call.ts'

type Incoming = Extract<EndpointEvent, { readonly type: 'incoming' }>

/** Max-Forwards of a call that came without (RFC 3261 section 8.1.1.6). */
const MOST_HOPS = 70

/**
 * Far ends that move calls of ours: by REFER (RFC 3515), and by an INVITE that takes the place of a dialog (RFC 3891). The
 * application of the call is asked first; what it leaves open is for the policy to say.
 */
export class Referrals {
  readonly #host: CallHost
  readonly #policy: ReferPolicy
  readonly #legOf: (session: SessionId) => Leg | undefined
  readonly #sessionOf: (replaces: Replaces) => SessionId | undefined

  /**
   * @param legOf the call of a SIP session
   * @param sessionOf the session that Replaces names, while it stands
   */
  constructor(
    host: CallHost,
    policy: ReferPolicy,
    legOf: (session: SessionId) => Leg | undefined,
    sessionOf: (replaces: Replaces) => SessionId | undefined,
  ) {
    this.#host = host
    this.#policy = policy
    this.#legOf = legOf
    this.#sessionOf = sessionOf
  }

  /** A REFER within a session. */
  onReferred(event: Referred, leg: Leg | undefined): void {
    if (leg === undefined) {
      this.#host.count('refersRefused')
      this.#host.sip({ type: 'respondRefer', refer: event.refer, status: 481 })
      return
    }
    const refer = new ReceivedRefer(this.#host, leg, event, () => this.#decide(refer, leg))
    let isWaiting = false
    const { core } = leg
    const request = new ReferRequest({
      to: refer.to,
      referredBy: refer.referredBy,
      isAttended: event.referTo.replaces !== undefined,
      perform: (options) => this.#performFor(refer, leg, options),
      accept: () => core.do(() => void refer.accept()),
      report: (status, phrase) => this.#host.post(() => void refer.report(status, phrase)),
      reject: (status) => core.do(() => void refer.reject(status)),
      wait: () => {
        isWaiting = true
      },
    })
    core.emit({ type: 'referred', refer: request })
    // What a listener has decided stands in the queue.
    this.#host.post(() => {
      if (!isWaiting) this.#decide(refer, leg)
    })
  }

  /** An INVITE that is to take the place of a call. @param trunk that it comes by */
  onReplacing(event: Incoming, leg: Leg | undefined, trunk: Trunk | undefined): void {
    const replacement: Replacement = { ...event, trunk }
    const refuse = (status: number) => {
      this.#host.count('replacesRefused')
      this.#host.sip({ type: 'respond', session: event.session, status })
    }
    if (!this.#policy.mayTransfer(replacement)) refuse(403)
    else if (leg === undefined || leg.isEnding) refuse(481)
    else if (leg instanceof OutgoingLeg && leg.canBePickedUp) {
      if (leg.pickUp(replacement)) this.#host.count('callsPickedUp')
    } else if (!leg.isConnected) refuse(481)
    else if (leg.replaceDialog(replacement)) this.#host.count('callsReplaced')
  }

  /** Nobody but the policy says anything. */
  #decide(refer: ReceivedRefer, leg: Leg): void {
    if (!refer.isOffered) return
    const { referTo, from } = refer.request
    const partner = partnerOf(leg)
    if (!this.#policy.mayTransfer(leg)) refer.reject(403)
    else if (referTo.method !== 'INVITE' || partner === undefined) refer.reject(603)
    else if (this.#replacedBy(refer) !== undefined) this.#joinPartners(refer, leg)
    else {
      const target = this.#policy.targetOf(refer.to, leg, from)
      if (target === 'forbidden') refer.reject(403)
      else if (target === 'unknown') reportUnknown(refer)
      else {
        const plan = this.#planOrUnknown(refer, leg, partner, target.dial)
        if (plan !== undefined) this.#dial(refer, { core: leg.core, leg }, partner, plan, () => {})
      }
    }
  }

  async #performFor(refer: ReceivedRefer, leg: Leg, { to, ...options }: PerformReferOptions): Promise<boolean> {
    const partner = partnerOf(leg)
    if (!refer.isOffered) throw new UsageError('perform: this REFER was decided before')
    if (partner === undefined)
      throw new UsageError(
        'perform: this call is connected to none that could be transferred; accept() it, and call yourself',
      )
    const isInside = to === undefined && this.#replacedBy(refer) !== undefined
    const plan = isInside ? undefined : this.#plan(refer, leg, partner, to ?? refer.to, options)
    return new Promise((resolve) =>
      this.#host.post(() => {
        const isStill = refer.isOffered && partnerOf(leg)?.leg === partner.leg
        if (!isStill) resolve(false)
        else if (plan === undefined) this.#joinPartners(refer, leg, resolve)
        else this.#dial(refer, { core: leg.core, leg }, partner, plan, resolve)
      }),
    )
  }

  #planOrUnknown(refer: ReceivedRefer, leg: Leg, partner: Side, dial: string): ReferralPlan | undefined {
    try {
      return this.#plan(refer, leg, partner, dial, {})
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      reportUnknown(refer)
      return undefined
    }
  }

  /** @throws UsageError for what cannot be called */
  #plan(refer: ReceivedRefer, leg: Leg, { core }: Side, to: string, options: PerformReferOptions): ReferralPlan {
    const { groups, timeoutMs, waiting } = planTransfer('REFER', core, to, options)
    const call = groups[0]?.[0]
    if (call === undefined) throw new UsageError('REFER: nobody to call')
    const { referTo } = refer.request
    const by = refer.referredBy ?? farEndUri(leg)
    const isHidden = leg.details.privacy?.some((value) => value !== 'none') === true
    return {
      timeoutMs,
      waiting,
      call: {
        ...call,
        ...(by !== undefined && { referredBy: { uri: by, isHidden } }),
        ...(referTo.replaces !== undefined && { replaces: printReplaces(referTo.replaces) }),
        maxForwards: (core.maxForwards ?? MOST_HOPS) - 1,
      },
    }
  }

  #dial(
    refer: ReceivedRefer,
    transferor: Side,
    transferee: Side,
    plan: ReferralPlan,
    onOver: (isDone: boolean) => void,
  ): void {
    const hops = plan.call.maxForwards ?? 0
    if (hops <= 0) refer.reject(483)
    else if (!this.#host.hasRoom) refer.reject(503)
    else if (refer.accept()) {
      transferee.core.maxForwards = hops
      new ReferredCall(transferor, transferee, plan, {
        onProgress: (status, phrase) => void refer.report(status, phrase),
        onOver: (status, phrase) => {
          refer.report(status, phrase)
          if (status === 200) this.#host.count('callsReferred')
          onOver(status === 200)
        },
      })
      return
    }
    onOver(false)
  }

  /** The far end has a call with the target here: then those with whom it speaks are connected, and it has no part in it. */
  #joinPartners(refer: ReceivedRefer, leg: Leg, onOver: (isDone: boolean) => void = () => {}): void {
    const replaced = this.#replacedBy(refer)
    const [one, other] = [partnerOf(leg), replaced && partnerOf(replaced)]
    if (replaced === undefined || one === undefined || other === undefined || one.leg === replaced) {
      refer.reject(603)
      onOver(false)
      return
    }
    refer.accept()
    const leaving: readonly Side[] = [leg, replaced].map((each) => ({ core: each.core, leg: each }))
    letGo(...leaving, one, other)
    for (const side of [...leaving, one, other]) side.leg.goAway(State.TRANSFERRING)
    const areAlone = Promise.all([one.core.disconnect(), other.core.disconnect()])
    void areAlone.then(() =>
      this.#host.post(() => {
        const pair = new Together(one, other)
        void pair.settled.then((isDone) =>
          this.#host.post(() => {
            refer.report(isDone ? 200 : 487)
            if (isDone) this.#host.count('callsReferred')
            for (const side of leaving) free(side)
            if (isDone) replaced.hangUp('local')
            onOver(isDone)
          }),
        )
      }),
    )
  }

  #replacedBy({ request: { referTo } }: ReceivedRefer): Leg | undefined {
    const session = referTo.replaces && this.#sessionOf(referTo.replaces)
    return session === undefined ? undefined : this.#legOf(session)
  }
}

/** RFC 3515 section 2.4.4: that the target is not there is an outcome like any other. */
function reportUnknown(refer: ReceivedRefer): void {
  refer.accept()
  refer.report(404)
}

/** Whom a call is connected to, when the two may be parted. */
function partnerOf(leg: Leg): Side | undefined {
  const own = { core: leg.core, leg }
  const core = leg.core.connectedTo
  if (core?.leg === undefined) return undefined
  const other = { core, leg: core.leg }
  return canBeReferred(own, other) ? other : undefined
}
