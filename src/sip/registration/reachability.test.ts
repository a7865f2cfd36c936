import { describe, expect, it } from 'vitest'
import { NEVER, seededRandom } from '../../kit/index.ts'
import { createRequest, createResponse } from '../message/index.ts'
import { Reachability, type ReachabilityOptions, type ReachabilityState } from './reachability.ts'

class Bench {
  now = 0
  probe = 0
  missed: string[] = []
  readonly states: ReachabilityState[] = []
  readonly machine: Reachability

  constructor(options: Partial<ReachabilityOptions> = {}) {
    this.machine = new Reachability({ random: seededRandom(3), ...options })
    this.machine.handle({ type: 'start' }, this.now)
    this.#drain()
  }

  answer(status: number, probe = this.probe): void {
    const response = createResponse(createRequest('OPTIONS', 'sip:carrier.example'), status)
    this.machine.handle({ type: 'outcome', probe, outcome: { cause: 'response', response } }, this.now)
    this.#drain()
  }

  fail(cause: 'timeout' | 'transport', detail?: string): void {
    const outcome = { cause, ...(detail && { detail }) }
    this.machine.handle({ type: 'outcome', probe: this.probe, outcome }, this.now)
    this.#drain()
  }

  /** Runs until the next question is asked. */
  untilAsked(): void {
    const { probe } = this
    while (this.probe === probe) this.pass(this.machine.deadline() - this.now)
  }

  pass(ms: number): void {
    const end = this.now + ms
    while (this.machine.deadline() <= end) {
      this.now = this.machine.deadline()
      this.machine.expire(this.now)
      this.#drain()
    }
    this.now = end
  }

  #drain(): void {
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (output.type === 'probe') this.probe = output.probe
      else if (output.type === 'missed') this.missed.push(output.reason)
      else this.states.push(output.state)
    }
  }
}

describe('whether a far end answers', () => {
  it('is not known before the first answer; any answer will do', () => {
    const bench = new Bench()
    expect(bench.machine.state.type).toBe('unknown')
    bench.now = 25
    bench.answer(405)
    expect(bench.machine.state).toEqual({ type: 'up', since: 25, roundTripMs: 25 })
    bench.pass(30_000)
    expect(bench.probe).toBe(2)
    bench.answer(200)
    expect(bench.states).toHaveLength(1)
  })

  it('is denied after two questions in a row without an answer, and affirmed by the next answer', () => {
    const bench = new Bench()
    bench.answer(200)
    bench.untilAsked()
    bench.untilAsked()
    expect(bench.missed).toEqual(['no answer'])
    expect(bench.machine.state.type).toBe('up')
    bench.pass(4000)
    expect(bench.machine.state).toMatchObject({ type: 'down', reason: 'no answer' })
    bench.untilAsked()
    bench.answer(200)
    expect(bench.states.map(({ type }) => type)).toEqual(['up', 'down', 'up'])
  })

  it('a single answer makes the count of misses begin anew', () => {
    const bench = new Bench()
    for (let i = 0; i < 5; i++) {
      bench.untilAsked()
      bench.answer(200)
      bench.untilAsked()
    }
    expect(bench.missed).toHaveLength(5)
    expect(bench.states.map(({ type }) => type)).toEqual(['up'])
  })

  it.each([408, 502, 503, 504])('%i counts as no answer', (status) => {
    const bench = new Bench({ misses: 1 })
    bench.answer(status)
    expect(bench.machine.state).toMatchObject({ type: 'down', reason: expect.stringContaining(String(status)) })
  })

  it('a question that cannot be sent is missed at once, and counts once', () => {
    const bench = new Bench()
    bench.fail('transport', 'connection refused')
    bench.pass(10_000)
    expect(bench.missed).toEqual(['connection refused'])
  })

  it('an answer to an earlier question changes nothing', () => {
    const bench = new Bench({ misses: 3 })
    bench.pass(30_000)
    bench.answer(200, 1)
    expect(bench.machine.state.type).toBe('unknown')
  })

  it('asks no more once it is stopped', () => {
    const bench = new Bench()
    bench.machine.handle({ type: 'stop' }, bench.now)
    bench.answer(200)
    expect(bench.machine.deadline()).toBe(NEVER)
    expect(bench.states).toEqual([])
  })

  it('the wait for an answer ends before the next question', () => {
    const bench = new Bench({ intervalMs: 1000, timeoutMs: 5000, misses: 3 })
    bench.pass(4000)
    expect(bench.machine.state.type).toBe('down')
  })
})
