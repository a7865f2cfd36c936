import { expect, test } from 'vitest'
import { integerBelow, type Random, seededRandom } from '../../../kit/index.ts'
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
} from '../release-plan.ts'

/** All of them are run with RINGDOWN_RELEASE_RUNS=1000000; RINGDOWN_RELEASE_SEED is the seed of the first run. */
const RUNS = Number(process.env.RINGDOWN_RELEASE_RUNS ?? 3000)
const FIRST_SEED = Number(process.env.RINGDOWN_RELEASE_SEED ?? 1)
const SIDES = [0, 1] as const

/** A far end as it is, whatever the plan thinks of it. */
interface FarEnd {
  place: SoundPlace
  sendsTo: SoundPlace | undefined
  asked: { readonly to: SoundPlace | undefined } | undefined
  isGone: boolean
}

/** Two far ends that answer, refuse, move and go as chance wants, and a plan that hears of it. */
class World {
  readonly farEnds: readonly [FarEnd, FarEnd]
  plan: ReleasePlan
  requests = 0
  readonly #random: Random
  readonly #refusalsIn1000: number
  /** Answers come with another place each time, or nearly never. */
  readonly #movesIn1000: number

  constructor(random: Random) {
    this.#random = random
    this.farEnds = [this.#farEnd(), this.#farEnd()]
    this.plan = releasePlan(this.farEnds[0].place, this.farEnds[1].place)
    this.#refusalsIn1000 = [0, 30, 300, 1000][integerBelow(random, 4)] as number
    this.#movesIn1000 = [0, 30, 1000][integerBelow(random, 3)] as number
  }

  step(step: ReleaseStep): void {
    this.plan = afterStep(this.plan, step)
    for (const side of SIDES) this.#ask(side)
    this.#check()
  }

  /** Something happens that nobody here has asked for. */
  surprise(): void {
    const side = integerBelow(this.#random, 2) as SideIndex
    const farEnd = this.farEnds[side]
    switch (integerBelow(this.#random, 8)) {
      case 0:
        if (farEnd.isGone || integerBelow(this.#random, 4) > 0) return
        farEnd.isGone = true
        this.step({ type: 'gone', side })
        return
      case 1:
        if (farEnd.isGone) return
        farEnd.place = this.#place()
        if (integerBelow(this.#random, 2) === 0) farEnd.sendsTo = undefined
        this.step({ type: 'moved', side, place: farEnd.place, isHere: farEnd.sendsTo === undefined })
        return
      case 2:
        if (integerBelow(this.#random, 4) === 0) this.step({ type: 'over' })
        return
      case 3:
        this.step({ type: 'possible', isPossible: false })
        return
      default:
        this.step({ type: 'possible', isPossible: true })
    }
  }

  /** One of those who were asked answers. @returns false when nobody was, and nobody rests */
  answer(): boolean {
    const asked = SIDES.filter((side) => this.farEnds[side].asked !== undefined && !this.farEnds[side].isGone)
    const side = asked[integerBelow(this.#random, Math.max(asked.length, 1))]
    if (side === undefined) return this.#rest()
    const farEnd = this.farEnds[side]
    const to = farEnd.asked?.to
    farEnd.asked = undefined
    if (integerBelow(this.#random, 1000) < this.#refusalsIn1000) {
      const isUnclear = integerBelow(this.#random, 4) === 0
      if (isUnclear) farEnd.sendsTo ??= to
      this.step({ type: 'refused', side, isUnclear })
      return true
    }
    farEnd.sendsTo = to
    if (integerBelow(this.#random, 1000) < this.#movesIn1000) farEnd.place = this.#place()
    this.step({ type: 'done', side, place: farEnd.place })
    return true
  }

  #rest(): boolean {
    const side = SIDES.find((each) => this.plan.sides[each].isResting)
    if (side !== undefined) this.step({ type: 'rested', side })
    return side !== undefined
  }

  #ask(side: SideIndex): void {
    const request = nextRequest(this.plan, side)
    if (request === undefined) return
    this.requests++
    expect(this.farEnds[side].asked, 'one request at a time').toBeUndefined()
    expect(this.farEnds[side].isGone, 'nobody is asked who has gone').toBe(false)
    this.farEnds[side].asked = request
    this.plan = afterStep(this.plan, { type: 'asked', side, to: request.to })
  }

  #check(): void {
    if (!isReleased(this.plan)) return
    const [one, other] = this.farEnds
    expect([one.sendsTo, other.sendsTo], 'released, they send to each other').toEqual([other.place, one.place])
  }

  #farEnd(): FarEnd {
    return { place: this.#place(), sendsTo: undefined, asked: undefined, isGone: false }
  }

  #place(): SoundPlace {
    const random = this.#random
    return {
      address: '192.0.2.1',
      port: 1 + integerBelow(random, 60_000),
      ptimeMs: 20,
      rtcpMux: integerBelow(random, 2) === 0,
    }
  }
}

test(`${RUNS} releases in which far ends do anything: in the end both send to each other, or both to us`, () => {
  const ends = new Set<string>()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const random = seededRandom(seed)
    const world = new World(random)
    const again = `again: RINGDOWN_RELEASE_SEED=${seed} RINGDOWN_RELEASE_RUNS=1`
    for (let i = 2 + integerBelow(random, 30); i > 0; i--) {
      if (integerBelow(random, 3) === 0) world.surprise()
      else world.answer()
    }
    settle(world, again)
    ends.add(endOf(world, again))
    world.step({ type: 'over' })
    settle(world, again)
    expect(isDone(world.plan), again).toBe(true)
    ends.add(endOf(world, again))
  }
  expect([...ends].sort()).toEqual(['over: a far end stays away', 'over: back', 'released', 'with us'])
})

/** Nothing surprising happens any more: it comes to rest. */
function settle(world: World, again: string): void {
  const before = world.requests
  while (world.answer()) expect(world.requests - before, `it comes to rest; ${again}`).toBeLessThan(40)
}

function endOf({ plan, farEnds }: World, again: string): string {
  const there = plan.sides.filter((_, side) => farEnds[side as SideIndex].isGone === false)
  if (isReleased(plan)) return 'released'
  for (const side of there) expect(isBack(side), `nobody is on the way; ${again}`).toBe(true)
  const areHere = farEnds.every(({ sendsTo, isGone }) => isGone || sendsTo === undefined)
  if (areHere) return plan.isOver ? 'over: back' : 'with us'
  expect(
    there.some(({ returnsRefused }) => returnsRefused >= MOST_RETURNS),
    `nobody stays away who was not asked ${MOST_RETURNS} times; ${again}`,
  ).toBe(true)
  return plan.isOver ? 'over: a far end stays away' : 'with us'
}
