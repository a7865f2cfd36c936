import { z } from 'zod'
import { type AppDefinition, appDirection } from '../../calls/index.ts'

/** An object that has these keys and no others: one that is not known is named, together with those that are. */
export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no key ${issue.keys.map((key) => `"${key}"`).join(', ')}: the keys are ${Object.keys(shape).join(', ')}`
        : `must be an object with the keys ${Object.keys(shape).join(', ')}`,
  })
}

/** A whole number; its range stands in the error. */
export function whole(least: number, most: number, unit: string) {
  const expected = `must be a whole number from ${least} to ${most}${unit === '' ? '' : ` (${unit})`}`
  return z.int(expected).min(least, expected).max(most, expected)
}

/** A text that is right; `expected` says what that is. */
export function text(expected: string, isRight: (value: string) => boolean) {
  return z.string(expected).refine(isRight, expected)
}

/** Any number of them. */
export function list<Item extends z.ZodType>(item: Item, of: string) {
  return z.array(item, `must be a list of ${of}`)
}

/** What an application is given as. */
export const APP = 'must be the path of an application file, or what inbound() or outbound() returned'

/** The path of an application file, with the name of an export perhaps, or an application itself. */
export const app = z.custom<string | AppDefinition>(
  (value) => (typeof value === 'string' && value !== '') || appDirection(value) !== undefined,
  APP,
)
