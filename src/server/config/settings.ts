import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import {
  type AppDefinition,
  type CallerIdPolicy,
  DEFAULT_RECORD_LIMITS,
  type DiversionHeader,
  type NumberFormat,
  type NumberPlan,
  type NumberRoute,
  type RecordLimits,
  type RoomLimits,
  type TransferPolicy,
  type TrunkKeepAlive,
  type TrunkRegistration,
} from '../../calls/index.ts'
import type { CodecName } from '../../media/index.ts'
import { escapeUser, parseUri, peerOf, type SessionTimerSettings, type SrtpPolicy } from '../../sip/index.ts'
import { hostOf } from './address.ts'
import type { ServiceMatch } from './config.ts'
import { definedOnly } from './defined-only.ts'
import { type FilesSettings, filesSettings } from './files-settings.ts'
import { type LsdSettings, lsdSettings } from './lsd-settings.ts'
import type { ServiceRoomConfig } from './room-config.ts'
import { roomApp, roomLimits } from './room-settings.ts'
import type { CheckedConfig } from './schema.ts'
import { type SpeechSettings, speechSettings } from './speech-settings.ts'
import type { TlsFiles } from './tls-files.ts'

/** The configuration with every default filled in and every path made absolute: what the server is built from. */
export interface Settings {
  readonly sip: {
    readonly listen: readonly ListenSettings[]
    readonly publicAddress: string | undefined
    readonly tls: TlsTrustSettings
    /** A Route header. */
    readonly outboundProxy: string | undefined
    readonly maxUdpRequestBytes: number
    readonly keepAliveMs: number
    readonly userAgent: string
    readonly identity: string
    readonly sessionTimers: SessionTimerSettings | false
  }
  readonly media: {
    readonly address: string
    readonly publicAddress: string | undefined
    readonly portRange: readonly [first: number, last: number]
    readonly workers: number
    readonly io: 'auto' | 'libc' | 'dgram'
    readonly priority: 'realtime' | 'normal'
    readonly rtpTimeoutMs: number
    readonly codecs: readonly CodecName[]
    readonly srtp: SrtpPolicy
  }
  readonly networks: readonly NetworkSettings[]
  readonly services: readonly ServiceSettings[]
  readonly trunks: readonly TrunkSettings[]
  readonly numbering: NumberPlan | undefined
  readonly routes: readonly NumberRoute[] | undefined
  readonly rooms: RoomLimits
  readonly transfers: TransferPolicy
  /** What is done about REFERs outside of calls; `undefined`: they are refused. */
  readonly outsideRefers: { readonly from: 'known' | 'everybody'; readonly app: AppDefinition | AppFile } | undefined
  readonly users: readonly LocalUserSettings[]
  readonly registrar: {
    readonly domains: readonly string[]
    readonly minExpiresS: number
    readonly maxExpiresS: number
    readonly natExpiresS: number
    readonly maxBindingsPerUser: number
  }
  readonly authentication: {
    readonly realm: string
    readonly algorithms: readonly ('MD5' | 'SHA-256' | 'SHA-512-256')[]
    readonly strangers: 'challenge' | 'allow'
    readonly lockOut: LockOutSettings | undefined
  }
  readonly limits: {
    readonly maxCalls: number
    readonly maxTransactions: number
    readonly extraChannels: number
    readonly maxConnections: number
    readonly maxConnectionsPerAddress: number
    readonly connectionIdleMs: number
  }
  readonly files: FilesSettings
  readonly speech: SpeechSettings
  readonly lsd: LsdSettings
  readonly agents: Pick<TlsFiles, 'authority'>
  readonly records: RecordLimits
  /** Without a directory: the default one. */
  readonly control: { readonly isOpen: boolean; readonly directory: string | undefined }
  readonly log: { readonly level: 'silent' | 'error' | 'warn' | 'info' | 'debug'; readonly pretty: boolean | undefined }
  readonly shutdown: { readonly graceMs: number }
}

export type ListenSettings = PlainListenSettings | TlsListenSettings

export interface PlainListenSettings {
  readonly transport: 'udp' | 'tcp'
  readonly address: string
  readonly port: number
}

/** Paths are absolute; those that are missing in the configuration are empty, and refused. */
export interface TlsListenSettings {
  readonly transport: 'tls'
  readonly address: string
  readonly port: number
  readonly certificate: string
  readonly key: string
  readonly clientAuthority?: string
}

/** Whom we believe when we connect over TLS. */
export interface TlsTrustSettings {
  /** The authorities for everybody who is not named below, and the certificate that we show when we are asked for one. */
  readonly files: TlsFiles
  /** The authority for single names that are dialled, in lower case. */
  readonly authorities: ReadonlyMap<string, string>
}

/** A network whose far ends reach us at an address of its own. */
export interface NetworkSettings {
  /** IP addresses and CIDR ranges. */
  readonly ranges: readonly string[]
  readonly address: string
  readonly mediaAddress: string
}

export interface ServiceSettings {
  readonly name: string
  readonly matches: readonly ServiceMatch[]
  readonly app: AppDefinition | AppFile
  readonly parameters: Readonly<Record<string, unknown>>
  readonly maxCalls: number | undefined
  /** The conference room that its callers come into. */
  readonly room?: string
}

/** Where an application stands. */
export interface AppFile {
  /** Absolute. */
  readonly file: string
  /** `default`, or what followed the `#`. */
  readonly exportName: string
}

export interface TrunkSettings {
  readonly name: string
  readonly uri: string
  /** A Route header. */
  readonly outboundProxy: string | undefined
  readonly credentials: UserSettings | undefined
  readonly from: string | undefined
  readonly numberFormat: NumberFormat
  readonly callerId: CallerIdPolicy | undefined
  readonly diversion: DiversionHeader
  readonly isTrusted: boolean
  readonly firstResponseMs: number
  readonly srtp: SrtpPolicy | undefined
  readonly registration: TrunkRegistration | undefined
  readonly keepAlive: TrunkKeepAlive | undefined
  /** How its calls are known has been said. */
  readonly hasInbound: boolean
  readonly inboundAddresses: readonly string[]
  readonly inboundCredentials: UserSettings | undefined
}

export interface UserSettings {
  readonly username: string
  readonly password: string
}

export interface LocalUserSettings {
  readonly username: string
  readonly password: string | undefined
  /** IP addresses and CIDR ranges that need no password. */
  readonly trust: readonly string[]
}

/** When wrong passwords are too many. */
export interface LockOutSettings {
  readonly failures: number
  readonly addressFailures: number
  readonly withinS: number
  readonly forS: number
  /** IP addresses and CIDR ranges that are shared by many. */
  readonly except: readonly string[]
}

/** Fills in the defaults. `directory` is what relative paths are relative to. */
export function settingsOf(config: CheckedConfig, directory: string): Settings {
  const listen = config.sip?.listen?.map((entry) => listenSettings(entry, directory)) ?? DEFAULT_LISTEN
  const firstAddress = listen[0]?.address ?? '127.0.0.1'
  const publicAddress = config.sip?.publicAddress
  const trunks = (config.trunks ?? []).map(trunkSettings)
  const users = (config.users ?? []).map(({ username, password, trust = [] }) => ({ username, password, trust }))
  const portRange = config.media?.portRange ?? DEFAULT_PORT_RANGE
  const hasCallers = users.length > 0 || trunks.length > 0
  return {
    sip: {
      listen,
      publicAddress,
      tls: trustSettings(config, listen, directory),
      outboundProxy: config.sip?.outboundProxy === undefined ? undefined : proxyRoute(config.sip.outboundProxy),
      maxUdpRequestBytes: config.sip?.maxUdpRequestBytes ?? 1300,
      keepAliveMs: config.sip?.keepAliveMs ?? 120_000,
      userAgent: config.sip?.userAgent ?? 'Ringdown',
      sessionTimers: sessionTimers(config.sip?.sessionTimers),
      identity: config.sip?.identity ?? `sip:ringdown@${hostOf(publicAddress ?? firstAddress)}`,
    },
    media: {
      address: config.media?.address ?? firstAddress,
      publicAddress: config.media?.publicAddress ?? publicAddress,
      portRange,
      workers: config.media?.workers ?? Math.min(64, availableParallelism()),
      io: config.media?.io ?? 'auto',
      priority: config.media?.priority ?? 'realtime',
      rtpTimeoutMs: config.media?.rtpTimeoutMs ?? 0,
      codecs: config.media?.codecs ?? ['PCMU', 'PCMA'],
      srtp: config.media?.srtp ?? 'accepted',
    },
    networks: (config.networks ?? []).map(({ ranges, address, mediaAddress }) => ({
      ranges,
      address,
      mediaAddress: mediaAddress ?? address,
    })),
    services: (config.services ?? []).map((service) => ({
      name: service.name,
      matches: service.match === undefined ? [service.name] : [service.match].flat(),
      app: appOf(service, directory),
      parameters: service.parameters ?? {},
      maxCalls: service.limits?.maxCalls,
      ...(service.room !== undefined && { room: typeof service.room === 'string' ? service.room : service.room.name }),
    })),
    trunks,
    numbering: config.numbering && definedOnly(config.numbering),
    routes: config.routes?.map(numberRoute),
    rooms: roomLimits(config),
    transfers: transfersOf(config),
    outsideRefers: outsideRefersOf(config, directory),
    users,
    registrar: {
      domains: config.registrar?.domains ?? [],
      minExpiresS: config.registrar?.minExpiresS ?? 60,
      maxExpiresS: config.registrar?.maxExpiresS ?? 3600,
      natExpiresS: config.registrar?.natExpiresS ?? 60,
      maxBindingsPerUser: config.registrar?.maxPhonesPerUser ?? 8,
    },
    authentication: {
      realm: config.authentication?.realm ?? 'ringdown',
      algorithms: config.authentication?.algorithms ?? ['SHA-256', 'MD5'],
      strangers: config.authentication?.strangers ?? (hasCallers ? 'challenge' : 'allow'),
      lockOut: lockOutSettings(config.authentication?.lockOut),
    },
    limits: {
      maxCalls: config.limits?.maxCalls ?? Math.min(10_000, callsIn(portRange)),
      maxTransactions: config.limits?.maxTransactions ?? 100_000,
      extraChannels: config.limits?.extraChannels ?? 3,
      maxConnections: config.limits?.maxConnections ?? 2_000,
      maxConnectionsPerAddress: config.limits?.maxConnectionsPerAddress ?? 200,
      connectionIdleMs: config.limits?.connectionIdleMs ?? 900_000,
    },
    files: filesSettings(config, directory),
    speech: speechSettings(config.speech, directory),
    lsd: lsdSettings(config.lsd, directory),
    agents: config.agents?.authority === undefined ? {} : { authority: resolve(directory, config.agents.authority) },
    records: {
      calls: config.records?.calls ?? DEFAULT_RECORD_LIMITS.calls,
      bytesPerCall: config.records?.bytesPerCall ?? DEFAULT_RECORD_LIMITS.bytesPerCall,
      bytes: config.records?.bytes ?? DEFAULT_RECORD_LIMITS.bytes,
      digits: config.records?.digits ?? DEFAULT_RECORD_LIMITS.digits,
    },
    control: {
      isOpen: config.control?.open ?? true,
      directory: config.control?.directory === undefined ? undefined : resolve(directory, config.control.directory),
    },
    log: { level: config.log?.level ?? 'info', pretty: config.log?.pretty },
    shutdown: { graceMs: config.shutdown?.graceMs ?? 30_000 },
  }
}

/** The schema has seen to it that there is one of the two. */
function appOf(
  { app, room }: NonNullable<CheckedConfig['services']>[number],
  directory: string,
): AppDefinition | AppFile {
  if (room !== undefined) return roomApp(typeof room === 'string' ? room : (definedOnly(room) as ServiceRoomConfig))
  return typeof app === 'string' ? appFile(app, directory) : (app as AppDefinition)
}

function transfersOf({ transfers: { outside: _, ...policy } = {} }: CheckedConfig): TransferPolicy {
  return definedOnly(policy)
}

function outsideRefersOf({ transfers: { outside } = {} }: CheckedConfig, directory: string): Settings['outsideRefers'] {
  if (outside === undefined) return undefined
  const { from = 'known', app } = outside
  return { from, app: typeof app === 'string' ? appFile(app, directory) : app }
}

/** Splits `./apps/welcome.ts#menu` into an absolute path and the name of an export. */
export function appFile(text: string, directory: string): AppFile {
  const [, file, exportName] = /^(.*?)(?:#([A-Za-z_$][\w$]*))?$/s.exec(text) as RegExpExecArray
  return { file: resolve(directory, file as string), exportName: exportName ?? 'default' }
}

const DEFAULT_LISTEN: readonly ListenSettings[] = [
  { transport: 'udp', address: '127.0.0.1', port: 5060 },
  { transport: 'tcp', address: '127.0.0.1', port: 5060 },
]

const DEFAULT_PORT_RANGE = [16_384, 32_767] as const

/** How many calls find a port in the range: RTP takes even ports (RFC 3550 section 11). */
export function callsIn([first, last]: readonly [first: number, last: number]): number {
  return Math.max(1, Math.floor(last / 2) - Math.ceil(first / 2) + 1)
}

type Listen = NonNullable<NonNullable<CheckedConfig['sip']>['listen']>[number]

function listenSettings({ transport, address, port, ...files }: Listen, directory: string): ListenSettings {
  if (transport !== 'tls') return { transport, address, port: port ?? 5060 }
  const { certificate = '', key = '', clientAuthority } = files
  const absolute = (path: string) => (path === '' ? '' : resolve(directory, path))
  return {
    transport,
    address,
    port: port ?? 5061,
    certificate: absolute(certificate),
    key: absolute(key),
    ...(clientAuthority !== undefined && { clientAuthority: absolute(clientAuthority) }),
  }
}

function trustSettings(config: CheckedConfig, listen: readonly ListenSettings[], directory: string): TlsTrustSettings {
  const ours = listen.find((entry) => entry.transport === 'tls')
  const authority = config.sip?.tls?.authority
  const authorities = new Map<string, string>()
  for (const trunk of config.trunks ?? []) {
    const far = peerOf(trunk.outboundProxy ?? trunk.uri)
    if (trunk.tls?.authority === undefined || !far.ok || far.value.transport !== 'tls') continue
    authorities.set(far.value.address.toLowerCase(), resolve(directory, trunk.tls.authority))
  }
  return {
    files: {
      ...(ours && { certificate: ours.certificate, key: ours.key }),
      ...(authority !== undefined && { authority: resolve(directory, authority) }),
    },
    authorities,
  }
}

/** The proxy as a Route header that keeps the Request-URI as it is (RFC 3261 section 8.1.2): loose, whether it says so or not. */
function proxyRoute(uri: string): string {
  return /;lr(?![\w-])/i.test(uri) ? `<${uri}>` : `<${uri};lr>`
}

type CheckedTrunk = NonNullable<CheckedConfig['trunks']>[number]

function sessionTimers(config: NonNullable<CheckedConfig['sip']>['sessionTimers']): SessionTimerSettings | false {
  if (config === false) return false
  const { expiresSeconds = 1800, minSeconds = 90, refresher } = config ?? {}
  return { expiresSeconds, minSeconds, ...(refresher && { refresher }) }
}

function trunkSettings(trunk: CheckedTrunk): TrunkSettings {
  const registration = registrationOf(trunk)
  return {
    name: trunk.name,
    uri: trunk.uri,
    outboundProxy: trunk.outboundProxy === undefined ? undefined : proxyRoute(trunk.outboundProxy),
    credentials: credentials(trunk.username, trunk.password),
    // Whoever registers is known by what is registered.
    from: trunk.from ?? registration?.addressOfRecord,
    numberFormat: trunk.numberFormat ?? 'e164',
    callerId: trunk.callerId && definedOnly(trunk.callerId),
    diversion: trunk.diversion ?? 'diversion',
    isTrusted: trunk.trusted ?? false,
    firstResponseMs: trunk.firstResponseMs ?? 5000,
    srtp: trunk.srtp,
    registration,
    keepAlive: keepAliveOf(trunk),
    hasInbound: trunk.inbound !== undefined,
    inboundAddresses: trunk.inbound?.addresses ?? [],
    inboundCredentials: credentials(trunk.inbound?.username, trunk.inbound?.password),
  }
}

function lockOutSettings(
  config: NonNullable<CheckedConfig['authentication']>['lockOut'] = {},
): LockOutSettings | undefined {
  if (config === false) return undefined
  const { failures = 10, addressFailures = 50, withinS = 300, forS = 600, except = [] } = config
  return { failures, addressFailures, withinS, forS, except }
}

function numberRoute({ prefix, trunks = [], service }: NonNullable<CheckedConfig['routes']>[number]): NumberRoute {
  return {
    prefix,
    trunks: trunks.map((trunk) => (typeof trunk === 'string' ? { name: trunk } : definedOnly(trunk))),
    ...(service !== undefined && { service }),
  }
}

function registrationOf({ register = false, username = '', uri }: CheckedTrunk): TrunkRegistration | undefined {
  if (register === false) return undefined
  const { addressOfRecord, contactUser, expiresS } = register === true ? {} : register
  const parsed = parseUri(uri)
  const host = parsed.ok && parsed.value.scheme !== 'tel' ? parsed.value.host : ''
  return {
    addressOfRecord: addressOfRecord ?? `sip:${escapeUser(username)}@${host}`,
    contactUser: contactUser ?? username,
    expiresS: expiresS ?? 600,
  }
}

function keepAliveOf({ keepAlive = false }: CheckedTrunk): TrunkKeepAlive | undefined {
  if (keepAlive === false) return undefined
  const { intervalMs = 30_000, timeoutMs = 4_000, misses = 2 } = keepAlive === true ? {} : keepAlive
  return { intervalMs, timeoutMs, misses }
}

function credentials(username: string | undefined, password: string | undefined): UserSettings | undefined {
  return username === undefined || password === undefined ? undefined : { username, password }
}
