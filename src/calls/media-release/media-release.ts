import type { CallHost, CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { LegMedia } from '../leg-media.ts'
import type { ChangeOutcome } from '../renegotiation.ts'
import type { MediaNews, MediaObstacle } from './media-news.ts'
import { releaseObstacle } from './release-obstacle.ts'
import {
  afterStep,
  isBack,
  isDone,
  isReleased,
  MOST_RETURNS,
  nextRequest,
  type ReleasePlan,
  type ReleaseStep,
  releasePlan,
  type SideIndex,
  type SoundPlace,
} from './release-plan.ts'

/** Whoever needed the sound for a moment may need it again soon. */
const RELEASE_AGAIN_MS = 2000
/** How long a far end is left alone that would not send to us again. */
const ASK_AGAIN_MS = 1000

/**
 * Two connected calls whose far ends are to send their sound to each other instead of through us, by re-INVITE, as long as
 * both can and nobody here needs it (RFC 3725 section 4.1). The bridge between the two stands all the while, so that
 * what comes here after all reaches the other. How it goes is {@link ReleasePlan}'s; here is what follows from it.
 */
export class MediaRelease {
  readonly #host: CallHost
  readonly #legs: readonly [Leg, Leg]
  readonly #again: CallTimer
  readonly #rests: readonly [CallTimer, CallTimer]
  readonly #stopListening: (() => void)[] = []
  #plan: ReleasePlan | undefined
  #isWaiting = false
  #isEnded = false
  /** Why it is not released, as was told last. */
  #told: MediaObstacle | undefined

  /** For connected calls that hear each other. */
  constructor(host: CallHost, one: Leg, other: Leg) {
    this.#host = host
    this.#legs = [one, other]
    this.#again = host.timer(() => {
      this.#isWaiting = false
      if (this.#obstacle() === undefined) this.#take({ type: 'possible', isPossible: true })
    })
    this.#rests = [
      host.timer(() => this.#take({ type: 'rested', side: 0 })),
      host.timer(() => this.#take({ type: 'rested', side: 1 })),
    ]
    host.post(() => this.#begin())
  }

  /** They are not connected any more: both far ends are to send to us again. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#host.post(() => this.#take({ type: 'over' }))
  }

  /** Whether the far end of this leg sends to us, or never will again. */
  isBack(leg: Leg): boolean {
    const plan = this.#plan
    return plan === undefined || isBack(plan.sides[leg === this.#legs[0] ? 0 : 1])
  }

  #begin(): void {
    const places = this.#legs.map(({ media }) => placeOf(media))
    const [one, other] = places
    if (this.#isEnded || one === undefined || other === undefined) return
    this.#plan = releasePlan(one, other)
    for (const side of [0, 1] as const) {
      const { media } = this.#legs[side]
      // What follows from an offer of the far end waits until that is answered.
      const onStream = () => this.#host.post(() => this.#onStream(side))
      const listener = { onStream, onUse: () => this.#look() }
      media.soundListener = listener
      this.#stopListening.push(
        this.#legs[side].onEnding(() => this.#take({ type: 'gone', side })),
        () => {
          if (media.soundListener === listener) media.soundListener = undefined
        },
      )
    }
    const obstacle = this.#obstacle()
    if (obstacle === undefined) this.#take({ type: 'possible', isPossible: true })
    else this.#tellWhy(obstacle)
  }

  #onStream(side: SideIndex): void {
    const { media } = this.#legs[side]
    const place = placeOf(media)
    if (place !== undefined) this.#take({ type: 'moved', side, place, isHere: media.negotiation.sendsTo === undefined })
    this.#look()
  }

  /** Something has changed of what decides whether it is possible. */
  #look(): void {
    const obstacle = this.#obstacle()
    if (obstacle !== undefined) {
      this.#isWaiting = false
      this.#again.clear()
      if (this.#plan?.isPossible === true) this.#take({ type: 'possible', isPossible: false })
      this.#tellWhy(obstacle)
    } else if (this.#plan?.isPossible === false && !this.#isWaiting) {
      this.#isWaiting = true
      this.#again.setIn(this.#plan.releases === 0 ? 0 : RELEASE_AGAIN_MS)
    }
  }

  #obstacle(): MediaObstacle | undefined {
    const plan = this.#plan
    if (plan === undefined || plan.isOver) return 'over'
    if (plan.isGivenUp) return 'refused'
    for (const side of [0, 1] as const) {
      const { sendsTo, asked } = plan.sides[side]
      // Another connection that it was in before brings it back.
      if (asked === undefined && this.#legs[side].media.negotiation.sendsTo !== sendsTo) return 'returning'
    }
    const [one, other] = this.#legs
    return releaseObstacle(one.media.releasable, other.media.releasable)
  }

  #take(step: ReleaseStep): void {
    const before = this.#plan
    if (before === undefined || isDone(before)) return
    this.#plan = afterStep(before, step)
    this.#tell(before, this.#plan)
    for (const side of [0, 1] as const) this.#ask(side)
    for (const leg of this.#legs) if (!leg.isEnding) leg.checkWaiting()
    if (this.#plan !== undefined && isDone(this.#plan)) this.#finish()
  }

  #tell(before: ReleasePlan, plan: ReleasePlan): void {
    if (plan.isGivenUp && !before.isGivenUp) this.#host.count('mediaReleasesRefused')
    const isPast = isReleased(plan)
    if (isPast !== isReleased(before)) {
      if (isPast) this.#host.count('mediaReleases')
      for (const { media } of this.#legs) media.letPassBy(isPast)
      this.#told = isPast ? undefined : (this.#obstacle() ?? 'over')
      this.#say(this.#told === undefined ? { type: 'mediaReleased' } : { type: 'mediaReturned', reason: this.#told })
    } else if (plan.isGivenUp && !plan.isOver) this.#tellWhy('refused')
  }

  /** Once for each reason, until it is released; not what passes by itself. */
  #tellWhy(reason: MediaObstacle): void {
    if (this.#isEnded || this.#told === reason || PASSING.has(reason)) return
    this.#told = reason
    this.#say({ type: 'mediaStays', reason })
  }

  #say(what: MediaNews): void {
    for (const leg of this.#legs) {
      if (leg.isEnding) continue
      leg.record?.add(this.#host.now, what)
      leg.core.emit(what)
    }
  }

  #ask(side: SideIndex): void {
    const request = this.#plan && nextRequest(this.#plan, side)
    if (request === undefined) return
    const { to } = request
    this.#take({ type: 'asked', side, to })
    this.#legs[side].dialog.redirect(to, (outcome) => this.#onAnswered(side, outcome))
  }

  #onAnswered(side: SideIndex, outcome: ChangeOutcome): void {
    const leg = this.#legs[side]
    const place = placeOf(leg.media)
    if (leg.isEnding || place === undefined) return
    if (outcome === 'done') {
      this.#take({ type: 'done', side, place })
      return
    }
    const wasReturn = this.#plan?.sides[side].asked?.to === undefined
    this.#take({ type: 'refused', side, isUnclear: outcome === 'unclear' })
    if (!wasReturn) return
    this.#host.count('mediaReturnsRefused')
    const { callId } = leg.details
    const refusals = this.#plan?.sides[side].returnsRefused
    this.#host.logger.warn({ callId, refusals }, 'a far end would not send its sound to us again')
    if (refusals !== undefined && refusals < MOST_RETURNS) this.#rests[side].setIn(ASK_AGAIN_MS)
  }

  #finish(): void {
    for (const stop of this.#stopListening.splice(0)) stop()
    for (const timer of [this.#again, ...this.#rests]) timer.clear()
  }
}

const PASSING: ReadonlySet<MediaObstacle> = new Set(['inUse', 'onHold', 'noSound', 'returning', 'over'])

/** Where the far end of a leg takes its sound. */
function placeOf({ stream }: LegMedia): SoundPlace | undefined {
  if (stream === undefined) return undefined
  const { remoteAddress: address, remotePort: port, ptimeMs, rtcpMux } = stream
  return { address, port, ptimeMs, rtcpMux }
}
