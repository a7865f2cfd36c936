import { describe, expect, it } from 'vitest'
import { inbound, outbound } from '../../calls/index.ts'
import { checkConfig } from './check.ts'
import { configFolder, problemsOf } from './test/config-folder.ts'

const app = inbound(async () => {})
const folder = configFolder()
const problems = (config: unknown) => problemsOf(config, folder)

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
      'the policy of rooms that have another',
      { rooms: { policies: [{ match: ['team-*'], mostParties: 5 }, { match: 'team-boss' }] } },
      /^rooms\.policies\[1\]\.match is 'team-boss', which is never reached, because rooms\.policies\[0\]\.match 'team-\*' comes/,
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
