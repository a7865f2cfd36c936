import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appDirection, inbound, outbound } from '../../calls/index.ts'
import { ConfigError } from '../../kit/index.ts'
import { TestAuthority } from '../test/certificates.ts'
import { checkConfig } from './check.ts'
import { defineConfig, type SpeechConfig } from './config.ts'

const app = inbound(async () => {})
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-config-'))
  writeFileSync(join(folder, 'welcome.ts'), '')
  writeFileSync(join(folder, 'notes.txt'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

function problems(config: unknown): readonly string[] {
  try {
    checkConfig(config, folder)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('a configuration', () => {
  it('takes a STUN server for a public address', () => {
    for (const publicAddress of ['stun:stun.example.net', 'stun:192.0.2.1:3479', 'stun:[2001:db8::1]:3478'])
      expect(problems({ sip: { publicAddress }, media: { publicAddress } })).toEqual([])
    for (const publicAddress of ['stun:', 'turn:stun.example.net', 'stun:a b'])
      expect(problems({ sip: { publicAddress } })).toEqual([expect.stringContaining('sip.publicAddress')])
  })

  it('names networks by ranges, and the address that each is told', () => {
    const networks = [{ ranges: ['10.0.0.0/8', '192.0.2.1'], address: '10.0.0.7' }]
    expect(checkConfig({ networks }, folder).networks).toEqual([
      { ranges: ['10.0.0.0/8', '192.0.2.1'], address: '10.0.0.7', mediaAddress: '10.0.0.7' },
    ])
    for (const range of ['10.0.0.0/33', 'fd00::/129', 'ten', '10.0.0.0/8/8', '10.0.0.0/x'])
      expect(problems({ networks: [{ ranges: [range], address: '10.0.0.7' }] })).toEqual([
        expect.stringContaining('networks[0].ranges[0]'),
      ])
    expect(problems({ networks: [{ ranges: [], address: '10.0.0.7' }] })).toHaveLength(1)
    expect(problems({ networks: [{ ranges: ['10.0.0.0/8'], address: 'pbx.lan' }] })).toEqual([
      expect.stringContaining('set networks[0].mediaAddress'),
    ])
    expect(problems({ networks: [{ ranges: ['fd00::/8'], address: 'fd00::7' }] })).toEqual([
      expect.stringContaining('both must be IPv4, or both IPv6'),
    ])
  })

  it('may be empty, and is then filled with defaults that nobody else can reach', () => {
    const settings = checkConfig({}, folder)
    expect(settings.sip.listen).toEqual([
      { transport: 'udp', address: '127.0.0.1', port: 5060 },
      { transport: 'tcp', address: '127.0.0.1', port: 5060 },
    ])
    expect(settings.sip.identity).toBe('sip:ringdown@127.0.0.1')
    expect(settings.sip.sessionTimers).toEqual({ expiresSeconds: 1800, minSeconds: 90 })
    expect(settings.media).toEqual({
      address: '127.0.0.1',
      publicAddress: undefined,
      portRange: [16_384, 32_767],
      workers: Math.min(64, availableParallelism()),
      io: 'auto',
      priority: 'realtime',
      rtpTimeoutMs: 0,
      codecs: ['PCMU', 'PCMA'],
      srtp: 'accepted',
    })
    expect(settings.authentication).toEqual({
      realm: 'ringdown',
      algorithms: ['SHA-256', 'MD5'],
      strangers: 'allow',
      lockOut: { failures: 10, addressFailures: 50, withinS: 300, forS: 600, except: [] },
    })
    expect(checkConfig({ authentication: { lockOut: false } }, folder).authentication.lockOut).toBeUndefined()
    expect(settings.limits.maxCalls).toBe(8_192)
    expect(settings.files.directory).toBe(join(folder, 'media'))
  })

  it('is taken as it is written when everything is said', () => {
    const config = defineConfig({
      sip: {
        listen: [{ transport: 'udp', address: '0.0.0.0' }],
        publicAddress: 'pbx.example.net',
        userAgent: 'Example 1',
        identity: 'sip:desk@example.net',
      },
      media: {
        address: '192.0.2.7',
        publicAddress: '198.51.100.7',
        portRange: [20_000, 20_999],
        workers: 2,
        io: 'dgram',
        priority: 'normal',
      },
      services: [
        { name: 'welcome', match: ['1000', '44*', /^\+1/], app: './welcome.ts#menu', parameters: { a: 1 } },
        { name: 'rest', match: '*', app, limits: { maxCalls: 2 } },
      ],
      trunks: [
        {
          name: 'carrier',
          uri: 'sip:sip.example.com;transport=tcp',
          username: 'me',
          password: 'secret',
          from: '"Us" <sip:5550100@example.com>',
          inbound: { addresses: ['203.0.113.5', '2001:db8::5'] },
        },
      ],
      users: [{ username: 'alice', password: 'wonder' }],
      authentication: { realm: 'example.net' },
      limits: { maxCalls: 400 },
      files: { directory: 'sounds' },
      log: { level: 'warn', pretty: false },
      shutdown: { graceMs: 0 },
    })
    const settings = checkConfig(config, folder)
    expect(settings.sip.listen).toEqual([{ transport: 'udp', address: '0.0.0.0', port: 5060 }])
    expect(settings.services[0]).toEqual({
      name: 'welcome',
      matches: ['1000', '44*', /^\+1/],
      app: { file: join(folder, 'welcome.ts'), exportName: 'menu' },
      parameters: { a: 1 },
      maxCalls: undefined,
    })
    expect(settings.services[1]?.maxCalls).toBe(2)
    expect(settings.rooms).toEqual({})
    expect(settings.transfers).toEqual({})
    expect(settings.trunks[0]?.credentials).toEqual({ username: 'me', password: 'secret' })
    expect(settings.trunks[0]?.inboundCredentials).toBeUndefined()
    expect(settings.authentication.strangers).toBe('challenge')
    expect(settings.limits.maxCalls).toBe(400)
  })

  it('gives a number a conference room, without an application', () => {
    const room = { name: 'sales', pin: '4711', exitDigit: '#', muteDigit: '0', onEntry: { textToSay: 'has come' } }
    const config = defineConfig({
      services: [
        { name: '1000', room: 'open' },
        { name: '2000', room },
      ],
      rooms: { mostParties: 20, quietAfterParties: 10 },
    })
    const settings = checkConfig(config, folder)
    expect(settings.services.map(({ app }) => ('file' in app ? app.file : appDirection(app)))).toEqual([
      'inbound',
      'inbound',
    ])
    expect(settings.rooms).toEqual({ mostParties: 20, quietAfterParties: 10 })
  })

  it('says where numbers go, and who calls', () => {
    const config = defineConfig({
      numbering: { countryCode: '44', extensionLengths: [4] },
      trunks: [
        {
          name: 'a',
          uri: 'sip:a.example',
          from: 'sip:01632960000@a.example',
          numberFormat: 'national',
          callerId: { allowed: ['+4416329600*'], identity: 'asserted' },
          trusted: true,
          diversion: 'both',
          firstResponseMs: 2000,
        },
        { name: 'b', uri: 'sip:b.example' },
      ],
      routes: [
        { prefix: '+', trunks: ['a', { name: 'b', weight: 2 }] },
        { prefix: '+449', barred: true },
      ],
    })
    const settings = checkConfig(config, folder)
    expect(settings.numbering).toEqual({ countryCode: '44', extensionLengths: [4] })
    expect(settings.routes).toEqual([
      { prefix: '+', trunks: [{ name: 'a' }, { name: 'b', weight: 2 }] },
      { prefix: '+449', trunks: [] },
    ])
    expect(settings.trunks[0]).toMatchObject({
      numberFormat: 'national',
      callerId: { allowed: ['+4416329600*'], identity: 'asserted' },
      diversion: 'both',
      isTrusted: true,
      firstResponseMs: 2000,
    })
    expect(settings.trunks[1]).toMatchObject({ numberFormat: 'e164', callerId: undefined, isTrusted: false })
  })

  it('says how long phones are registered', () => {
    const users = [{ username: 'a', password: 'b' }]
    expect(checkConfig({ users }, folder).registrar).toEqual({
      domains: [],
      minExpiresS: 60,
      maxExpiresS: 3600,
      natExpiresS: 60,
      maxBindingsPerUser: 8,
    })
    const registrar = { domains: ['pbx.example.net'], minExpiresS: 10, maxExpiresS: 600, maxPhonesPerUser: 2 }
    expect(checkConfig({ users, registrar }, folder).registrar).toEqual({
      domains: ['pbx.example.net'],
      minExpiresS: 10,
      maxExpiresS: 600,
      natExpiresS: 60,
      maxBindingsPerUser: 2,
    })
  })

  it('says how trunks are registered and asked', () => {
    const trunk = { name: 'a', uri: 'sip:sip.example.net:5070;transport=tcp', username: '+4930 1', password: 'p' }
    const settingsOf = (more: object) => checkConfig({ trunks: [{ ...trunk, ...more }] }, folder).trunks[0]
    expect(settingsOf({})).toMatchObject({ registration: undefined, keepAlive: undefined, from: undefined })
    expect(settingsOf({ register: true, keepAlive: true })).toMatchObject({
      registration: { addressOfRecord: 'sip:+4930%201@sip.example.net', contactUser: '+4930 1', expiresS: 600 },
      keepAlive: { intervalMs: 30_000, timeoutMs: 4000, misses: 2 },
      from: 'sip:+4930%201@sip.example.net',
    })
    const own = { addressOfRecord: 'sip:49301@carrier.example', contactUser: 'main', expiresS: 3600 }
    expect(settingsOf({ register: own, from: 'sip:me@a', keepAlive: { misses: 5 } })).toMatchObject({
      registration: own,
      keepAlive: { intervalMs: 30_000, misses: 5 },
      from: 'sip:me@a',
    })
  })

  it('matches by the name of the service when nothing else is said', () => {
    expect(checkConfig({ services: [{ name: '1000', app }] }, folder).services[0]?.matches).toEqual(['1000'])
  })
})

describe('TLS', () => {
  it('has speech engines with paths that are relative to the folder', () => {
    const settingsOf = (speech: SpeechConfig) => checkConfig({ speech }, folder).speech
    expect(settingsOf({})).toEqual({
      engine: { type: 'flite' },
      voice: undefined,
      threads: Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2))),
      threadIdleMs: 300_000,
      cache: { directory: join(folder, 'speech-cache'), bytes: 268_435_456 },
      memoryBytes: 33_554_432,
      waitingSentences: 1000,
      recognition: undefined,
    })
    const service = { type: 'openai', url: 'http://127.0.0.1:8000/v1', model: 'whisper-1', keyFile: 'key' } as const
    expect(settingsOf({ recognition: service }).recognition).toEqual({ ...service, keyFile: join(folder, 'key') })
    expect(settingsOf({ recognition: { type: 'sherpa', directory: 'model' } }).recognition).toEqual({
      type: 'sherpa',
      directory: join(folder, 'model'),
    })
    const own = { open: () => ({ write: () => {}, finish: async () => ({ text: '' }), abort: () => {} }) }
    expect(settingsOf({ recognition: own }).recognition).toBe(own)
    const programs = ['espeak-ng', './bin/piper', '/opt/piper'].map(
      (command) => (settingsOf({ engine: { type: 'process', command } }).engine as { command: string }).command,
    )
    expect(programs).toEqual(['espeak-ng', join(folder, 'bin/piper'), '/opt/piper'])
    const model = { type: 'sherpa', directory: 'model', voices: ['ann'] } as const
    expect(settingsOf({ voice: 'ann', engine: model }).engine).toEqual({
      ...model,
      directory: join(folder, 'model'),
      voice: 'ann',
    })
  })

  it('finds out who picks up in one thread, and keeps nothing of what is heard unless it is told to', () => {
    expect(checkConfig({}, folder).lsd).toEqual({ threads: 1, maxDetections: 300, sensitivity: 0.5 })
    expect(checkConfig({ lsd: { threads: 2, sensitivity: 0.2, evidence: { maxFiles: 5 } } }, folder).lsd).toEqual({
      threads: 2,
      maxDetections: 600,
      sensitivity: 0.2,
      evidence: { directory: join(folder, 'lsd-evidence'), keepMs: 86_400_000, maxFiles: 5 },
    })
  })

  it('keeps no evidence in the clear beside files that are encrypted', () => {
    const config = { lsd: { evidence: {} }, files: { encryption: { keyVariable: 'NO_SUCH' } } }
    expect(problems(config)).toContainEqual(expect.stringMatching(/^lsd\.evidence keeps what people say in the clear/))
  })

  it('has files that are relative to the folder, and authorities for single trunks', () => {
    const authority = new TestAuthority()
    const { certificate, key } = authority.issue('127.0.0.1')
    for (const [name, content] of Object.entries({ certificate, key, authority: authority.certificate }))
      writeFileSync(join(folder, `${name}.pem`), content)
    const listen = { transport: 'tls', address: '127.0.0.1', certificate: 'certificate.pem', key: 'key.pem' } as const
    const { sip, trunks } = checkConfig(
      {
        sip: { listen: [listen], outboundProxy: 'sip:proxy.example;transport=tls' },
        trunks: [
          { name: 'a', uri: 'sips:A.example', tls: { authority: 'authority.pem' } },
          { name: 'b', uri: 'sip:b.example', outboundProxy: 'sips:[::1];lr', tls: { authority: 'authority.pem' } },
        ],
      },
      folder,
    )
    const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
    expect(sip.listen).toEqual([{ transport: 'tls', address: '127.0.0.1', port: 5061, ...files }])
    expect(sip.tls).toEqual({
      files,
      authorities: new Map([
        ['a.example', join(folder, 'authority.pem')],
        ['::1', join(folder, 'authority.pem')],
      ]),
    })
    expect(sip.outboundProxy).toBe('<sip:proxy.example;transport=tls;lr>')
    expect(trunks.map(({ outboundProxy }) => outboundProxy)).toEqual([undefined, '<sips:[::1];lr>'])
  })

  it('needs the key that belongs to its certificate', () => {
    const authority = new TestAuthority()
    writeFileSync(join(folder, 'one.pem'), authority.issue('127.0.0.1').certificate)
    writeFileSync(join(folder, 'other-key.pem'), authority.issue('127.0.0.1').key)
    const listen = { transport: 'tls', address: '127.0.0.1', certificate: 'one.pem', key: 'other-key.pem' }
    expect(problems({ sip: { listen: [{ ...listen, certificate: 'notes.txt' }] } })).toEqual([
      expect.stringMatching(/^sip\.listen\[0\]: \/.*notes\.txt holds no certificate in PEM that is of use/),
    ])
    expect(problems({ sip: { listen: [listen] } })).toEqual([
      `sip.listen[0]: ${join(folder, 'other-key.pem')} is not the private key of the certificate in ${join(folder, 'one.pem')}`,
    ])
  })
})

describe('what is refused by its shape', () => {
  const cases: [name: string, config: unknown, problem: RegExp][] = [
    ['no object', 7, /^the configuration is 7: must be an object with the keys sip, media/],
    ['an unknown key', { servces: [] }, /^the configuration has no key "servces": the keys are sip, media, services/],
    ['an unknown key inside', { sip: { port: 1 } }, /^sip has no key "port": the keys are listen, publicAddress/],
    [
      'an unknown transport',
      { sip: { listen: [{ transport: 'sctp', address: '127.0.0.1' }] } },
      /^sip\.listen\[0\]\.transport is "sctp": must be 'udp', 'tcp' or 'tls'$/,
    ],
    ['an empty listen', { sip: { listen: [] } }, /^sip\.listen is \[\]: must hold at least one address/],
    [
      'a host name to listen on',
      { sip: { listen: [{ transport: 'udp', address: 'localhost' }] } },
      /^sip\.listen\[0\]\.address is "localhost": must be an IPv4 or IPv6 address/,
    ],
    [
      'a port out of range',
      { sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port: 70_000 }] } },
      /^sip\.listen\[0\]\.port is 70000: must be a whole number from 0 to 65535/,
    ],
    ['a public address that is none', { sip: { publicAddress: 'a b' } }, /^sip\.publicAddress is "a b": must be an IP/],
    ['a user agent of two lines', { sip: { userAgent: 'a\r\nb' } }, /^sip\.userAgent is .*without line breaks$/],
    [
      'a session interval below that of the RFC',
      { sip: { sessionTimers: { minSeconds: 60 } } },
      /^sip\.sessionTimers.*must be.*90 to 86400/,
    ],
    ['an identity that is no URI', { sip: { identity: 'me' } }, /^sip\.identity is "me": must be a sip: URI/],
    ['a port range of one', { media: { portRange: [20_000] } }, /^media\.portRange/],
    [
      'low ports',
      { media: { portRange: [80, 9000] } },
      /^media\.portRange\[0\] is 80: must be a whole number from 1024/,
    ],
    ['another priority', { media: { priority: 'high' } }, /^media\.priority is "high": must be 'realtime' or 'normal'/],
    ['another network', { media: { io: 'raw' } }, /^media\.io is "raw": must be 'auto', 'libc' or 'dgram'/],
    ['an unknown codec', { media: { codecs: ['GSM'] } }, /^media\.codecs\[0\] is "GSM": must be one of PCMU, PCMA/],
    ['no codec', { media: { codecs: [] } }, /^media\.codecs .*must name at least one codec/],
    ['no workers', { media: { workers: 0 } }, /^media\.workers is 0: must be a whole number from 1 to 64/],
    ['a service without a name', { services: [{ app }] }, /^services\[0\]\.name is missing: must be 1 to 64 letters/],
    ['a service without an app', { services: [{ name: 'a' }] }, /^services\[0\]\.app is missing: must be the path/],
    [
      'a service with both',
      { services: [{ name: 'a', app, room: 'a' }] },
      /^services\[0\]\.room is "a": a service has either/,
    ],
    [
      'a room that cannot be',
      { services: [{ name: 'a', room: 'a b' }] },
      /^services\[0\]\.room is "a b": must be 1 to 48 letters/,
    ],
    [
      'a room with a PIN of letters',
      { services: [{ name: 'a', room: { name: 'r', pin: 'abc' } }] },
      /^services\[0\]\.room\.pin is "abc": must be 1 to 16 digits/,
    ],
    [
      'a key of a room that does two things',
      { services: [{ name: 'a', room: { name: 'r', exitDigit: '0', muteDigit: '0' } }] },
      /^services\[0\]\.room\.exitDigit is "0": the same digit cannot both mute and leave/,
    ],
    [
      'who may transfer',
      { transfers: { from: 'all' as never } },
      /^transfers\.from is "all": must be 'nobody', 'known' or/,
    ],
    ['a host of transfers', { transfers: { hosts: ['a b'] } }, /^transfers\.hosts\[0\] is "a b": must be a host/],
    [
      'a number of transfers',
      { transfers: { numbers: ['44-1'] } },
      /^transfers\.numbers\[0\] is "44-1": must be a number/,
    ],
    ['a room for one', { rooms: { mostParties: 1 } }, /^rooms\.mostParties is 1: must be a whole number from 2/],
    ['an app that is none', { services: [{ name: 'a', app: async () => {} }] }, /^services\[0\]\.app is a function/],
    [
      'a match that is none',
      { services: [{ name: 'a', match: 'a*b', app }] },
      /^services\[0\]\.match is "a\*b": must be a user such as '1000'/,
    ],
    [
      'one bad match of several',
      { services: [{ name: 'a', match: ['1', 'x y'], app }] },
      /^services\[0\]\.match\[1\] is "x y": must be a user/,
    ],
    [
      'a service limit of nothing',
      { services: [{ name: 'a', app, limits: { maxCalls: 0 } }] },
      /^services\[0\]\.limits\.maxCalls is 0/,
    ],
    ['a trunk without a URI', { trunks: [{ name: 'a' }] }, /^trunks\[0\]\.uri is missing: must be a sip: URI/],
    ['a trunk to a number', { trunks: [{ name: 'a', uri: 'tel:1' }] }, /^trunks\[0\]\.uri is "tel:1": must be a sip:/],
    [
      'a trunk from nobody',
      { trunks: [{ name: 'a', uri: 'sip:b', from: 'me' }] },
      /^trunks\[0\]\.from is "me": must be a sip: URI or a name-addr/,
    ],
    [
      'a country that is none',
      { numbering: { countryCode: '+44' } },
      /^numbering\.countryCode is "\+44": must be a country/,
    ],
    ['a plan of no country', { numbering: {} }, /^numbering\.countryCode is missing: must be a country code/],
    [
      'a route of letters',
      { routes: [{ prefix: 'a' }] },
      /^routes\[0\]\.prefix is "a": must be the beginning of numbers/,
    ],
    [
      'a route to nobody',
      { routes: [{ prefix: '', trunks: [] }] },
      /^routes\[0\]\.trunks .*write barred: true instead/,
    ],
    [
      'a weight below nothing',
      { routes: [{ prefix: '', trunks: [{ name: 'a', weight: -1 }] }] },
      /^routes\[0\]\.trunks\[0\]\.weight is -1: must be a whole number from 0/,
    ],
    [
      'a caller id that is no number',
      { trunks: [{ name: 'a', uri: 'sip:b', callerId: { allowed: ['bob'] } }] },
      /^trunks\[0\]\.callerId\.allowed\[0\] is "bob": must be a number/,
    ],
    [
      'a format of numbers that is none',
      { trunks: [{ name: 'a', uri: 'sip:b', numberFormat: 'x' }] },
      /^trunks\[0\]\.numberFormat is "x": must be 'e164', 'digits' or 'national'/,
    ],
    [
      'a registration that is none',
      { trunks: [{ name: 'a', uri: 'sip:b', register: 'yes' }] },
      /^trunks\[0\]\.register is "yes": must be true, false, or an object/,
    ],
    [
      'a registration for a moment',
      { trunks: [{ name: 'a', uri: 'sip:b', register: { expiresS: 5 } }] },
      /^trunks\[0\]\.register/,
    ],
    [
      'a diversion by a header that is none',
      { trunks: [{ name: 'a', uri: 'sip:b', diversion: 'x' }] },
      /^trunks\[0\]\.diversion is "x": must be 'diversion', 'history-info'/,
    ],
    ['a password that is a number', { users: [{ username: 'a', password: 1 }] }, /^users\[0\]\.password is/],
    [
      'a user whom the whole world may be',
      { users: [{ username: 'a', trust: ['0.0.0.0/0'] }] },
      /^users\[0\]\.trust\[0\] is "0\.0\.0\.0\/0": must be an IP address, or a range of them no wider than \/8/,
    ],
    [
      'a user whom half the world may be',
      { users: [{ username: 'a', trust: ['::/1'] }] },
      /^users\[0\]\.trust\[0\] is "::\/1": must be/,
    ],
    ['a trusted name', { users: [{ username: 'a', trust: ['door.lan'] }] }, /^users\[0\]\.trust\[0\] is "door\.lan"/],
    ['trust in nothing', { users: [{ username: 'a', password: 'b', trust: [] }] }, /^users\[0\]\.trust.*at least one/],
    ['a realm with quotes', { authentication: { realm: '"' } }, /^authentication\.realm is/],
    [
      'a lock-out for ever',
      { authentication: { lockOut: { forS: 1e9 } } },
      /^authentication\.lockOut\.forS is 1000000000: must be a whole number from 10 to 86400/,
    ],
    [
      'a lock-out by a word',
      { authentication: { lockOut: true } },
      /^authentication\.lockOut is true: must be false, or/,
    ],
    ['an unknown policy', { authentication: { strangers: 'no' } }, /^authentication\.strangers is "no": must be/],
    ['a limit as text', { limits: { maxCalls: '5' } }, /^limits\.maxCalls is "5": must be a whole number/],
    ['a log level', { log: { level: 'loud' } }, /^log\.level is "loud": must be silent, error/],
    ['a negative grace', { shutdown: { graceMs: -1 } }, /^shutdown\.graceMs is -1: must be a whole number from 0/],
  ]
  it.each(cases)('%s', (_name, config, problem) => {
    expect(problems(config)).toEqual([expect.stringMatching(problem)])
  })

  it('names everything that is wrong, and shows no password', () => {
    const found = problems({ users: [{ username: 'a', password: 'geheim\n' }], log: { level: 1 }, x: 1 })
    expect(found).toHaveLength(3)
    expect(found.join()).not.toContain('geheim')
  })
})

describe('what is refused because it contradicts itself', () => {
  const udp = (address: string, port = 5060) => ({ transport: 'udp', address, port })
  const trunk = { name: 'a', uri: 'sip:example.net' }
  const cases: [name: string, config: unknown, problem: RegExp][] = [
    [
      'one address twice',
      { sip: { listen: [udp('127.0.0.1'), udp('127.0.0.1')] } },
      /^sip\.listen\[1\] is udp 127\.0\.0\.1 port 5060, which sip\.listen\[0\] has already/,
    ],
    [
      'an address that a wildcard covers',
      {
        sip: { listen: [udp('0.0.0.0'), udp('127.0.0.1')], publicAddress: 'a.example' },
        authentication: { strangers: 'allow' },
      },
      /^sip\.listen\[1\] is udp 127\.0\.0\.1 port 5060, which sip\.listen\[0\] has already/,
    ],
    [
      'a wildcard without a public address',
      { sip: { listen: [udp('0.0.0.0')] }, media: { address: '127.0.0.1' }, authentication: { strangers: 'allow' } },
      /^sip\.listen\[0\]\.address is 0\.0\.0\.0, .*set sip\.publicAddress/,
    ],
    [
      'a session interval below the shortest one',
      { sip: { sessionTimers: { expiresSeconds: 300, minSeconds: 600 } } },
      /^sip\.sessionTimers\.minSeconds is 600, and expiresSeconds is 300/,
    ],
    ['ports the wrong way round', { media: { portRange: [30_000, 20_000] } }, /whose last port is below the first/],
    ['an odd first port', { media: { portRange: [20_001, 30_000] } }, /begins with an odd port.*begin with 20002$/],
    [
      'fewer ports than calls',
      { media: { portRange: [20_000, 20_099] }, limits: { maxCalls: 100 } },
      /enough for 50 calls, and limits\.maxCalls is 100: widen the range to 200 ports/,
    ],
    ['media on a wildcard', { media: { address: '0.0.0.0' } }, /^media\.address is 0\.0\.0\.0, which no session/],
    [
      'media of two families',
      { media: { address: '::1', publicAddress: '192.0.2.1' } },
      /both must be IPv4, or both IPv6/,
    ],
    [
      'one name twice',
      {
        services: [
          { name: 'a', app },
          { name: 'a', match: 'b', app },
        ],
      },
      /^services\[1\]\.name is "a", which another service has/,
    ],
    [
      'a service behind one for everybody',
      {
        services: [
          { name: 'a', match: '*', app },
          { name: 'b', app },
        ],
      },
      /^services\[1\]\.match is 'b', which is never reached, because services\[0\]\.match '\*' comes first/,
    ],
    [
      'a prefix behind a shorter one',
      {
        services: [
          { name: 'a', match: '4*', app },
          { name: 'b', match: ['5', '44*'], app },
        ],
      },
      /^services\[1\]\.match is '44\*', which is never reached/,
    ],
    [
      'a user behind a pattern',
      {
        services: [
          { name: 'a', match: /^\d+$/, app },
          { name: '1000', app },
        ],
      },
      /^services\[1\]\.match is '1000', which is never reached, because services\[0\]\.match \/\^\\d\+\$\/ comes first/,
    ],
    ['a missing file', { services: [{ name: 'a', app: './gone.ts' }] }, /gone\.ts, and there is no such file/],
    ['a file of another kind', { services: [{ name: 'a', app: 'notes.txt' }] }, /an application file ends in \.ts/],
    [
      'an outbound application for calls that come in',
      { services: [{ name: 'a', app: outbound(async () => {}) }] },
      /^services\[0\]\.app is an outbound application/,
    ],
    [
      'an inbound application for calls that are asked for',
      { transfers: { outside: { app: inbound(async () => {}) } } },
      /^transfers\.outside\.app is an inbound application/,
    ],
    [
      'a missing file for them',
      { transfers: { outside: { app: './gone.ts' } } },
      /^transfers\.outside\.app is .*gone\.ts, and there is no such file/,
    ],
    ['one trunk twice', { trunks: [trunk, trunk] }, /^trunks\[1\]\.name is "a", which another trunk has/],
    [
      'a trunk URI with a user',
      { trunks: [{ name: 'a', uri: 'sip:me@example.net' }] },
      /^trunks\[0\]\.uri is sip:me@example\.net: leave out the user "me"/,
    ],
    [
      'TLS without a key',
      { sip: { listen: [{ transport: 'tls', address: '127.0.0.1', certificate: 'cert.pem' }] } },
      /^sip\.listen\[0\]\.key is missing: TLS needs the files of a certificate and of its key$/,
    ],
    [
      'a certificate without TLS',
      { sip: { listen: [{ transport: 'tcp', address: '127.0.0.1', certificate: 'cert.pem' }] } },
      /^sip\.listen\[0\]\.certificate is for TLS and sip\.listen\[0\]\.transport is 'tcp'/,
    ],
    [
      'an authority that is no file',
      { sip: { tls: { authority: 'nowhere.pem' } } },
      /^sip\.tls: \/.*nowhere\.pem cannot be read: ENOENT/,
    ],
    [
      'an authority of agents that is no file',
      { agents: { authority: 'nowhere.pem' } },
      /^agents\.authority: \/.*nowhere\.pem cannot be read: ENOENT/,
    ],
    [
      'TLS of a trunk that is not reached over TLS',
      { trunks: [{ ...trunk, tls: { authority: 'notes.txt' } }] },
      /^trunks\[0\]\.tls is there and .* is not reached over TLS/,
    ],
    [
      'a registration of nobody',
      { trunks: [{ ...trunk, register: true }] },
      /^trunks\[0\] registers, and has no username/,
    ],
    [
      'a question that overtakes its answer',
      { trunks: [{ ...trunk, keepAlive: { intervalMs: 3000 } }] },
      /^trunks\[0\]\.keepAlive asks each 3000 ms and waits 4000 ms/,
    ],
    [
      'half of the credentials',
      { trunks: [{ ...trunk, username: 'me' }] },
      /^trunks\[0\] has a username and no password/,
    ],
    [
      'half of the inbound credentials',
      { trunks: [{ ...trunk, inbound: { password: 'x' } }] },
      /^trunks\[0\]\.inbound has a password and no username/,
    ],
    [
      'an address of two trunks',
      {
        trunks: [
          { ...trunk, inbound: { addresses: ['192.0.2.1'] } },
          { ...trunk, name: 'b', inbound: { addresses: ['192.0.2.1'] } },
        ],
      },
      /^trunks\[1\]\.inbound\.addresses\[0\] is 192\.0\.2\.1, which belongs to trunks\[0\] already/,
    ],
    [
      'two prefixes that are one',
      { numbering: { countryCode: '44', nationalPrefix: '00' } },
      /^numbering\.nationalPrefix and numbering\.internationalPrefix are both '00'/,
    ],
    [
      'a national prefix that begins like the international one',
      { numbering: { countryCode: '44', nationalPrefix: '01', internationalPrefix: '0' } },
      /^numbering\.nationalPrefix is '01', which begins with the internationalPrefix '0'/,
    ],
    [
      'an extension as long as a national number',
      { numbering: { countryCode: '1', nationalLengths: [10], extensionLengths: [3, 10] } },
      /^numbering: 10 digits are an extension and a national number/,
    ],
    [
      'a route over no trunk',
      { trunks: [trunk], routes: [{ prefix: '', trunks: ['b'] }] },
      /^routes\[0\]\.trunks\[0\] is "b", and no trunk has that name: the names are a$/,
    ],
    [
      'a route over a trunk twice',
      { trunks: [trunk], routes: [{ prefix: '', trunks: ['a', { name: 'a', priority: 1 }] }] },
      /^routes\[0\]\.trunks\[1\] is "a" once more/,
    ],
    [
      'one prefix twice',
      {
        trunks: [trunk],
        routes: [
          { prefix: '+', trunks: ['a'] },
          { prefix: '+', barred: true },
        ],
      },
      /^routes\[1\]\.prefix is '\+', which routes\[0\] has already/,
    ],
    [
      'a barred route with trunks',
      { trunks: [trunk], routes: [{ prefix: '+', trunks: ['a'], barred: true }] },
      /^routes\[0\] has trunks and barred: one of them is enough/,
    ],
    [
      'a route to a service that is not there',
      { routes: [{ prefix: '2', service: 'desk' }] },
      /^routes\[0\]\.service is "desk", and no service has that name: there are none$/,
    ],
    ['a route to nowhere', { routes: [{ prefix: '+1' }] }, /^routes\[0\] has no trunks: name those that take '\+1'/],
    [
      'national numbers of no nation',
      { trunks: [{ ...trunk, numberFormat: 'national' }] },
      /^trunks\[0\]\.numberFormat is 'national', and nothing says which nation/,
    ],
    [
      'callers of no nation',
      { trunks: [{ ...trunk, callerId: { format: 'national' } }] },
      /^trunks\[0\]\.callerId\.format is 'national', and nothing says which nation/,
    ],
    [
      'an identity for a trunk outside of the trust domain',
      { trunks: [{ ...trunk, callerId: { identity: 'asserted' } }] },
      /^trunks\[0\]\.callerId\.identity is 'asserted', which only a trunk of our trust domain/,
    ],
    [
      'allowed callers and nobody in the place of others',
      { trunks: [{ ...trunk, callerId: { allowed: ['+44*'] } }] },
      /^trunks\[0\]\.callerId\.allowed needs trunks\[0\]\.from/,
    ],
    [
      'a caller of the trunk that it does not allow itself',
      { trunks: [{ ...trunk, from: 'sip:+15550100@a.example', callerId: { allowed: ['+44*'] } }] },
      /^trunks\[0\]\.from is sip:\+15550100@a\.example, which is not among trunks\[0\]\.callerId\.allowed/,
    ],
    [
      'one user twice',
      {
        users: [
          { username: 'a', password: 'b' },
          { username: 'a', password: 'c' },
        ],
      },
      /^users: the username "a" is there more than once/,
    ],
    [
      'a user whom nobody can be',
      { users: [{ username: 'a' }] },
      /^users\[0\] has neither a password nor trusted addresses/,
    ],
    [
      'a challenge that nobody can pass',
      { authentication: { strangers: 'challenge' } },
      /^authentication\.strangers is 'challenge', and nobody could ever pass/,
    ],
    [
      'registrations that nobody could have',
      { users: [{ username: 'a', password: 'b' }], registrar: { minExpiresS: 120, maxExpiresS: 60 } },
      /^registrar\.minExpiresS is 120 and registrar\.maxExpiresS 60/,
    ],
    ['a registrar for nobody', { registrar: {} }, /^registrar is there, and nobody can register/],
    [
      'an open door to the world',
      { sip: { listen: [udp('192.0.2.1')] } },
      /^sip\.listen has 192\.0\.2\.1, which others can reach, and nothing says who may call/,
    ],
    [
      'a recogniser that is not known',
      { speech: { recognition: { type: 'hal' } } },
      /speech\.recognition\.type is "hal": must be/,
    ],
    [
      'a recogniser without a model',
      { speech: { recognition: { type: 'openai', url: 'http://127.0.0.1/v1' } } },
      /speech\.recognition\.model/,
    ],
    [
      'a sensitivity beyond its range',
      { lsd: { sensitivity: 2 } },
      /lsd\.sensitivity is 2: must be a number from 0 to 1/,
    ],
    ['evidence that is kept for ever', { lsd: { evidence: { keepMs: 1e12 } } }, /lsd\.evidence\.keepMs/],
    ['an engine that is not known', { speech: { engine: { type: 'hal' } } }, /speech\.engine\.type is "hal": must be/],
    [
      'a key of an engine that is not known',
      { speech: { engine: { type: 'process', command: 'espeak-ng', text: 1 } } },
      /speech\.engine has no key "text": the keys are type, command, arguments/,
    ],
    [
      'a port as a URL',
      { speech: { voice: 'x', engine: { type: 'openai', url: '8880', model: 'm' } } },
      /speech\.engine\.url is "8880": must be a URL/,
    ],
    [
      'a service without a voice',
      { speech: { engine: { type: 'polly' } } },
      /speech\.voice is missing: the engine polly needs the name/,
    ],
    [
      'a service without its key',
      { speech: { voice: 'x', engine: { type: 'azure', region: 'r' } } },
      /speech\.engine needs a key: add keyFile or keyVariable/,
    ],
    [
      'a key that is not there',
      {
        speech: { voice: 'x', engine: { type: 'openai', url: 'http://a/v1', model: 'm', keyVariable: 'NO_SUCH_KEY' } },
      },
      /speech\.engine: the variable NO_SUCH_KEY is not set/,
    ],
    [
      'a voice that is not there',
      { speech: { voice: 'hal' } },
      /speech\.voice: there is no voice "hal": flite has rms/,
    ],
    ['a file for the media store', { files: { directory: 'notes.txt' } }, /notes\.txt, which is a file/],
    [
      'encryption without a place for keys',
      { files: { encryption: {} } },
      /^files\.encryption needs one of keyFile and/,
    ],
    [
      'keys for media files that are none',
      { files: { encryption: { keyFile: 'notes.txt' } } },
      /^files\.encryption: the keys for media files cannot be had from .*notes\.txt: (key 1 is none|there is no key in it)/,
    ],
  ]
  it.each(cases)('%s', (_name, config, problem) => {
    expect(problems(config)).toEqual([expect.stringMatching(problem)])
  })

  it('lets two services overlap as long as each is reached', () => {
    const services = [
      { name: 'a', match: '44', app },
      { name: 'b', match: '44*', app },
      { name: 'c', match: /^\+/, app },
      { name: 'd', match: '*', app },
    ]
    expect(problems({ services })).toEqual([])
  })

  it('takes as many calls as there are ports', () => {
    expect(checkConfig({ media: { portRange: [20_000, 20_000] } }, folder).limits.maxCalls).toBe(1)
    expect(checkConfig({ media: { portRange: [20_000, 20_005] } }, folder).limits.maxCalls).toBe(3)
  })

  it('lets UDP and TCP share an address, and any free port be asked for twice', () => {
    const listen = [
      udp('127.0.0.1'),
      { transport: 'tcp', address: '127.0.0.1' },
      udp('127.0.0.1', 0),
      udp('127.0.0.1', 0),
    ]
    expect(problems({ sip: { listen } })).toEqual([])
  })
})
