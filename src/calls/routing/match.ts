/** Which names are meant: exactly one, all that begin so (`'44*'`), or those that a regular expression finds (anchor it). */
export type NameMatch = string | RegExp

/** Whether `match` means that name. */
export function matches(match: NameMatch, name: string): boolean {
  if (typeof match !== 'string') return pattern(match).test(name)
  return match.endsWith('*') ? name.startsWith(match.slice(0, -1)) : name === match
}

/** Whether whatever `later` matches is matched by `earlier` too, as far as that can be told: the later one is never reached. */
export function shadows(earlier: NameMatch, later: NameMatch): boolean {
  if (typeof later !== 'string')
    return earlier === '*' || (typeof earlier !== 'string' && String(earlier) === String(later))
  if (!later.endsWith('*')) return matches(earlier, later)
  return typeof earlier === 'string' && earlier.endsWith('*') && later.startsWith(earlier.slice(0, -1))
}

/** `g` and `y` make a regular expression remember where it stopped: not here. */
function pattern(match: RegExp): RegExp {
  return match.global || match.sticky ? new RegExp(match.source, match.flags.replace(/[gy]/g, '')) : match
}
