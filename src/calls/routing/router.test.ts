import { describe, expect, it } from 'vitest'
import { seededRandom, UsageError } from '../../kit/index.ts'
import { Inside } from './inside.ts'
import { Router, type RouterOptions } from './router.ts'

const trunk = { name: 'carrier', uri: 'sip:gw.example.com:5070;transport=tcp', from: 'sip:100@example.com' }
const spare = { name: 'spare', uri: 'sip:spare.example.net', numberFormat: 'national' } as const
const third = { name: 'third', uri: 'sip:third.example.net', numberFormat: 'digits' } as const
const inside = new Inside(seededRandom(2))
const numbering = { countryCode: '44', extensionLengths: [4] }

function router(options: Partial<RouterOptions> = {}): Router {
  return new Router({ trunks: [trunk], random: seededRandom(1), inside, identity: 'sip:us@192.0.2.1', ...options })
}

function targets(of: Router, to: string): string[] {
  return of.resolve(to).routes.map(({ uri }) => uri)
}

describe('without routes', () => {
  it('a SIP URI goes where it says', () => {
    expect(router({ trunks: [] }).resolve('sip:1234@127.0.0.1:5060;user=phone')).toEqual({
      routes: [{ uri: 'sip:1234@127.0.0.1:5060;user=phone' }],
    })
  })

  it.each([
    ['+441632960001', 'sip:+441632960001@gw.example.com:5070;transport=tcp'],
    ['+44 (1632) 960-001', 'sip:+441632960001@gw.example.com:5070;transport=tcp'],
    ['tel:+44-1632-960001;phone-context=x', 'sip:+441632960001@gw.example.com:5070;transport=tcp'],
    ['tel:01632960001;phone-context=+44', 'sip:+441632960001@gw.example.com:5070;transport=tcp'],
    ['tel:2001', 'sip:2001@gw.example.com:5070;transport=tcp'],
    ['100*1#', 'sip:100*1%23@gw.example.com:5070;transport=tcp'],
  ])('%s goes through the first trunk', (to, uri) => {
    expect(router({ numbering, trunks: [trunk, spare] }).resolve(to)).toEqual({ routes: [{ uri, trunk }] })
  })

  it.each([
    ['1234', /no trunk is configured/],
    ['sip:', /not a valid SIP URI/],
    ['sip:a@b c', /not a valid SIP URI/],
    ['mailto:a@b', /expected a sip: URI/],
    ['', /expected a sip: URI/],
    ['room:', /the name of a conference room is 1 to 48 letters/],
    ['room:a b', /the name of a conference room is 1 to 48 letters/],
    ['service:', /the name of a service is/],
    ['service:a b', /the name of a service is/],
    ['tel:', /not a valid tel: URI/],
    ['tel:abc', /no number that can be dialled/],
    ['tel:+1-555-0100;ext=5', /has an extension/],
    ['tel:7042;phone-context=example.com', /a number of another plan, example\.com/],
    ['tel:863-1234;phone-context=+1-914-555', /a number of another plan/],
    ['+1234567890123456', /more than 15 digits/],
  ])('%j is refused', (to, message) => {
    expect(() => router({ trunks: [] }).resolve(to)).toThrow(UsageError)
    expect(() => router({ trunks: [] }).resolve(to)).toThrow(message)
  })
})

describe('a redirection', () => {
  const policy = { follow: 5, hosts: ['*'], numbers: ['+44*'] }
  const to = (target: string, from: string) => router({ numbering }).redirect(target, { uri: from }, policy)

  it('leads from a SIPS URI to another one only', () => {
    expect(to('sips:b@b.example', 'sips:a@a.example')).toMatchObject({ uri: 'sips:b@b.example', isRedirected: true })
    expect(to('sip:b@b.example', 'sips:a@a.example')).toBeUndefined()
    expect(to('tel:+441632960001', 'sips:a@a.example')).toBeUndefined()
    expect(to('sip:b@b.example', 'sip:a@a.example')).toMatchObject({ uri: 'sip:b@b.example' })
  })

  it('to a number that no number can be, or that is barred, leads nowhere', () => {
    const barred = router({ numbering, routes: [{ prefix: '+44', trunks: [] }] })
    expect(to('tel:+441632960001', 'sip:a@a.example')).toMatchObject({ trunk, isRedirected: true })
    expect(to('tel:+44163296000112345', 'sip:a@a.example')).toBeUndefined()
    expect(barred.redirect('tel:+441632960001', { uri: 'sip:a@a.example' }, policy)).toBeUndefined()
    expect(router({ trunks: [] }).redirect('tel:+441632960001', { uri: 'sip:a@a.example' }, policy)).toBeUndefined()
  })
})

describe('routes', () => {
  const routes = [
    { prefix: '+', trunks: [{ name: 'carrier' }] },
    { prefix: '+44', trunks: [{ name: 'spare' }, { name: 'carrier' }] },
    { prefix: '+449', trunks: [] },
  ]
  const routed = () => router({ trunks: [trunk, spare, third], numbering, routes })

  it('the longest prefix counts, and each trunk gets the number as it wants it', () => {
    expect(targets(routed(), '0015550100')).toEqual(['sip:+15550100@gw.example.com:5070;transport=tcp'])
    expect(targets(routed(), '01632960001')).toEqual([
      'sip:01632960001@spare.example.net',
      'sip:+441632960001@gw.example.com:5070;transport=tcp',
    ])
  })

  it('a route without trunks bars its numbers, and what no route is for is unobtainable', () => {
    expect(routed().resolve('09012345678')).toMatchObject({ routes: [], refusal: { cause: 'BARRED' } })
    expect(routed().resolve('2001')).toMatchObject({ routes: [], refusal: { cause: 'UNOBTAINABLE' } })
  })

  it('a route may lead to a service of ours', () => {
    const inside = [{ prefix: '2', trunks: [], service: 'desk' }]
    const [route] = router({ numbering, routes: inside }).resolve('2001').routes
    expect(route).toMatchObject({
      inside: 'service:desk',
      uri: expect.stringMatching(/^sip:desk@\[100::[\da-f:]+\]:5060/),
    })
    expect(router().resolve('service:desk').routes).toEqual([route])
  })

  it('calls are shared by weight among trunks of one priority, and each one stays there for the others', () => {
    const shared = router({
      trunks: [trunk, spare, third],
      routes: [
        {
          prefix: '',
          trunks: [
            { name: 'third', priority: 9 },
            { name: 'carrier', priority: 1, weight: 3 },
            { name: 'spare', priority: 1 },
          ],
        },
      ],
    })
    let first = 0
    for (let call = 0; call < 1000; call++) {
      const names = shared.resolve('123').routes.map((route) => route.trunk?.name)
      expect(names[2]).toBe('third')
      expect(new Set(names).size).toBe(3)
      if (names[0] === 'carrier') first++
    }
    expect(first).toBeGreaterThan(700)
    expect(first).toBeLessThan(800)
  })

  it('a trunk of weight 0 comes after the others of its priority', () => {
    const choices = [
      { name: 'carrier', priority: 1, weight: 0 },
      { name: 'spare', priority: 1, weight: 1 },
    ]
    const shared = router({ trunks: [trunk, spare], routes: [{ prefix: '', trunks: choices }] })
    for (let call = 0; call < 100; call++)
      expect(shared.resolve('1').routes.map((route) => route.trunk?.name)).toEqual(['spare', 'carrier'])
  })

  it('a route that names no trunk of ours, or a prefix twice, is refused', () => {
    expect(() => router({ routes: [{ prefix: '1', trunks: [{ name: 'x' }] }] })).toThrow(/names the trunk "x"/)
    expect(() => router({ routes: [routes[0], routes[0]] as never })).toThrow(/two routes for the prefix "\+"/)
  })
})
