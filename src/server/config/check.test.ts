import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appDirection, inbound } from '../../calls/index.ts'
import { checkConfig } from './check.ts'
import { defineConfig } from './config.ts'
import { configFolder, problemsOf } from './test/config-folder.ts'

const app = inbound(async () => {})
const folder = configFolder()
const problems = (config: unknown) => problemsOf(config, folder)

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
      rooms: { mostParties: 20, quietAfterParties: 10, policies: [{ match: 'sales', comfortNoise: false }] },
    })
    const settings = checkConfig(config, folder)
    expect(settings.services.map(({ app }) => ('file' in app ? app.file : appDirection(app)))).toEqual([
      'inbound',
      'inbound',
    ])
    expect(settings.rooms).toEqual(config.rooms)
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
