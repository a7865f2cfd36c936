import { isIP } from 'node:net'
import { z } from 'zod'
import { parseNameAddr, parseUri } from '../../sip/index.ts'
import { lsdSchema } from './lsd-settings.ts'
import { roomsSchema, serviceRoomSchema } from './room-schema.ts'
import { APP, app, list, object, text, whole } from './schema-parts.ts'
import { speechSchema } from './speech-schema.ts'
import { transfersSchema } from './transfer-schema.ts'

/**
 * The shape of the configuration: every key, its range, and what to say when it is wrong. Unknown keys are refused by
 * name, together with the keys there are. What contradicts what is checked afterwards, in contradictions.ts.
 */

const NAME = /^[A-Za-z0-9._-]{1,64}$/
const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/

const name = text('must be 1 to 64 letters, digits and . _ -', (value) => NAME.test(value))
const address = text('must be an IPv4 or IPv6 address, without brackets', (value) => isIP(value) !== 0)
const host = text('must be an IP address or a host name', (value) => isIP(value) !== 0 || HOST.test(value))
const stunServer = text('must be stun: and a host', (value) =>
  /^stun:(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(value),
)
const STUN = 'or a STUN server that tells it, such as stun:stun.example.net'
const range = text('must be an IP address, or a range such as 10.0.0.0/8', isRange)
const trustedRange = text(
  'must be an IP address, or a range of them no wider than /8, such as 192.0.2.0/24',
  (value) => isRange(value) && Number(value.split('/')[1] ?? 128) >= 8,
)
const credential = text('must be a text of 1 to 256 characters without line breaks', (value) =>
  /^[^\r\n]{1,256}$/.test(value),
)
const headerText = text('must be a text of 1 to 256 characters without line breaks', (value) =>
  /^[\x20-\x7e]{1,256}$/.test(value),
)
const sipUri = (expected: string) => text(expected, (value) => isSipUri(value))
const caller = text('must be a sip: URI or a name-addr such as "Reception" <sip:100@example.net>', (value) => {
  const parsed = parseNameAddr(value)
  return parsed.ok && isSipUri(parsed.value.uri)
})
const prefix = (of: string) => text(`must be ${of}`, (value) => /^\+?[0-9*#]{0,20}$/.test(value))
const dialPrefix = text('must be up to 5 digits', (value) => /^\d{0,5}$/.test(value))
const lengths = list(whole(1, 20, 'digits'), 'lengths in digits')
const numberFormat = z.enum(['e164', 'digits', 'national'], "must be 'e164', 'digits' or 'national'")
const proxyUri = sipUri('must be a sip: or sips: URI such as sip:proxy.example.net;transport=tcp')
const file = text('must be the path of a file', (value) => value !== '')
const tls = object({ authority: file.optional() })
const milliseconds = (most: number) => whole(0, most, 'milliseconds')

const match = z.union(
  [
    text(
      "must be a user such as '1000', a prefix such as '44*', or a regular expression",
      (value) => /^[^*\s@]{0,128}\*?$/.test(value) && value !== '',
    ),
    z.instanceof(RegExp),
  ],
  "must be a user such as '1000', a prefix such as '44*', or a regular expression",
)

const CODEC_NAMES = ['PCMU', 'PCMA', 'G722', 'OPUS', 'L16', 'L16/16000'] as const

const srtpPolicy = z.enum(
  ['forbidden', 'accepted', 'offered', 'required'],
  "must be 'forbidden', 'accepted', 'offered' or 'required'",
)

export const configSchema = object({
  sip: object({
    listen: list(
      object({
        transport: z.enum(['udp', 'tcp', 'tls'], "must be 'udp', 'tcp' or 'tls'"),
        address,
        port: whole(0, 65_535, '0 means any free port').optional(),
        certificate: file.optional(),
        key: file.optional(),
        clientAuthority: file.optional(),
      }),
      "{ transport: 'udp', address: '127.0.0.1', port: 5060 }",
    )
      .min(1, 'must hold at least one address: leave it out for 127.0.0.1:5060')
      .optional(),
    publicAddress: z.union([host, stunServer], `must be an IP address, a host name, ${STUN}`).optional(),
    tls: tls.optional(),
    outboundProxy: proxyUri.optional(),
    maxUdpRequestBytes: whole(500, 65_535, 'octets').optional(),
    keepAliveMs: z
      .union([z.literal(0), whole(1000, 3_600_000, 'ms')], 'must be 0 (never) or 1000 to 3600000 ms')
      .optional(),
    userAgent: headerText.optional(),
    identity: sipUri('must be a sip: URI such as sip:exchange@example.net').optional(),
    sessionTimers: z
      .union(
        [
          z.literal(false),
          object({
            expiresSeconds: whole(90, 86_400, 'seconds').optional(),
            minSeconds: whole(90, 86_400, 'seconds').optional(),
            refresher: z.enum(['local', 'remote'], "must be 'local' or 'remote'").optional(),
          }),
        ],
        'must be false, or an object with the keys expiresSeconds and minSeconds (90 to 86400) and refresher',
      )
      .optional(),
  }).optional(),
  media: object({
    address: address.optional(),
    publicAddress: z.union([address, stunServer], `must be an IP address without brackets, ${STUN}`).optional(),
    portRange: z
      .tuple([whole(1024, 65_535, 'UDP port'), whole(1024, 65_535, 'UDP port')], 'must be [first, last]')
      .optional(),
    workers: whole(1, 64, 'threads').optional(),
    io: z.enum(['auto', 'libc', 'dgram'], "must be 'auto', 'libc' or 'dgram'").optional(),
    priority: z.enum(['realtime', 'normal'], "must be 'realtime' or 'normal'").optional(),
    rtpTimeoutMs: z
      .union([z.literal(0), whole(1000, 3_600_000, 'ms')], 'must be 0 (never) or 1000 to 3600000 ms')
      .optional(),
    codecs: list(
      z.enum(CODEC_NAMES, `must be one of ${CODEC_NAMES.join(', ')}`),
      `codecs, of ${CODEC_NAMES.join(', ')}`,
    )
      .min(1, 'must name at least one codec')
      .optional(),
    srtp: srtpPolicy.optional(),
  }).optional(),
  services: list(
    object({
      name,
      match: z.union([match, list(match, 'users, prefixes and regular expressions').min(1)]).optional(),
      app: app.optional(),
      room: serviceRoomSchema.optional(),
      parameters: z.record(z.string(), z.unknown(), 'must be an object').optional(),
      limits: object({ maxCalls: whole(1, 100_000, 'calls').optional() }).optional(),
    })
      .refine(({ app, room }) => app !== undefined || room !== undefined, {
        path: ['app'],
        message: `${APP}; or say the room that callers come into`,
      })
      .refine(({ app, room }) => app === undefined || room === undefined, {
        path: ['room'],
        message: 'a service has either an app or a room: leave one of them out',
      }),
    'services { name, match, app }',
  ).optional(),
  trunks: list(
    object({
      name,
      uri: sipUri('must be a sip: URI such as sip:sip.example.net:5060'),
      tls: tls.optional(),
      outboundProxy: proxyUri.optional(),
      username: credential.optional(),
      password: credential.optional(),
      from: caller.optional(),
      numberFormat: numberFormat.optional(),
      callerId: object({
        allowed: list(
          text("must be a number such as '+441632960001', or a prefix such as '+4416329600*'", (value) =>
            /^\+?\d{1,15}\*?$/.test(value),
          ),
          'numbers',
        )
          .min(1, 'must name at least one number: leave it out to allow every caller')
          .optional(),
        format: numberFormat.optional(),
        identity: z.enum(['none', 'asserted', 'preferred'], "must be 'none', 'asserted' or 'preferred'").optional(),
      }).optional(),
      diversion: z
        .enum(['diversion', 'history-info', 'both', 'none'], "must be 'diversion', 'history-info', 'both' or 'none'")
        .optional(),
      trusted: z.boolean('must be true or false').optional(),
      firstResponseMs: whole(500, 32_000, 'milliseconds').optional(),
      srtp: srtpPolicy.optional(),
      register: z
        .union(
          [
            z.boolean(),
            object({
              addressOfRecord: sipUri('must be a sip: URI such as sip:4930123456@sip.example.net').optional(),
              contactUser: credential.optional(),
              expiresS: whole(60, 86_400, 'seconds').optional(),
            }),
          ],
          'must be true, false, or an object with the keys addressOfRecord, contactUser, expiresS',
        )
        .optional(),
      keepAlive: z
        .union(
          [
            z.boolean(),
            object({
              intervalMs: whole(1000, 3_600_000, 'ms').optional(),
              timeoutMs: whole(100, 32_000, 'ms').optional(),
              misses: whole(1, 100, 'OPTIONS').optional(),
            }),
          ],
          'must be true, false, or an object with the keys intervalMs, timeoutMs, misses',
        )
        .optional(),
      inbound: object({
        addresses: list(address, 'IP addresses').optional(),
        username: credential.optional(),
        password: credential.optional(),
      }).optional(),
    }),
    'trunks { name, uri }',
  ).optional(),
  numbering: object({
    countryCode: text("must be a country code of 1 to 3 digits, without +, such as '44'", (value) =>
      /^[1-9]\d{0,2}$/.test(value),
    ),
    nationalPrefix: dialPrefix.optional(),
    internationalPrefix: dialPrefix.optional(),
    nationalLengths: lengths.optional(),
    extensionLengths: lengths.optional(),
  }).optional(),
  routes: list(
    object({
      prefix: prefix("the beginning of numbers, such as '+44' or '2', or '' for every number"),
      trunks: list(
        z.union(
          [
            name,
            object({
              name,
              priority: whole(0, 65_535, '').optional(),
              weight: whole(0, 65_535, '').optional(),
            }),
          ],
          'must be the name of a trunk, or { name, priority, weight }',
        ),
        'names of trunks',
      )
        .min(1, 'must name at least one trunk: write barred: true instead for numbers that may not be called')
        .optional(),
      service: name.optional(),
      barred: z.literal(true, 'must be true, or left out').optional(),
    }),
    'routes { prefix, trunks }',
  ).optional(),
  networks: list(
    object({
      ranges: list(range, 'addresses and ranges').min(1, 'must name at least one range'),
      address: host,
      mediaAddress: address.optional(),
    }),
    'networks { ranges, address }',
  ).optional(),
  users: list(
    object({
      username: credential,
      password: credential.optional(),
      trust: list(trustedRange, 'addresses and ranges').min(1, 'must name at least one address').optional(),
    }),
    'users { username, password }',
  ).optional(),
  registrar: object({
    domains: list(host, 'host names').optional(),
    minExpiresS: whole(10, 86_400, 'seconds').optional(),
    maxExpiresS: whole(10, 86_400, 'seconds').optional(),
    natExpiresS: whole(10, 86_400, 'seconds').optional(),
    maxPhonesPerUser: whole(1, 50, 'phones').optional(),
  }).optional(),
  authentication: object({
    realm: text('must be 1 to 128 printable characters without quotes', (value) =>
      /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(value),
    ).optional(),
    algorithms: list(
      z.enum(['MD5', 'SHA-256', 'SHA-512-256'], "must be 'MD5', 'SHA-256' or 'SHA-512-256'"),
      'names of hashes',
    )
      .min(1, 'must name at least one hash')
      .optional(),
    strangers: z.enum(['challenge', 'allow'], "must be 'challenge' or 'allow'").optional(),
    lockOut: z
      .union(
        [
          z.literal(false),
          object({
            failures: whole(1, 10_000, 'wrong passwords').optional(),
            addressFailures: whole(1, 100_000, 'wrong passwords').optional(),
            withinS: whole(10, 86_400, 'seconds').optional(),
            forS: whole(10, 86_400, 'seconds').optional(),
            except: list(range, 'addresses and ranges').optional(),
          }),
        ],
        'must be false, or an object with the keys failures, addressFailures, withinS, forS, except',
      )
      .optional(),
  }).optional(),
  limits: object({
    maxCalls: whole(1, 100_000, 'calls').optional(),
    maxTransactions: whole(100, 1_000_000, 'SIP transactions').optional(),
    extraChannels: whole(0, 100, 'channels').optional(),
    maxConnections: whole(1, 100_000, 'TCP connections').optional(),
    maxConnectionsPerAddress: whole(1, 100_000, 'TCP connections').optional(),
    connectionIdleMs: whole(1000, 86_400_000, 'milliseconds').optional(),
  }).optional(),
  rooms: roomsSchema.optional(),
  transfers: transfersSchema.optional(),
  files: object({
    directory: text('must be the path of a directory', (value) => value !== '').optional(),
    cacheBytes: whole(0, 2 ** 40, 'bytes').optional(),
    streamLongerThanMs: whole(1000, 3_600_000, 'milliseconds').optional(),
    maxRecordingBytes: whole(1000, 2 ** 32 - 1024, 'bytes').optional(),
    quotas: list(
      object({
        folder: text(
          "must be a folder of the media store such as 'calls', or 'voicemail/*' for each of those in it",
          (value) => /^([A-Za-z0-9._@-]+|\*)(\/([A-Za-z0-9._@-]+|\*))*$/.test(value),
        ).optional(),
        maxBytes: whole(0, 2 ** 50, 'bytes').optional(),
        maxFiles: whole(0, 1_000_000_000, 'files').optional(),
      }),
      'quotas { folder, maxBytes, maxFiles }',
    ).optional(),
    minFreeBytes: whole(0, 2 ** 50, 'bytes').optional(),
    s3: object({
      bucket: text('must be the name of a bucket', (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(value)),
      prefix: text("must be a folder in the bucket such as 'ringdown/'", (value) =>
        /^[A-Za-z0-9._@-]+(\/[A-Za-z0-9._@-]+)*\/?$/.test(value),
      ).optional(),
      region: text("must be a region such as 'eu-central-1'", (value) => /^[a-z0-9-]+$/.test(value)).optional(),
      endpoint: text("must be a URL such as 'https://objects.example.net'", (value) =>
        /^https?:\/\/[^/]/.test(value),
      ).optional(),
      pathStyle: z.boolean('must be true or false').optional(),
      keepLocalMs: whole(0, 10 * 365 * 86_400_000, 'milliseconds').optional(),
      keepLocalBytes: whole(0, 2 ** 50, 'bytes').optional(),
      maxWaiting: whole(1, 1_000_000, 'files').optional(),
      parallel: whole(1, 16, 'uploads').optional(),
    }).optional(),
    encryption: object({
      keyFile: file.optional(),
      keyVariable: text('must be the name of an environment variable', (value) => /^\w+$/.test(value)).optional(),
      acceptPlain: z.boolean('must be true or false').optional(),
    }).optional(),
  }).optional(),
  speech: speechSchema.optional(),
  lsd: lsdSchema.optional(),
  agents: tls.optional(),
  records: object({
    calls: whole(0, 100_000, 'calls').optional(),
    bytesPerCall: whole(4096, 2 ** 20, 'bytes').optional(),
    bytes: whole(2 ** 20, 2 ** 30, 'bytes').optional(),
    digits: z.boolean('must be true or false').optional(),
  }).optional(),
  control: object({
    open: z.boolean('must be true or false').optional(),
    directory: text('must be the path of a directory', (value) => value !== '').optional(),
  }).optional(),
  log: object({
    level: z
      .enum(['silent', 'error', 'warn', 'info', 'debug'], 'must be silent, error, warn, info or debug')
      .optional(),
    pretty: z.boolean('must be true or false').optional(),
  }).optional(),
  shutdown: object({ graceMs: milliseconds(86_400_000).optional() }).optional(),
})

/** The configuration once its shape has been checked. */
export type CheckedConfig = z.infer<typeof configSchema>

function isSipUri(value: string): boolean {
  const uri = parseUri(value)
  return uri.ok && uri.value.scheme !== 'tel'
}

function isRange(value: string): boolean {
  const [base, prefix, ...rest] = value.split('/') as [string, string?, ...string[]]
  const family = isIP(base)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32))
}
