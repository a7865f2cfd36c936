import { statSync } from 'node:fs'
import { isIP } from 'node:net'
import { appDirection, type NameMatch, shadows } from '../../calls/index.ts'
import { parseUri, peerOf } from '../../sip/index.ts'
import { readMediaKeys } from '../files/seal/media-keys.ts'
import { familyOf, isLoopback, isWildcard } from './address.ts'
import { lsdProblems } from './lsd-settings.ts'
import { numberProblems } from './number-contradictions.ts'
import type { CheckedConfig } from './schema.ts'
import { callsIn, type Settings } from './settings.ts'
import { speechProblems } from './speech-contradictions.ts'
import { readTlsFiles } from './tls-files.ts'

/**
 * What contradicts itself in a configuration of the right shape: one line for each, naming the value and the fix.
 * Looks at the disk (application files), binds nothing.
 */
export function contradictionsOf(config: CheckedConfig, settings: Settings): string[] {
  return [
    ...listenProblems(settings),
    ...tlsProblems(config, settings),
    ...mediaProblems(settings),
    ...networkProblems(settings),
    ...serviceProblems(settings),
    ...roomProblems(config),
    ...outsideProblems(settings),
    ...trunkProblems(config),
    ...numberProblems(config, settings),
    ...callerProblems(config, settings),
    ...fileProblems(settings),
    ...speechProblems(settings.speech),
    ...lsdProblems(settings.lsd, settings.files.encryption !== undefined),
  ]
}

function listenProblems({ sip }: Settings): string[] {
  const problems: string[] = []
  for (const [index, listen] of sip.listen.entries()) {
    const at = `sip.listen[${index}]`
    const twin = sip.listen.findIndex(
      (other) => other.transport === listen.transport && other.port === listen.port && overlap(other, listen),
    )
    if (twin < index && listen.port !== 0)
      problems.push(
        `${at} is ${listen.transport} ${listen.address} port ${listen.port}, which sip.listen[${twin}] has already: give one of them another port, or remove it`,
      )
    if (isWildcard(listen.address) && sip.publicAddress === undefined)
      problems.push(
        `${at}.address is ${listen.address}, which no far end can answer to: set sip.publicAddress to the address that far ends reach you at, or listen on that address`,
      )
  }
  const timers = sip.sessionTimers
  if (timers !== false && timers.minSeconds > timers.expiresSeconds)
    problems.push(
      `sip.sessionTimers.minSeconds is ${timers.minSeconds}, and expiresSeconds is ${timers.expiresSeconds}: the shortest interval cannot be above what we ask for, so lower the one or raise the other`,
    )
  return problems
}

/** Files of TLS where there is none, none where they are needed, and those that are of no use. */
function tlsProblems({ sip }: CheckedConfig, settings: Settings): string[] {
  const problems: string[] = []
  for (const [index, listen] of (sip?.listen ?? []).entries()) {
    const at = `sip.listen[${index}]`
    for (const name of ['certificate', 'key'] as const)
      if (listen.transport === 'tls' && listen[name] === undefined)
        problems.push(`${at}.${name} is missing: TLS needs the files of a certificate and of its key`)
    for (const name of ['certificate', 'key', 'clientAuthority'] as const)
      if (listen.transport !== 'tls' && listen[name] !== undefined)
        problems.push(`${at}.${name} is for TLS and ${at}.transport is '${listen.transport}': remove one of them`)
  }
  if (problems.length > 0) return problems
  for (const [index, listen] of settings.sip.listen.entries()) {
    if (listen.transport !== 'tls') continue
    const { certificate, key, clientAuthority } = listen
    const files = { certificate, key, ...(clientAuthority !== undefined && { authority: clientAuthority }) }
    for (const problem of readTlsFiles(files).problems) problems.push(`sip.listen[${index}]: ${problem}`)
  }
  const { files, authorities } = settings.sip.tls
  if (files.authority !== undefined)
    for (const problem of readTlsFiles({ authority: files.authority }).problems) problems.push(`sip.tls: ${problem}`)
  for (const [name, authority] of authorities)
    for (const problem of readTlsFiles({ authority }).problems) problems.push(`the trunk to ${name}: ${problem}`)
  for (const problem of readTlsFiles(settings.agents).problems) problems.push(`agents.authority: ${problem}`)
  return problems
}

function isTls(uri: string): boolean {
  const peer = peerOf(uri)
  return peer.ok && peer.value.transport === 'tls'
}

function mediaProblems({ media, limits }: Settings): string[] {
  const problems: string[] = []
  const [first, last] = media.portRange
  const calls = callsIn(media.portRange)
  if (last < first)
    problems.push(`media.portRange is [${first}, ${last}], whose last port is below the first: swap them`)
  else if (first % 2 !== 0)
    problems.push(
      `media.portRange is [${first}, ${last}], which begins with an odd port: RTP uses even ports, so begin with ${first + 1}`,
    )
  else if (calls < limits.maxCalls)
    problems.push(
      `media.portRange is [${first}, ${last}], enough for ${calls} calls, and limits.maxCalls is ${limits.maxCalls}: widen the range to ${limits.maxCalls * 2} ports, or lower the limit`,
    )
  if (isWildcard(media.address) && media.publicAddress === undefined)
    problems.push(
      `media.address is ${media.address}, which no session description can name: set media.publicAddress (or sip.publicAddress), or give the address itself`,
    )
  if (media.publicAddress !== undefined && familyOf(media.publicAddress) !== familyOf(media.address))
    problems.push(
      `media.publicAddress is ${media.publicAddress} and media.address is ${media.address}: both must be IPv4, or both IPv6`,
    )
  return problems
}

function networkProblems({ networks, media }: Settings): string[] {
  return networks.flatMap(({ address, mediaAddress }, index) => {
    if (isIP(mediaAddress) === 0)
      return [
        `networks[${index}].address is ${address}, a name that no session description can hold: set networks[${index}].mediaAddress to the IP address for RTP`,
      ]
    if (familyOf(mediaAddress) === familyOf(media.address)) return []
    return [
      `networks[${index}] names ${mediaAddress} for RTP and media.address is ${media.address}: both must be IPv4, or both IPv6`,
    ]
  })
}

function serviceProblems({ services }: Settings): string[] {
  const problems = neverReached('services', services)
  for (const [index, service] of services.entries()) {
    const at = `services[${index}]`
    if (services.findIndex(({ name }) => name === service.name) < index)
      problems.push(`${at}.name is "${service.name}", which another service has: names are unique`)
    if ('file' in service.app) problems.push(...appFileProblems(`${at}.app`, service.app.file))
    else if (appDirection(service.app) !== 'inbound')
      problems.push(`${at}.app is an outbound application: a service answers calls, so make it with inbound()`)
  }
  return problems
}

function roomProblems({ rooms: { policies = [] } = {} }: CheckedConfig): string[] {
  return neverReached(
    'rooms.policies',
    policies.map(({ match }) => ({ matches: [match].flat() })),
  )
}

/** What the first match wins, and another would have liked to have. */
function neverReached(list: string, entries: readonly { readonly matches: readonly NameMatch[] }[]): string[] {
  const problems: string[] = []
  const earlier: { match: NameMatch; at: string }[] = []
  for (const [index, { matches }] of entries.entries()) {
    const at = `${list}[${index}]`
    for (const match of matches) {
      const shadow = earlier.find((other) => shadows(other.match, match))
      if (shadow !== undefined)
        problems.push(
          `${at}.match is ${matchText(match)}, which is never reached, because ${shadow.at}.match ${matchText(shadow.match)} comes first: put ${at} before it, or remove it`,
        )
      earlier.push({ match, at })
    }
  }
  return problems
}

function appFileProblems(at: string, file: string): string[] {
  if (!isFile(file))
    return [`${at} is ${file}, and there is no such file: paths are relative to the configuration file`]
  if (/\.[cm]?[jt]s$/.test(file)) return []
  return [`${at} is ${file}: an application file ends in .ts, .mts, .js or .mjs`]
}

function outsideProblems({ outsideRefers }: Settings): string[] {
  if (outsideRefers === undefined) return []
  const at = 'transfers.outside.app'
  const { app } = outsideRefers
  if ('file' in app) return appFileProblems(at, app.file)
  if (appDirection(app) === 'outbound') return []
  return [`${at} is an inbound application: it places the call that is asked for, so make it with outbound()`]
}

function trunkProblems({ trunks = [] }: CheckedConfig): string[] {
  const problems: string[] = []
  for (const [index, trunk] of trunks.entries()) {
    const at = `trunks[${index}]`
    if (trunks.findIndex(({ name }) => name === trunk.name) < index)
      problems.push(`${at}.name is "${trunk.name}", which another trunk has: names are unique`)
    const uri = parseUri(trunk.uri)
    if (uri.ok && uri.value.scheme !== 'tel' && uri.value.user !== undefined)
      problems.push(
        `${at}.uri is ${trunk.uri}: leave out the user "${uri.value.user}", the number that is dialled takes its place`,
      )
    if (trunk.tls?.authority !== undefined && !isTls(trunk.outboundProxy ?? trunk.uri))
      problems.push(
        `${at}.tls is there and ${trunk.outboundProxy ?? trunk.uri} is not reached over TLS: make it a sips: URI or add ;transport=tls, or remove tls`,
      )
    problems.push(...upkeepProblems(at, trunk))
    problems.push(...halfCredentials(at, trunk), ...halfCredentials(`${at}.inbound`, trunk.inbound ?? {}))
    for (const [which, address] of (trunk.inbound?.addresses ?? []).entries()) {
      const owner = trunks.findIndex((other) => other.inbound?.addresses?.includes(address))
      if (owner < index)
        problems.push(
          `${at}.inbound.addresses[${which}] is ${address}, which belongs to trunks[${owner}] already: an address can belong to one trunk only`,
        )
    }
  }
  return problems
}

type CheckedTrunk = NonNullable<CheckedConfig['trunks']>[number]

function upkeepProblems(at: string, { register, username, password, keepAlive }: CheckedTrunk): string[] {
  const problems: string[] = []
  const registers = register !== undefined && register !== false
  if (registers && username === undefined && password === undefined)
    problems.push(`${at} registers, and has no username: give username and password, or leave register out`)
  if (typeof keepAlive === 'object') {
    const { intervalMs = 30_000, timeoutMs = 4_000 } = keepAlive
    if (timeoutMs >= intervalMs)
      problems.push(
        `${at}.keepAlive asks each ${intervalMs} ms and waits ${timeoutMs} ms for an answer: make timeoutMs less than intervalMs`,
      )
  }
  return problems
}

function halfCredentials(at: string, { username, password }: { username?: unknown; password?: unknown }): string[] {
  if ((username === undefined) === (password === undefined)) return []
  const [there, missing] = username === undefined ? ['password', 'username'] : ['username', 'password']
  return [`${at} has a ${there} and no ${missing}: give both or none`]
}

function isNeverKnown({ inboundAddresses, registration, hasInbound }: Settings['trunks'][number]): boolean {
  return inboundAddresses.length === 0 && (registration === undefined || hasInbound)
}

function callerProblems(config: CheckedConfig, { sip, trunks, users, registrar }: Settings): string[] {
  const problems: string[] = []
  const names = [...users, ...trunks.flatMap(({ inboundCredentials }) => inboundCredentials ?? [])].map(
    ({ username }) => username,
  )
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) < index)))
    problems.push(
      `users: the username "${name}" is there more than once, among users and inbound trunks: usernames are unique`,
    )
  for (const [index, { password, trust }] of users.entries())
    if (password === undefined && trust.length === 0)
      problems.push(
        `users[${index}] has neither a password nor trusted addresses, so nobody could ever be this user: give password, or trust`,
      )
  const hasCallers = users.length > 0 || trunks.length > 0
  const said = config.authentication?.strangers
  if (said === 'challenge' && names.length === 0 && trunks.every(isNeverKnown))
    problems.push(
      "authentication.strangers is 'challenge', and nobody could ever pass: add users, or trunks with inbound addresses, or set it to 'allow'",
    )
  const open = sip.listen.find(({ address }) => !isLoopback(address))
  if (!hasCallers && said === undefined && open !== undefined)
    problems.push(
      `sip.listen has ${open.address}, which others can reach, and nothing says who may call: add users or trunks, or set authentication.strangers to 'allow' to answer everybody`,
    )
  const { minExpiresS, maxExpiresS } = registrar
  if (minExpiresS > maxExpiresS)
    problems.push(
      `registrar.minExpiresS is ${minExpiresS} and registrar.maxExpiresS ${maxExpiresS}: no registration could be as long as the one and as short as the other`,
    )
  if (config.registrar !== undefined && users.length === 0)
    problems.push('registrar is there, and nobody can register: add users, or remove it')
  return problems
}

function fileProblems({ files }: Settings): string[] {
  const problems = isFile(files.directory)
    ? [`files.directory is ${files.directory}, which is a file: give a directory`]
    : []
  const { encryption } = files
  if (encryption === undefined) return problems
  if ((encryption.keyFile === undefined) === (encryption.keyVariable === undefined))
    return [...problems, 'files.encryption needs one of keyFile and keyVariable']
  try {
    readMediaKeys(encryption)
  } catch (error) {
    problems.push(`files.encryption: ${(error as Error).message}`)
  }
  return problems
}

function overlap(a: { address: string }, b: { address: string }): boolean {
  return (
    a.address === b.address ||
    (familyOf(a.address) === familyOf(b.address) && (isWildcard(a.address) || isWildcard(b.address)))
  )
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function matchText(match: string | RegExp): string {
  return typeof match === 'string' ? `'${match}'` : String(match)
}
