/** Where a far end takes its sound, and how. */
export interface SoundPlace {
  readonly address: string
  readonly port: number
  /** The packet duration that it asks for, in ms. */
  readonly ptimeMs: number
  /** It takes RTCP at the port of RTP (RFC 5761). */
  readonly rtcpMux: boolean
}

/** One of the two calls. */
export type SideIndex = 0 | 1

/** One call whose sound is released, or is to be. */
export interface ReleaseSide {
  /** Where its far end takes its sound, as it has said last. */
  readonly place: SoundPlace
  /** Where its far end sends; `undefined`: to us. */
  readonly sendsTo: SoundPlace | undefined
  /** What it has been asked and has not answered: to send there, or with `undefined` to us. */
  readonly asked: { readonly to: SoundPlace | undefined } | undefined
  /** How often it has refused to send to us again. */
  readonly returnsRefused: number
  /** After a refusal, nothing is asked until some time has passed. */
  readonly isResting: boolean
  /** Its call is over, or on its way there. */
  readonly isGone: boolean
}

/** What is known of the sound of two connected calls. */
export interface ReleasePlan {
  /** Both can, and nobody here wants to hear or to be heard. */
  readonly isPossible: boolean
  /** One of them has refused, or never comes to rest: their sound stays here from now on. */
  readonly isGivenUp: boolean
  /** They are not connected any more. */
  readonly isOver: boolean
  /** How often far ends were asked to send elsewhere since both did last. */
  readonly redirections: number
  /** How often both have sent to each other. */
  readonly releases: number
  readonly sides: readonly [ReleaseSide, ReleaseSide]
}

/** What happens to them. */
export type ReleaseStep =
  /** Whether it is possible has changed. */
  | { readonly type: 'possible'; readonly isPossible: boolean }
  /** A far end has been asked what {@link nextRequest} says. */
  | { readonly type: 'asked'; readonly side: SideIndex; readonly to: SoundPlace | undefined }
  /** It does that from now on. */
  | { readonly type: 'done'; readonly side: SideIndex; readonly place: SoundPlace }
  /** It goes on as before; or, when it is not clear, it has agreed to what makes no sense. */
  | { readonly type: 'refused'; readonly side: SideIndex; readonly isUnclear: boolean }
  /** A far end has changed something by itself. */
  | { readonly type: 'moved'; readonly side: SideIndex; readonly place: SoundPlace; readonly isHere: boolean }
  /** The time after a refusal has passed. */
  | { readonly type: 'rested'; readonly side: SideIndex }
  | { readonly type: 'gone'; readonly side: SideIndex }
  /** They are not connected any more. */
  | { readonly type: 'over' }

/** How often a far end is asked to send to us again before it is left alone. */
export const MOST_RETURNS = 3
/** Far ends that answer with another place each time are given up after so many requests. */
const MOST_REDIRECTIONS = 6
/** Far ends that take their sound back each time are given up after so often. */
const MOST_RELEASES = 10

/** Two connected calls, whose far ends send to us. */
export function releasePlan(one: SoundPlace, other: SoundPlace): ReleasePlan {
  return {
    isPossible: false,
    isGivenUp: false,
    isOver: false,
    redirections: 0,
    releases: 0,
    sides: [newSide(one), newSide(other)],
  }
}

function newSide(place: SoundPlace): ReleaseSide {
  return { place, sendsTo: undefined, asked: undefined, returnsRefused: 0, isResting: false, isGone: false }
}

/**
 * The sound of two connected calls, on its way past us and back (RFC 3725 section 4.1): what is so after a step. What is
 * to be done about it is not said by steps but follows from how it stands: {@link nextRequest}.
 *
 *     with us ---> one sends to the other ---> both do (released)
 *        ^                  |                        |
 *        +------------------+------------------------+--- refused, wanted here, or over: both are asked to send to us
 */
export function afterStep(plan: ReleasePlan, step: ReleaseStep): ReleasePlan {
  const next = taken(plan, step)
  if (!isReleased(plan) && isReleased(next)) return { ...next, redirections: 0, releases: plan.releases + 1 }
  const isRestless = next.redirections > MOST_REDIRECTIONS || (!isReleased(next) && next.releases >= MOST_RELEASES)
  return isRestless && !next.isGivenUp ? { ...next, isGivenUp: true } : next
}

function taken(plan: ReleasePlan, step: ReleaseStep): ReleasePlan {
  switch (step.type) {
    case 'possible':
      return { ...plan, isPossible: step.isPossible }
    case 'over':
      return { ...plan, isOver: true }
    case 'asked':
      return {
        ...withSide(plan, step.side, { asked: { to: step.to } }),
        redirections: plan.redirections + (step.to === undefined ? 0 : 1),
      }
    case 'done': {
      const to = plan.sides[step.side].asked?.to
      return withSide(plan, step.side, { asked: undefined, sendsTo: to, place: step.place, returnsRefused: 0 })
    }
    case 'refused':
      return afterRefusal(plan, step.side, step.isUnclear)
    case 'moved':
      return withSide(plan, step.side, { place: step.place, ...(step.isHere && { sendsTo: undefined }) })
    case 'rested':
      return withSide(plan, step.side, { isResting: false })
    case 'gone':
      return withSide(plan, step.side, { isGone: true, asked: undefined })
  }
}

function afterRefusal(plan: ReleasePlan, index: SideIndex, isUnclear: boolean): ReleasePlan {
  const { asked, sendsTo, returnsRefused } = plan.sides[index]
  const wasReturn = asked !== undefined && asked.to === undefined
  const refused = withSide(plan, index, {
    asked: undefined,
    // Of what makes no sense it is only known that it is not us.
    ...(isUnclear && { sendsTo: sendsTo ?? asked?.to }),
    ...(wasReturn && { returnsRefused: returnsRefused + 1, isResting: true }),
  })
  return { ...refused, isGivenUp: true }
}

function withSide(plan: ReleasePlan, index: SideIndex, change: Partial<ReleaseSide>): ReleasePlan {
  const [one, other] = plan.sides
  return { ...plan, sides: index === 0 ? [{ ...one, ...change }, other] : [one, { ...other, ...change }] }
}

/**
 * What a far end is to be asked now, when anything: to send to this place, or with `to` undefined to us. The first is asked
 * to send to the second before the second is asked, which then hears of what the first has answered.
 */
export function nextRequest(plan: ReleasePlan, index: SideIndex): { readonly to: SoundPlace | undefined } | undefined {
  const { sendsTo, asked, returnsRefused, isResting, isGone } = plan.sides[index]
  if (asked !== undefined || isGone) return undefined
  if (isWanted(plan)) {
    const to = plan.sides[index === 0 ? 1 : 0].place
    const isTurn =
      index === 0 || (plan.sides[0].asked === undefined && isSame(plan.sides[0].sendsTo, plan.sides[1].place))
    return isTurn && !isSame(sendsTo, to) ? { to } : undefined
  }
  return sendsTo === undefined || isResting || returnsRefused >= MOST_RETURNS ? undefined : { to: undefined }
}

/** Both far ends send to each other, and nothing is asked of them: here nothing is to be heard or sent. */
export function isReleased(plan: ReleasePlan): boolean {
  const [one, other] = plan.sides
  return (
    isWanted(plan) &&
    one.asked === undefined &&
    other.asked === undefined &&
    isSame(one.sendsTo, other.place) &&
    isSame(other.sendsTo, one.place)
  )
}

/** Nothing is left to be done, and will be. */
export function isDone(plan: ReleasePlan): boolean {
  return plan.isOver && plan.sides.every(isBack)
}

/** Its far end sends to us, or is not to be moved to, or has gone. */
export function isBack({ sendsTo, asked, returnsRefused, isGone }: ReleaseSide): boolean {
  return isGone || (asked === undefined && (sendsTo === undefined || returnsRefused >= MOST_RETURNS))
}

function isWanted({ isPossible, isGivenUp, isOver, sides }: ReleasePlan): boolean {
  return isPossible && !isGivenUp && !isOver && !sides.some((side) => side.isGone)
}

/** Whether these are one place, whatever else is said of it. */
function isSame(one: SoundPlace | undefined, other: SoundPlace): boolean {
  return (
    one !== undefined &&
    one.address === other.address &&
    one.port === other.port &&
    one.ptimeMs === other.ptimeMs &&
    one.rtcpMux === other.rtcpMux
  )
}
