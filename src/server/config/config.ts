import type { AppDefinition, TransferPolicy } from '../../calls/index.ts'
import type { LsdConfig } from './lsd-config.ts'
import type {
  CallerIdConfig,
  DiversionConfig,
  NumberFormatConfig,
  NumberingConfig,
  RouteConfig,
} from './number-config.ts'
import type { RoomsConfig, ServiceRoomConfig } from './room-config.ts'
import type { SpeechConfig } from './speech-config.ts'

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
  readonly transfers?: TransferPolicy
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

/** A way to and from telephone numbers: a carrier, or another exchange. */
export interface TrunkConfig {
  /** Letters, digits and `. _ -`; unique. */
  readonly name: string
  /**
   * The far end: a `sip:` or `sips:` URI without a user, such as `sip:sip.example.net:5060;transport=tcp`. A `sips:` URI or
   * `transport=tls` is TLS; with `sips:` every proxy after the first is asked for it too.
   */
  readonly uri: string
  /** Whom we believe there, instead of what `sip.tls` says: for the host of `uri`, or of `outboundProxy`. */
  readonly tls?: TlsConfig
  /** Where its calls, registrations and OPTIONS go first. Default: `sip.outboundProxy`. */
  readonly outboundProxy?: string
  /** Credentials that we give when the far end asks for them; both or none. */
  readonly username?: string
  readonly password?: string
  /** The From of calls through this trunk that name no caller, or none that `callerId` allows. Default: `sip.identity`. */
  readonly from?: string
  /** How the numbers that are called are written for it. Default `'e164'`. */
  readonly numberFormat?: NumberFormatConfig
  /** Whom calls through this trunk may come from. Default: whomever the application names. */
  readonly callerId?: CallerIdConfig
  /** How it is told that a call was diverted to it. Default `'diversion'`. */
  readonly diversion?: DiversionConfig
  /**
   * It belongs to our trust domain (RFC 3325): it is told who really calls, also when the caller hides, and believed when
   * it says so. Default false.
   */
  readonly trusted?: boolean
  /**
   * How long it may say nothing at all to a call before the next trunk of the route is tried, 500 to 32,000 ms. Default
   * 5,000.
   */
  readonly firstResponseMs?: number
  /**
   * SRTP of calls through this trunk in both directions; those that come need `inbound` to be known as its own. A call
   * that cannot be had this way is refused with 488. Default: `media.srtp`.
   */
  readonly srtp?: 'forbidden' | 'accepted' | 'offered' | 'required'
  /**
   * Registers with the far end, so that it sends calls here (RFC 3261 section 10): with `username` and `password`. `true`
   * for `{}`. Default false.
   */
  readonly register?: boolean | TrunkRegisterConfig
  /**
   * Asks the far end with OPTIONS whether it is there; calls then pass over the trunk while it is not. `true` for `{}`.
   * Default false.
   */
  readonly keepAlive?: boolean | TrunkKeepAliveConfig
  /**
   * How calls from this trunk are known. Default: those of a trunk that registers by the address of the server that took its
   * registration; those of any other not at all, they are strangers.
   */
  readonly inbound?: {
    /** IP addresses whose calls need no password. */
    readonly addresses?: readonly string[]
    /** Digest credentials that the trunk gives when we ask; both or none. */
    readonly username?: string
    readonly password?: string
  }
}

/** How a trunk is registered. */
export interface TrunkRegisterConfig {
  /** What is registered: a `sip:` URI. Default `sip:`, the username, `@` and the host of the trunk. It is also the `from` of a trunk that has none. */
  readonly addressOfRecord?: string
  /** The user that calls from the trunk are dialled to, for services to match. Default: the username. */
  readonly contactUser?: string
  /** How long each registration is asked for, 60 to 86,400 s; the trunk may want longer or grant less. Default 600. */
  readonly expiresS?: number
}

/** How a trunk is asked whether it is there. */
export interface TrunkKeepAliveConfig {
  /** From one OPTIONS to the next, 1,000 to 3,600,000 ms. Default 30,000. */
  readonly intervalMs?: number
  /** How long an answer may take, 100 to 32,000 ms, less than the interval. Default 4,000. */
  readonly timeoutMs?: number
  /** After how many in a row without an answer the trunk is down, 1 to 100. Default 2. */
  readonly misses?: number
}

/** The phones that users register; they are called as `user:NAME`, or by name at one of our addresses. */
export interface RegistrarConfig {
  /** Host names that mean this exchange, beside its addresses: `sip:NAME@` and one of them is a user. Default none. */
  readonly domains?: readonly string[]
  /** The shortest registration that a phone may ask for, 10 to 86,400 s. Default 60. */
  readonly minExpiresS?: number
  /** The longest registration that a phone is given, 10 to 86,400 s. Default 3600. */
  readonly maxExpiresS?: number
  /**
   * The longest that a phone behind a NAT is given over UDP, 10 to 86,400 s: by refreshing it keeps its way through the NAT
   * open. Default 60.
   */
  readonly natExpiresS?: number
  /** The most phones of one user, 1 to 50: one more takes the place of the one that was heard of the longest ago. Default 8. */
  readonly maxPhonesPerUser?: number
}

/** Somebody who may call and register phones with a password. */
export interface UserConfig {
  readonly username: string
  /** What the user's phones show. May be left out when there is `trust`: who comes from elsewhere is nobody then. */
  readonly password?: string
  /**
   * IP addresses, and ranges of them such as `192.0.2.16/28`, from which whoever says to be this user is believed without
   * a password: for devices that know none. A range holds at most a /8. Over UDP the address of a sender can be forged:
   * name only networks of yours that let no such packets in. Default: none.
   */
  readonly trust?: readonly string[]
}

/** Who must show a password, and how (digest, RFC 3261 section 22). */
export interface AuthenticationConfig {
  /** The digest realm. Default `ringdown`. Changing it changes nothing but what phones display and hash. */
  readonly realm?: string
  /**
   * Which hashes are offered, the preferred first. Default `['SHA-256', 'MD5']`. Old phones take the first offer, or none
   * of several: `['MD5']` is for them.
   */
  readonly algorithms?: readonly ('MD5' | 'SHA-256' | 'SHA-512-256')[]
  /**
   * What a call gets that comes neither from the address of a trunk nor from a known user: `'challenge'` asks for
   * digest credentials, `'allow'` lets everybody in. Default: `'challenge'` when users or trunks are configured. When
   * there are none, everybody who reaches a loopback address is let in, and any other address is refused at start-up
   * until this is said.
   */
  readonly strangers?: 'challenge' | 'allow'
  /** Whoever tries too many passwords is refused with 403 for a while, also with the right one. `false`: never. Default {}. */
  readonly lockOut?: false | LockOutConfig
}

/** How many wrong passwords are too many. */
export interface LockOutConfig {
  /** For one user name from one address, 1 to 10,000: then that name is locked out there. Default 10. */
  readonly failures?: number
  /** From one address, whatever the names, 1 to 100,000: then the address is locked out. Default 50. */
  readonly addressFailures?: number
  /** Within how long of the first they count together, 10 to 86,400 s. Default 300. */
  readonly withinS?: number
  /** How long it lasts, 10 to 86,400 s. Default 600. */
  readonly forS?: number
  /**
   * IP addresses, and ranges of them, that are shared by many and never locked out as a whole: of proxies, and of NATs with
   * many phones behind. Default: none.
   */
  readonly except?: readonly string[]
}

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

/** Where files are, and how much memory they may take. */
export interface FilesConfig {
  /** The media store: what applications play and record. Made when it is missing. Default `./media`. */
  readonly directory?: string
  /** Memory for files that were played, in bytes. Default 67,108,864 (64 MiB). */
  readonly cacheBytes?: number
  /**
   * Files that last longer are read while they play instead of being kept in memory, in ms, 1,000 to 3,600,000.
   * Default 60,000.
   */
  readonly streamLongerThanMs?: number
  /** The longest recording, in bytes. Default 1,073,741,824 (1 GiB, 18 hours of 16-bit audio). */
  readonly maxRecordingBytes?: number
  /**
   * What the store, or folders of it, may hold on this machine: counted in what stands on the disk, held while recordings
   * grow. A recording that meets one ends with ERROR and keeps what it has. Default: no limits.
   */
  readonly quotas?: readonly QuotaConfig[]
  /**
   * What must stay free of the file system, in bytes: recordings end, and nothing is written, when it would not.
   * Default 0.
   */
  readonly minFreeBytes?: number
  /** Keeps what is recorded and written in a bucket, too. Default: it stays in the directory. */
  readonly s3?: S3Config
  /** Encrypts what is recorded and written. Default: nothing is encrypted. */
  readonly encryption?: EncryptionConfig
}

/**
 * A bucket of S3, or of a server that speaks its protocol. What is recorded and written is in the directory first, and is
 * brought into the bucket in the background, also after a restart; what is only in the bucket is fetched when it is
 * read. Needs the package `@aws-sdk/client-s3`, which finds credentials in its usual places (environment, profile, role).
 */
export interface S3Config {
  readonly bucket: string
  /** A folder in the bucket. Default: none. */
  readonly prefix?: string
  /** Default: what the environment says. */
  readonly region?: string
  /** The URL of a server that is not that of AWS. */
  readonly endpoint?: string
  /** Whether the bucket stands in the path of URLs instead of in their host. Default: where there is an endpoint. */
  readonly pathStyle?: boolean
  /** How long a copy stays in the directory after it was read last, in ms. Default 86,400,000 (a day). */
  readonly keepLocalMs?: number
  /** How much copies in the directory may take, in bytes; those not read for longest go first. Default 1,073,741,824. */
  readonly keepLocalBytes?: number
  /** How many files may wait for the bucket: beyond, nothing is recorded or written any more. Default 10,000. */
  readonly maxWaiting?: number
  /** How many are brought there at the same time, 1 to 16. Default 2. */
  readonly parallel?: number
}

/** What a folder of the media store may hold. */
export interface QuotaConfig {
  /** A folder such as `calls`, with what is in it; or `voicemail/*`, each folder in one. Default: the whole store. */
  readonly folder?: string
  /** Default: no limit. */
  readonly maxBytes?: number
  /** Default: no limit. */
  readonly maxFiles?: number
}

/**
 * Files at rest are encrypted with AES-256-GCM. Keys are 32 octets each, as 64 hexadecimal digits or in base64, one a
 * line: the first encrypts, all of them decrypt. They are read once, at the start, from one of the two places.
 */
export interface EncryptionConfig {
  /** The file that holds the keys. */
  readonly keyFile?: string
  /** The environment variable that holds them. */
  readonly keyVariable?: string
  /** Whether files that are not encrypted are played and read all the same. Default true. */
  readonly acceptPlain?: boolean
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
