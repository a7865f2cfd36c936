import { describe, expect, test } from 'vitest'
import { Fifo, type Instant, type Machine, NEVER } from '../../kit/index.ts'
import { SimulationStuckError } from './stuck-error.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Repeats each word it is told three times, a second apart. */
class Echo implements Machine<string, string> {
  readonly #outputs = new Fifo<string>()
  #word = ''
  #left = 0
  #at = NEVER

  handle(word: string, now: Instant): void {
    this.#word = word
    this.#left = 3
    this.#at = now + 1000
  }

  poll(): string | undefined {
    return this.#outputs.shift()
  }

  deadline(): Instant {
    return this.#at
  }

  expire(now: Instant): void {
    if (now < this.#at) return
    this.#outputs.push(this.#word)
    this.#at = --this.#left === 0 ? NEVER : now + 1000
  }
}

describe('VirtualClock', () => {
  test('drives a machine to rest, draining after each deadline', async () => {
    const clock = new VirtualClock()
    const heard: [string, number][] = []
    const driver = clock.drive(new Echo(), { name: 'echo', onOutput: (word, now) => heard.push([word, now]) })
    driver.handle('hello')
    await clock.runUntilIdle()
    expect(heard).toEqual([
      ['hello', 1000],
      ['hello', 2000],
      ['hello', 3000],
    ])
    expect(clock.now).toBe(3000)
  })

  test('what is due at one instant runs in the order in which it was scheduled', async () => {
    const clock = new VirtualClock()
    const order: string[] = []
    clock.after(10, () => order.push('a'))
    clock.after(5, () => clock.after(5, () => order.push('c')))
    clock.after(10, () => order.push('b'))
    await clock.runUntilIdle()
    expect(order).toEqual(['a', 'b', 'c'])
  })

  test('a timer that was called off does not run', async () => {
    const clock = new VirtualClock()
    const callOff = clock.after(10, () => expect.unreachable())
    callOff()
    await clock.runUntilIdle()
    expect(clock.now).toBe(0)
  })

  test('application code runs to its next wait before time goes on', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    const application = async () => {
      await clock.sleep(100)
      for (let i = 0; i < 50; i++) await Promise.resolve()
      log.push(`application at ${clock.now}`)
      await clock.sleep(100)
      log.push(`application at ${clock.now}`)
    }
    clock.after(101, () => log.push('other'))
    void application()
    await clock.runUntilIdle()
    expect(log).toEqual(['application at 100', 'other', 'application at 200'])
  })

  test('runFor stands exactly at its end and has run all that was due until then', async () => {
    const clock = new VirtualClock()
    const ran: number[] = []
    for (const ms of [10, 20, 21]) clock.after(ms, () => ran.push(ms))
    await clock.runFor(20)
    expect(ran).toEqual([10, 20])
    expect(clock.now).toBe(20)
    await clock.runFor(500)
    expect(clock.now).toBe(520)
  })

  test('runUntil stops at the event that fulfils the condition', async () => {
    const clock = new VirtualClock()
    let count = 0
    const tick = () => {
      count++
      clock.after(20, tick)
    }
    tick()
    await clock.runUntil(() => count === 4)
    expect(clock.now).toBe(60)
  })

  test('run serves the waits of its body, also nested runs', async () => {
    const clock = new VirtualClock()
    const result = await clock.run(async () => {
      await clock.runFor(30)
      await Promise.all([clock.sleep(10), clock.runFor(15), clock.runUntil(() => clock.now >= 40)])
      return clock.now
    })
    expect(result).toBe(45)
  })

  test('run passes on what its body throws', async () => {
    const clock = new VirtualClock()
    const body = async () => {
      await clock.sleep(5)
      throw new Error('wrong tone')
    }
    await expect(clock.run(body)).rejects.toThrow('wrong tone')
  })

  test('an error of a machine ends the run', async () => {
    const clock = new VirtualClock()
    clock.after(5, () => {
      throw new Error('broken invariant')
    })
    await expect(clock.runUntilIdle()).rejects.toThrow('broken invariant')
  })

  test('a body that waits for what never comes is told so, with its name and line', async () => {
    const clock = new VirtualClock()
    const waiting = clock.run(() => clock.waiter<string>('alice waits for INVITE').promise)
    const error = (await waiting.catch((reason) => reason)) as SimulationStuckError
    expect(error).toBeInstanceOf(SimulationStuckError)
    expect(error.message).toContain('come to rest')
    expect(error.waiting[0]).toMatch(/^alice waits for INVITE, since 0.000 ms \(.*virtual-clock.test.ts/)
  })

  test('the bound of virtual time names who is scheduled', async () => {
    const clock = new VirtualClock()
    const forever = () => void clock.after(20, forever, 'media engine')
    forever()
    const error: SimulationStuckError = await clock.runUntilIdle({ maxVirtualMs: 1000 }).catch((reason) => reason)
    expect(error.message).toContain('bound of virtual time')
    expect(error.scheduled).toEqual(['media engine, due at 1020.000 ms'])
    expect(clock.now).toBe(1000)
  })

  test('the bound of steps stops a machine that spins at one instant', async () => {
    const clock = new VirtualClock()
    const spin = () => void clock.after(0, spin, 'spinning')
    spin()
    await expect(clock.runUntilIdle({ maxSteps: 100 })).rejects.toThrow(
      /bound of steps[\s\S]*spinning, due at 0.000 ms/,
    )
  })

  test('an inner run that fails leaves the outer one to its body', async () => {
    const clock = new VirtualClock()
    const outcome = await clock.run(async () => {
      const inner = await clock.runUntil(() => false).catch(() => 'gave up')
      await clock.sleep(10)
      return inner
    })
    expect(outcome).toBe('gave up')
  })
})

describe('MachineDriver', () => {
  /** Says each word once, at once. */
  class Repeater implements Machine<string, string> {
    readonly #outputs = new Fifo<string>()
    queued = ''
    handle(word: string): void {
      this.#outputs.push(word)
    }
    poll(): string | undefined {
      return this.#outputs.shift()
    }
    deadline(): Instant {
      return NEVER
    }
    expire(): void {
      if (this.queued !== '') this.#outputs.push(this.queued)
      this.queued = ''
    }
  }

  test('an input that comes out of a drain waits until the drain is done', () => {
    const clock = new VirtualClock()
    const heard: string[] = []
    const driver = clock.drive<string, string>(new Repeater(), {
      name: 'repeater',
      onOutput: (word) => {
        if (word === 'first') driver.handle('second')
        heard.push(word)
      },
    })
    driver.handle('first')
    expect(heard).toEqual(['first', 'second'])
  })

  test('wake lets a machine act at the same instant, even when asked during a drain', async () => {
    const clock = new VirtualClock()
    const machine = new Repeater()
    const heard: [string, number][] = []
    const driver = clock.drive<string, string>(machine, {
      name: 'repeater',
      onOutput: (word, now) => {
        heard.push([word, now])
        if (word !== 'call') return
        machine.queued = 'hang up'
        driver.wake()
      },
    })
    clock.after(7, () => driver.handle('call'))
    clock.after(8, () => {})
    await clock.runUntilIdle()
    expect(heard).toEqual([
      ['call', 7],
      ['hang up', 7],
    ])
  })

  test('a stopped machine is off the clock', async () => {
    const clock = new VirtualClock()
    const driver = clock.drive(new Echo(), { name: 'echo', onOutput: () => expect.unreachable() })
    driver.handle('hello')
    driver.stop()
    driver.handle('again')
    driver.wake()
    await clock.runUntilIdle()
    expect(clock.now).toBe(0)
  })
})
