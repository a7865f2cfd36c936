import { isMeant, numberOf } from '../../calls/index.ts'
import type { CheckedConfig } from './schema.ts'
import type { Settings } from './settings.ts'

/** What contradicts itself in `numbering`, `routes` and what trunks say of numbers. */
export function numberProblems(config: CheckedConfig, { numbering }: Settings): string[] {
  return [...planProblems(config), ...routeProblems(config), ...callerIdProblems(config, numbering)]
}

function planProblems({ numbering }: CheckedConfig): string[] {
  const {
    nationalPrefix = '0',
    internationalPrefix = '00',
    nationalLengths = [],
    extensionLengths = [],
  } = numbering ?? {}
  const problems: string[] = []
  if (nationalPrefix === internationalPrefix && nationalPrefix !== '')
    problems.push(
      `numbering.nationalPrefix and numbering.internationalPrefix are both '${nationalPrefix}': nobody could tell the two kinds of numbers apart`,
    )
  else if (nationalPrefix.startsWith(internationalPrefix) && internationalPrefix !== '')
    problems.push(
      `numbering.nationalPrefix is '${nationalPrefix}', which begins with the internationalPrefix '${internationalPrefix}': no national number would ever be known`,
    )
  for (const length of nationalLengths.filter((length) => extensionLengths.includes(length)))
    problems.push(
      `numbering: ${length} digits are an extension and a national number: remove ${length} from extensionLengths or from nationalLengths`,
    )
  return problems
}

function routeProblems({ routes = [], trunks = [], services = [] }: CheckedConfig): string[] {
  const problems: string[] = []
  for (const [index, route] of routes.entries()) {
    const at = `routes[${index}]`
    const twin = routes.findIndex(({ prefix }) => prefix === route.prefix)
    if (twin < index)
      problems.push(
        `${at}.prefix is '${route.prefix}', which routes[${twin}] has already: give both trunks to one route`,
      )
    const takers = (['trunks', 'service', 'barred'] as const).filter((key) => route[key] !== undefined)
    if (takers.length === 0)
      problems.push(`${at} has no trunks: name those that take '${route.prefix}', or a service, or write barred: true`)
    else if (takers.length > 1) problems.push(`${at} has ${takers.join(' and ')}: one of them is enough`)
    if (route.service !== undefined && !services.some(({ name }) => name === route.service))
      problems.push(`${at}.service is "${route.service}", and no service has that name: ${knownNames(services)}`)
    const names = (route.trunks ?? []).map((trunk) => (typeof trunk === 'string' ? trunk : trunk.name))
    for (const [place, name] of names.entries()) {
      if (!trunks.some((trunk) => trunk.name === name))
        problems.push(`${at}.trunks[${place}] is "${name}", and no trunk has that name: ${knownNames(trunks)}`)
      if (names.indexOf(name) < place) problems.push(`${at}.trunks[${place}] is "${name}" once more: name a trunk once`)
    }
  }
  return problems
}

function knownNames(known: readonly { readonly name: string }[]): string {
  return known.length === 0 ? 'there are none' : `the names are ${known.map(({ name }) => name).join(', ')}`
}

function callerIdProblems({ trunks = [] }: CheckedConfig, numbering: Settings['numbering']): string[] {
  const problems: string[] = []
  for (const [index, { from, callerId, numberFormat, trusted }] of trunks.entries()) {
    const at = `trunks[${index}]`
    for (const [key, format] of [
      ['numberFormat', numberFormat],
      ['callerId.format', callerId?.format],
    ])
      if (format === 'national' && numbering === undefined)
        problems.push(`${at}.${key} is 'national', and nothing says which nation: add numbering.countryCode`)
    if (callerId?.identity === 'asserted' && trusted !== true)
      problems.push(
        `${at}.callerId.identity is 'asserted', which only a trunk of our trust domain may be told: set trusted to true, or use 'preferred'`,
      )
    const { allowed } = callerId ?? {}
    if (allowed === undefined) continue
    const number = numberOf(from, numbering)?.number
    if (from === undefined)
      problems.push(`${at}.callerId.allowed needs ${at}.from: it is what callers who are not allowed are replaced by`)
    else if (number === undefined || !allowed.some((mask) => isMeant(mask, number)))
      problems.push(
        `${at}.from is ${from}, which is not among ${at}.callerId.allowed: add its number there, or take another from`,
      )
  }
  return problems
}
