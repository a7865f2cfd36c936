import type { ServiceMatch } from './config.ts'

/** Whether the user of a called address is meant by `match`. */
export function matches(match: ServiceMatch, user: string): boolean {
  if (typeof match !== 'string') return pattern(match).test(user)
  return match.endsWith('*') ? user.startsWith(match.slice(0, -1)) : user === match
}

/** Whether whatever `later` matches is matched by `earlier` too, as far as that can be told: the later one is never reached. */
export function shadows(earlier: ServiceMatch, later: ServiceMatch): boolean {
  if (typeof later !== 'string')
    return earlier === '*' || (typeof earlier !== 'string' && String(earlier) === String(later))
  if (!later.endsWith('*')) return matches(earlier, later)
  return typeof earlier === 'string' && earlier.endsWith('*') && later.startsWith(earlier.slice(0, -1))
}

/** `g` and `y` make a regular expression remember where it stopped: not here. */
function pattern(match: RegExp): RegExp {
  return match.global || match.sticky ? new RegExp(match.source, match.flags.replace(/[gy]/g, '')) : match
}
