import { integerBelow, type Random, UsageError } from '../../kit/index.ts'

/** Where the numbers that begin with `prefix` go. */
export interface NumberRoute {
  /** The beginning of a normalised number: `+44`, `+`, an extension's `2`; `''` is every number. The longest counts. */
  readonly prefix: string
  /** The trunks that take them; none, and no service either: the numbers are barred. */
  readonly trunks: readonly TrunkChoice[]
  /** The service of ours that takes them, instead of trunks. */
  readonly service?: string
}

/** One of the trunks of a route. Priority and weight are those of RFC 2782. */
export interface TrunkChoice {
  readonly name: string
  /** The lowest is tried first, 0..65535; those of one priority share the calls. Default: the place in the list, from 1. */
  readonly priority?: number
  /** The share of the calls among those of one priority, 0..65535. 0 is for when the others fail. Default 1. */
  readonly weight?: number
}

/** The routes of an exchange: who takes a number. */
export class RouteTable {
  readonly #routes = new Map<string, NumberRoute>()
  #longest = 0

  /** @throws UsageError when a prefix is there twice */
  constructor(routes: readonly NumberRoute[]) {
    for (const route of routes) {
      const { prefix } = route
      if (this.#routes.has(prefix)) throw new UsageError(`there are two routes for the prefix "${prefix}": merge them`)
      this.#routes.set(prefix, route)
      this.#longest = Math.max(this.#longest, prefix.length)
    }
  }

  /** The route for a number; `undefined` when there is none. */
  find(number: string): NumberRoute | undefined {
    for (let length = Math.min(this.#longest, number.length); length >= 0; length--) {
      const route = this.#routes.get(number.slice(0, length))
      if (route !== undefined) return route
    }
    return undefined
  }
}

/** The names of trunks in the order in which one call tries them. */
export function inOrder(choices: readonly TrunkChoice[], random: Random): string[] {
  const left = choices.map(({ name, priority, weight = 1 }, index) => ({
    name,
    priority: priority ?? index + 1,
    weight,
  }))
  const order: string[] = []
  while (left.length > 0) {
    const first = Math.min(...left.map(({ priority }) => priority))
    const equals = left.filter(({ priority }) => priority === first)
    const taken = equals.length === 1 ? equals[0] : drawn(equals, random)
    left.splice(left.indexOf(taken as (typeof left)[number]), 1)
    order.push((taken as (typeof left)[number]).name)
  }
  return order
}

/** One of several by weight (RFC 2782); those of weight 0 come when there are no others. */
function drawn<Choice extends { readonly weight: number }>(choices: readonly Choice[], random: Random): Choice {
  const total = choices.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return choices[integerBelow(random, choices.length)] as Choice
  let at = integerBelow(random, total)
  for (const choice of choices) {
    if (at < choice.weight) return choice
    at -= choice.weight
  }
  throw new RangeError('a draw beyond the sum of the weights')
}
