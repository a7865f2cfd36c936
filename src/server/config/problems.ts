import type { z } from 'zod'

/** The path of a value as one would write it: `services[0].match`. */
export function pathText(path: readonly PropertyKey[]): string {
  let written = ''
  for (const key of path)
    written += typeof key === 'number' ? `[${key}]` : written === '' ? String(key) : `.${String(key)}`
  return written === '' ? 'the configuration' : written
}

/** One line for each thing that zod refused: where it is, what stands there, and what would be right. */
export function problemsOf(error: z.ZodError, config: unknown): string[] {
  return error.issues.flatMap((issue) => describe(issue, config))
}

function describe(issue: z.core.$ZodIssue, config: unknown): string[] {
  // Inside a union the alternatives speak; the one that came furthest knows best.
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length)[0]
    if (deepest !== undefined && deepest.path.length > 0)
      return describe({ ...deepest, path: [...issue.path, ...deepest.path] }, config)
  }
  const path = pathText(issue.path)
  if (issue.code === 'unrecognized_keys') return [`${path} ${issue.message}`]
  return [`${path} is ${valueText(issue.path, config)}: ${issue.message}`]
}

function valueText(path: readonly PropertyKey[], config: unknown): string {
  if (path.at(-1) === 'password') return 'not usable'
  let value = config
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  if (value === undefined) return 'missing'
  if (typeof value === 'function' || value instanceof RegExp) return `a ${typeof value}`
  const written = JSON.stringify(value) ?? String(value)
  return written.length > 80 ? `${written.slice(0, 80)}...` : written
}
