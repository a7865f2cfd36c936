import type { AppDefinition } from '../../calls/index.ts'
import type { FilesConfig } from './files-config.ts'
import type { LsdConfig } from './lsd-config.ts'
import type { NumberingConfig, RouteConfig } from './number-config.ts'
import type { RoomsConfig, ServiceRoomConfig } from './room-config.ts'
import type { SpeechConfig } from './speech-config.ts'
import type { TransfersConfig } from './transfers-config.ts'
import type { TrunkConfig } from './trunk-config.ts'
import type { AuthenticationConfig, RegistrarConfig, UserConfig } from './user-config.ts'

export type { EncryptionConfig, FilesConfig, QuotaConfig, S3Config } from './files-config.ts'
export type { LsdConfig, LsdEvidenceConfig } from './lsd-config.ts'
export type {
  CallerIdConfig,
  DiversionConfig,
  NumberFormatConfig,
  NumberingConfig,
  RouteConfig,
  RouteTrunkConfig,
} from './number-config.ts'
export type { RoomsConfig, ServiceRoomConfig } from './room-config.ts'
export type { SpeechCacheConfig, SpeechConfig, SpeechEngineConfig, SpeechRecognitionConfig } from './speech-config.ts'
export type { TransfersConfig } from './transfers-config.ts'
export type { TrunkConfig, TrunkKeepAliveConfig, TrunkRegisterConfig } from './trunk-config.ts'
export type { AuthenticationConfig, LockOutConfig, RegistrarConfig, UserConfig } from './user-config.ts'

/**
 * The configuration of a Ringdown server, as `ringdown.config.ts` writes it. Everything is optional: without a word
 * the server listens on 127.0.0.1:5060 (UDP and TCP) and knows no service. Relative paths are relative to the
 * configuration file.
 */
export interface RingdownConfig {
  readonly sip?: SipConfig
  readonly media?: MediaConfig
  /** Networks whose far ends reach us at another address than all others do, such as the phones of the house. Default: none. */
  readonly networks?: readonly NetworkConfig[]
  /** What answers which number or user: tried in this order, the first match wins. Default: none. */
  readonly services?: readonly ServiceConfig[]
  /** Ways to and from the telephone network. Default: none. */
  readonly trunks?: readonly TrunkConfig[]
  /** How numbers are dialled. Default: they go to the trunks as they are dialled. */
  readonly numbering?: NumberingConfig
  /** Which trunks take which numbers. Default: the first trunk takes all. */
  readonly routes?: readonly RouteConfig[]
  /** Which far ends may transfer calls by REFER or put themselves in the place of one, and where to. Default: users, to users. */
  readonly transfers?: TransfersConfig
  /** Who may place calls and register phones with a name and a password. Default: nobody. */
  readonly users?: readonly UserConfig[]
  readonly registrar?: RegistrarConfig
  readonly authentication?: AuthenticationConfig
  readonly limits?: LimitsConfig
  readonly rooms?: RoomsConfig
  readonly files?: FilesConfig
  readonly speech?: SpeechConfig
  readonly lsd?: LsdConfig
  /** How voice agents are dialled: `channel.voiceAgent`. */
  readonly agents?: AgentsConfig
  readonly records?: RecordsConfig
  readonly control?: ControlConfig
  readonly log?: LogConfig
  readonly shutdown?: ShutdownConfig
}

/** How voice agents are dialled. */
export interface AgentsConfig {
  /** The file of the authorities (PEM) that may vouch for an agent of a `wss:` address. Default: those that Node trusts. */
  readonly authority?: string
}

/** SIP: where it is taken, and who we say that we are. */
export interface SipConfig {
  /** Where SIP is spoken. Default: UDP and TCP on 127.0.0.1 port 5060. */
  readonly listen?: readonly ListenConfig[]
  /**
   * The address or host name that far ends reach us at, when it is not the one we listen on (NAT, wildcard); or
   * `stun:stun.example.net`, a STUN server (port 3478 unless it says another) that is asked for it once, at the start. The
   * NAT must let our ports through with the numbers that they have here.
   */
  readonly publicAddress?: string
  /** Over TLS the certificate of a far end must be from a trusted authority and hold the name that was dialled. */
  readonly tls?: TlsConfig
  /**
   * Where requests go first that belong to no call yet and are not for a phone that has registered: a `sip:` or `sips:`
   * URI such as `sip:proxy.example.net;transport=tcp`. Default: to where they are addressed.
   */
  readonly outboundProxy?: string
  /**
   * A request longer than this goes over TCP instead of UDP, and over UDP after all where there is no connection to be had;
   * 500 to 65,535 octets. Default 1,300 (RFC 3261 section 18.1.1); 65535: never over TCP.
   */
  readonly maxUdpRequestBytes?: number
  /**
   * How often a connection that we made and that is not used carries a ping (CRLF, RFC 5626), in ms; 0: never. Keeps the
   * bindings of NATs. Default 120,000.
   */
  readonly keepAliveMs?: number
  /** The User-Agent and Server header. Default `Ringdown`. */
  readonly userAgent?: string
  /** Who outgoing calls come from unless the application says otherwise: a `sip:` URI. Default `sip:ringdown@` and our address. */
  readonly identity?: string
  /** Session timers (RFC 4028): calls whose far end has gone silently are found out and ended. `false`: none. Default {}. */
  readonly sessionTimers?: false | SessionTimersConfig
}

/** How long a call may go on without a sign of life from the far end. */
export interface SessionTimersConfig {
  /** The interval that we ask for, and the longest that we accept, 90 to 86,400 s. Default 1800; it is refreshed at half of it. */
  readonly expiresSeconds?: number
  /** The shortest interval that we accept, 90 s to `expiresSeconds`: less is refused with 422. Default 90. */
  readonly minSeconds?: number
  /**
   * Who refreshes where that is ours to say. `'local'`: we do, also calls of far ends that know no session timers;
   * `'remote'`: the far end. Default: as a caller we leave it to the far end, as a callee we do.
   */
  readonly refresher?: 'local' | 'remote'
}

/** Far ends of a network, and where they reach us. The first network that holds the address of a far end decides. */
export interface NetworkConfig {
  /** IP addresses, and ranges of them such as `10.0.0.0/8` and `fd00::/8`. A far end that is only known by name is in none. */
  readonly ranges: readonly string[]
  /** The address or host name that SIP names towards them, instead of `sip.publicAddress`. */
  readonly address: string
  /** The IP address that session descriptions name towards them, instead of `media.publicAddress`. Default: `address`. */
  readonly mediaAddress?: string
}

/** One address on which SIP is taken. */
export interface ListenConfig {
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** An IPv4 or IPv6 address of this machine. `0.0.0.0` and `::` need `sip.publicAddress`. */
  readonly address: string
  /** 1 to 65535, or 0 for any free port. Default 5060, for TLS 5061. */
  readonly port?: number
  /**
   * TLS only: the file of our certificate (PEM), followed by those between it and an authority. When it or another file
   * of TLS changes, new connections use the new one; a changed file that is of no use is logged and changes nothing.
   */
  readonly certificate?: string
  /** TLS only: the file of its private key (PEM, without a password). */
  readonly key?: string
  /**
   * TLS only: the file of the authorities (PEM) of which whoever connects must show a certificate (mutual TLS). Default:
   * nobody is asked for one.
   */
  readonly clientAuthority?: string
}

/** Whom we believe when we connect over TLS. We show the certificate of the first TLS entry of `sip.listen` to whoever asks. */
export interface TlsConfig {
  /** The file of the authorities (PEM) that may vouch for a far end. Default: those that Node trusts. */
  readonly authority?: string
}

/** RTP: addresses, ports, codecs, and the threads that carry it. */
export interface MediaConfig {
  /** The address of this machine on which RTP is sent and received. Default: the first of `sip.listen`. */
  readonly address?: string
  /** The address that session descriptions name, when it is not `address`; or a STUN server that tells it. Default: `sip.publicAddress`. */
  readonly publicAddress?: string
  /**
   * UDP ports for RTP, first and last, 1024 to 65535; a call takes one even port, and the one above it for RTCP where
   * the far end does not take both on one. Default [16384, 32767].
   */
  readonly portRange?: readonly [first: number, last: number]
  /** Media worker threads, 1 to 64. Default: one for each core that this process may use. */
  readonly workers?: number
  /**
   * How RTP reaches the network: `libc` calls the sockets of the C library (Linux), `dgram` goes through `node:dgram`
   * at several times the cost. Default `auto`: `libc` where it can be had.
   */
  readonly io?: 'auto' | 'libc' | 'dgram'
  /**
   * `realtime` lets media workers run ahead of everything else on the machine that is not in real time, on Linux where the
   * process may ask for that (`LimitRTPRIO=1` of its systemd unit, or CAP_SYS_NICE); elsewhere they are what they are with
   * `normal`. One that has more to do than it can gives it back until it has not. Default `realtime`.
   */
  readonly priority?: 'realtime' | 'normal'
  /**
   * Ends a connected call with TIMEOUT when its far end may send audio and has not for so long, 1,000 to 3,600,000 ms.
   * Default 0, never: some far ends send nothing while nobody speaks.
   */
  readonly rtpTimeoutMs?: number
  /**
   * The codecs of calls whose application asks for none, in order of preference: `PCMU`, `PCMA`, `G722`, `OPUS`, `L16`
   * and `L16/16000`. Calls that come get the first of the caller's that is among them. Default ['PCMU', 'PCMA']: what
   * costs next to nothing; Opus costs a hundred times as much wherever sound is made or mixed.
   */
  readonly codecs?: readonly ('PCMU' | 'PCMA' | 'G722' | 'OPUS' | 'L16' | 'L16/16000')[]
  /**
   * SRTP with keys in the session description (SDES): `forbidden`; `accepted` where the far end offers it; `offered` to
   * all, in the clear with those who do not take it; or `required`, no call without it. Whoever can read the SIP
   * messages can read the keys. Default `accepted`.
   */
  readonly srtp?: 'forbidden' | 'accepted' | 'offered' | 'required'
}

/** An application or a conference room, and the calls that it answers. */
export interface ServiceConfig {
  /** Letters, digits and `. _ -`; unique. Stands in logs and records. */
  readonly name: string
  /**
   * The users (the part before the `@`) that reach this service: `'1000'` exactly that one, `'44*'` all that begin so,
   * `'*'` everybody, or a regular expression that is tested as it is (anchor it). Default: the name.
   */
  readonly match?: ServiceMatch | readonly ServiceMatch[]
  /** An application file, `'./apps/welcome.ts'`, or one of its named exports, `'./apps/welcome.ts#menu'`; or the application itself. */
  readonly app?: string | AppDefinition
  /** Instead of an application: the conference room that callers come into, by its name or with more about it. */
  readonly room?: string | ServiceRoomConfig
  /** Handed to the application as `app.parameters`. Default {}. */
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly limits?: {
    /** The most calls of this service at a time; one more is refused with 503 (no circuit). Default: no limit of its own. */
    readonly maxCalls?: number
  }
}

/** Which dialled users a service answers. */
export type ServiceMatch = string | RegExp

/** How much the exchange takes on; what is more is refused. */
export interface LimitsConfig {
  /** Calls at a time, both directions together, 1 to 100,000. One more is refused with 503. Default 10,000, or as many as `media.portRange` has room for. */
  readonly maxCalls?: number
  /** SIP server transactions at a time, 100 to 1,000,000. One more is answered 503. Default 100,000. */
  readonly maxTransactions?: number
  /** Idle channels that each application instance gets for further calls, 0 to 100. Default 3. */
  readonly extraChannels?: number
  /** TCP and TLS connections at a time, 1 to 100,000. Further ones are closed. Default 2,000. */
  readonly maxConnections?: number
  /** TCP and TLS connections at a time from one address. Default 200. */
  readonly maxConnectionsPerAddress?: number
  /** A TCP or TLS connection on which nothing happens is closed after this long, in ms. Default 900,000 (15 minutes). */
  readonly connectionIdleMs?: number
}

/** What is kept of recent calls in memory, for `ringdown explain`. */
export interface RecordsConfig {
  /** How many calls that are over can still be explained, 0 to 100,000; 0 keeps nothing of any call. Default 500. */
  readonly calls?: number
  /** SIP messages of one call, in bytes, 4,096 to 1,048,576: the first and the last are kept. Default 65,536. */
  readonly bytesPerCall?: number
  /** All of it, in bytes, 1,048,576 to 1,073,741,824: the oldest calls go first. Default 33,554,432 (32 MiB). */
  readonly bytes?: number
  /** Whether it is kept which keys callers pressed, or only that they did. Default true. */
  readonly digits?: boolean
}

/** The control door of `ringdown serve`, at which `ringdown explain` asks: a socket that only the same user of the machine can reach. */
export interface ControlConfig {
  /** Whether there is one. Default true. */
  readonly open?: boolean
  /**
   * The directory for it, which is kept closed to everybody else. `ringdown explain` finds it by itself where it is the
   * default: `ringdown` in XDG_RUNTIME_DIR, or `ringdown-<user id>` in the directory for temporary files.
   */
  readonly directory?: string
}

/** What is logged, and for whom. */
export interface LogConfig {
  /** Default `info`: a line for each call and each application instance. */
  readonly level?: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** Lines for people instead of JSON. Default: when the output is a terminal. */
  readonly pretty?: boolean
}

/** The way down. */
export interface ShutdownConfig {
  /** How long calls may go on after SIGTERM or SIGINT, in ms, before they are hung up. Default 30,000. */
  readonly graceMs?: number
}

/** Gives a configuration its type: `export default defineConfig({ ... })`. It is checked when the server starts. */
export function defineConfig(config: RingdownConfig): RingdownConfig {
  return config
}
