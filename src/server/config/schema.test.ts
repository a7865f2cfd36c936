import { describe, expect, it } from 'vitest'
import { inbound } from '../../calls/index.ts'
import { configFolder, problemsOf } from './test/config-folder.ts'

const app = inbound(async () => {})
const folder = configFolder()
const problems = (config: unknown) => problemsOf(config, folder)

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
    [
      'a policy for no rooms',
      { rooms: { policies: [{ mostParties: 5 }] } },
      /^rooms\.policies\[0\]\.match is missing: must be the name of a room/,
    ],
    [
      'a policy for names that no room has',
      { rooms: { policies: [{ match: ['board', 'a b'] }] } },
      /^rooms\.policies\[0\]\.match\[1\] is "a b": must be the name of a room such as 'board', a beginning/,
    ],
    [
      'a policy with too few talkers',
      { rooms: { policies: [{ match: 'board', mostTalkers: 0 }] } },
      /^rooms\.policies\[0\]\.mostTalkers is 0: must be a whole number from 1 to 100/,
    ],
    [
      'a policy of how many rooms there are',
      { rooms: { policies: [{ match: 'board', mostRooms: 3 }] } },
      /^rooms\.policies\[0\] has no key "mostRooms": the keys are match, mostParties/,
    ],
    [
      'a room that says something that cannot be said',
      { services: [{ name: 'a', room: { name: 'r', onMuted: { textToSay: 'a|b' } } }] },
      /^services\[0\]\.room\.onMuted.* must be/,
    ],
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
