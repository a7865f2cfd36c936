import { describe, expect, it } from 'vitest'
import { NEVER, seededRandom } from '../../kit/index.ts'
import { createRequest, createResponse } from '../message/index.ts'
import { Registration, type RegistrationOptions, type RegistrationState } from './registration.ts'

const CONTACT = '<sip:desk@192.0.2.1:5060>'

/** A registration and the far end, by hand. */
class Bench {
  now = 1000
  readonly machine: Registration
  /** The `expires` of every REGISTER, in order. */
  readonly asked: number[] = []
  readonly states: RegistrationState[] = []

  constructor(options: Partial<RegistrationOptions> = {}) {
    this.machine = new Registration({ random: seededRandom(1), ...options })
    this.machine.handle({ type: 'start' }, this.now)
    this.#drain()
  }

  answer(status: number, ...headers: (readonly [string, string])[]): void {
    const request = createRequest('REGISTER', 'sip:carrier.example')
    request.headers.add('contact', `${CONTACT};expires=${this.asked.at(-1)}`)
    const response = createResponse(request, status)
    for (const [name, value] of headers) response.headers.add(name, value)
    this.machine.handle({ type: 'outcome', outcome: { cause: 'response', request, response } }, this.now)
    this.#drain()
  }

  fail(cause: 'timeout' | 'transport', detail?: string): void {
    this.machine.handle({ type: 'outcome', outcome: { cause, ...(detail && { detail }) } }, this.now)
    this.#drain()
  }

  stop(): void {
    this.machine.handle({ type: 'stop' }, this.now)
    this.#drain()
  }

  /** Goes to the next deadline. @returns how long that took */
  skip(): number {
    const waitedMs = this.machine.deadline() - this.now
    this.now = this.machine.deadline()
    this.machine.expire(this.now)
    this.#drain()
    return waitedMs
  }

  get state() {
    return this.machine.state
  }

  #drain(): void {
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (output.type === 'register') this.asked.push(output.expiresS)
      else this.states.push(output.state)
    }
  }
}

describe('a registration', () => {
  it('asks at once, is good for what is granted, and is refreshed well before it runs out', () => {
    const bench = new Bench()
    expect(bench.asked).toEqual([600])
    bench.answer(200, ['Contact', `${CONTACT};expires=300`])
    expect(bench.state).toEqual({ type: 'registered', until: 1000 + 300_000, serviceRoute: [] })
    const waitedMs = bench.skip()
    expect(waitedMs).toBeGreaterThan(0.9 * 225_000)
    expect(waitedMs).toBeLessThanOrEqual(225_000)
    expect(bench.asked).toEqual([600, 600])
    bench.answer(200, ['Contact', `${CONTACT};expires=300`])
    expect(bench.state).toMatchObject({ type: 'registered', until: bench.now + 300_000 })
  })

  it.each([
    [
      'beside our Contact among others',
      [
        ['Contact', '<sip:other@192.0.2.9>;expires=30'],
        ['Contact', `${CONTACT};expires=90`],
      ],
      90,
    ],
    [
      'beside the only Contact, whatever a NAT made of it',
      [['Contact', '<sip:desk@198.51.100.7:1024>;expires=90']],
      90,
    ],
    [
      'in Expires',
      [
        ['Contact', CONTACT],
        ['Expires', '120'],
      ],
      120,
    ],
    ['nowhere: what was asked for', [], 600],
  ] as const)('reads what is granted %s', (_, headers, expiresS) => {
    const bench = new Bench()
    bench.answer(200, ...headers)
    expect(bench.state).toMatchObject({ type: 'registered', until: bench.now + 1000 * expiresS })
  })

  it('that is granted little leaves time for a second try before it runs out', () => {
    const bench = new Bench({ expiresS: 60 })
    bench.answer(200, ['Expires', '60'])
    const waitedMs = bench.skip()
    expect(waitedMs).toBeGreaterThanOrEqual(27_000)
    expect(waitedMs).toBeLessThanOrEqual(30_000)
  })

  it('keeps the Service-Route, as it is in the latest answer', () => {
    const bench = new Bench()
    bench.answer(200, ['Service-Route', '<sip:edge.example;lr>'], ['Service-Route', '<sip:core.example;lr>'])
    expect(bench.state).toMatchObject({ serviceRoute: ['<sip:edge.example;lr>', '<sip:core.example;lr>'] })
    bench.skip()
    bench.answer(200)
    expect(bench.state).toMatchObject({ serviceRoute: [] })
  })

  it('asks at once for as long as a 423 wants, and goes on with that', () => {
    const bench = new Bench({ expiresS: 60 })
    bench.answer(423, ['Min-Expires', '1800'])
    expect(bench.asked).toEqual([60, 1800])
    bench.answer(200)
    expect(bench.state).toMatchObject({ type: 'registered', until: bench.now + 1_800_000 })
    bench.skip()
    expect(bench.asked).toEqual([60, 1800, 1800])
  })

  it.each([['50'], ['99999999'], ['soon']])('is refused by a 423 that makes no sense (Min-Expires %s)', (least) => {
    const bench = new Bench({ expiresS: 60 })
    bench.answer(423, ['Min-Expires', least])
    expect(bench.asked).toEqual([60])
    expect(bench.state).toMatchObject({ type: 'refused', status: 423 })
  })

  it('waits longer from one failure to the next, up to ten minutes, never twice the same', () => {
    const bench = new Bench()
    const waits: number[] = []
    for (let i = 0; i < 14; i++) {
      if (i % 2 === 0) bench.fail('timeout')
      else bench.answer(503)
      expect(bench.state.type).toBe('trying')
      waits.push(bench.skip())
    }
    for (const [index, waitedMs] of waits.entries()) {
      const mostMs = Math.min(2000 * 2 ** index, 600_000)
      expect(waitedMs).toBeLessThanOrEqual(mostMs)
      expect(waitedMs).toBeGreaterThanOrEqual(mostMs / 2)
    }
    expect(new Set(waits.slice(-4)).size).toBe(4)
    bench.answer(200)
    bench.skip()
    bench.fail('timeout')
    expect(bench.skip()).toBeLessThanOrEqual(2000)
  })

  it('says why it is not registered', () => {
    const bench = new Bench()
    bench.fail('transport', 'connection refused')
    expect(bench.state).toMatchObject({
      type: 'trying',
      reason: 'connection refused',
      retryAt: bench.machine.deadline(),
    })
    bench.skip()
    bench.answer(503)
    expect(bench.state).toMatchObject({ type: 'trying', status: 503, reason: 'Service Unavailable' })
    bench.skip()
    bench.answer(403)
    expect(bench.state).toMatchObject({ type: 'refused', status: 403, reason: 'Forbidden' })
  })

  it('keeps to Retry-After, up to an hour', () => {
    const bench = new Bench()
    bench.answer(503, ['Retry-After', '120 (restarting)'])
    const waitedMs = bench.skip()
    expect(waitedMs).toBeGreaterThanOrEqual(120_000)
    expect(waitedMs).toBeLessThanOrEqual(132_000)
    bench.answer(503, ['Retry-After', '4000000'])
    expect(bench.skip()).toBeLessThanOrEqual(3_960_000)
  })

  it('waits minutes after a refusal, so that nobody is locked out', () => {
    const bench = new Bench()
    bench.answer(401)
    const first = bench.skip()
    expect(first).toBeGreaterThanOrEqual(150_000)
    expect(bench.asked).toHaveLength(2)
    for (let i = 0; i < 6; i++) {
      bench.answer(401)
      expect(bench.skip()).toBeLessThanOrEqual(3_600_000)
    }
    bench.answer(200)
    expect(bench.state.type).toBe('registered')
  })

  it('holds while refreshes fail, until it runs out', () => {
    const bench = new Bench({ expiresS: 300 })
    bench.answer(200)
    const until = bench.now + 300_000
    bench.skip()
    while (bench.now < until) {
      expect(bench.state).toMatchObject({ type: 'registered', until })
      if (bench.machine.isAsking) bench.fail('timeout')
      bench.skip()
    }
    expect(bench.now).toBe(until)
    expect(bench.state).toMatchObject({ type: 'trying', reason: 'the registration ran out' })
    expect(bench.asked.length).toBeGreaterThan(4)
  })

  it('is taken back by stop, once', () => {
    const bench = new Bench()
    bench.answer(200)
    bench.stop()
    bench.stop()
    expect(bench.asked).toEqual([600, 0])
    expect(bench.state.type).toBe('stopped')
    expect(bench.machine.isAsking).toBe(true)
    bench.answer(200)
    expect(bench.machine.isAsking).toBe(false)
    expect(bench.machine.deadline()).toBe(NEVER)
    expect(bench.asked).toEqual([600, 0])
  })

  it('that is stopped while it asks waits for the answer, then is taken back', () => {
    const bench = new Bench()
    bench.stop()
    expect(bench.asked).toEqual([600])
    bench.answer(200)
    expect(bench.asked).toEqual([600, 0])
    bench.fail('timeout')
    expect(bench.machine.isAsking).toBe(false)
    expect(bench.machine.deadline()).toBe(NEVER)
  })

  it('that never stood is not taken back', () => {
    const bench = new Bench()
    bench.answer(403)
    bench.stop()
    expect(bench.asked).toEqual([600])
    expect(bench.machine.deadline()).toBe(NEVER)
  })

  it('granted for no time is a failure', () => {
    const bench = new Bench()
    bench.answer(200, ['Expires', '0'])
    expect(bench.state).toMatchObject({ type: 'trying', reason: 'accepted for no time at all' })
  })
})
