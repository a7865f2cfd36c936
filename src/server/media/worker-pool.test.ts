import { describe, expect, it } from 'vitest'
import type { MediaCommand, MediaEvent, ReleasedLeg } from '../../media/index.ts'
import { type PooledWorker, WorkerPool } from './worker-pool.ts'

class FakeWorker implements PooledWorker {
  readonly sent: MediaCommand[] = []
  tell: (event: MediaEvent) => void = () => {}
  readonly #late: number
  readonly number: number
  isClosed = false

  constructor(late = 0) {
    this.#late = late
    this.number = late + 1
  }

  get legs(): number {
    return (
      this.sent.filter(({ type }) => type === 'open').length - this.sent.filter(({ type }) => type === 'close').length
    )
  }

  send(command: MediaCommand): void {
    this.sent.push(command)
  }

  onEvent(listener: (event: MediaEvent) => void): void {
    this.tell = listener
  }

  report(): ReturnType<PooledWorker['report']> {
    const lateness = { p50: this.#late, p99: this.#late, p999: this.#late, max: this.#late }
    return { counters: { legs: this.legs, lateTicks: 1 }, lateness, busy: 0, standing: 'normal', givenBack: 0 }
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

/** What it is does not matter to a pool. */
const RELEASED = {} as ReleasedLeg

function create(count: number) {
  const workers = Array.from({ length: count }, (_, i) => new FakeWorker(i))
  const pool = new WorkerPool(workers)
  const events: MediaEvent[] = []
  pool.onEvent((event) => events.push(event))
  const open = (leg: number, beside?: number): void =>
    pool.send({ type: 'open', leg, localAddress: '127.0.0.1', ...(beside !== undefined && { with: beside }) })
  const at = (leg: number): number => workers.findIndex(({ sent }) => sent.some((command) => command.leg === leg))
  return { workers, pool, events, open, at }
}

describe('WorkerPool', () => {
  it('opens a leg where the fewest are', () => {
    const { workers, pool, open, at } = create(3)
    for (let leg = 1; leg <= 6; leg++) open(leg)
    expect(workers.map(({ legs }) => legs)).toEqual([2, 2, 2])
    pool.send({ type: 'close', leg: 2 })
    workers[at(2)].tell({ type: 'failed', leg: 2, reason: '' })
    open(7)
    expect(at(7)).toBe(at(2))
  })

  it('keeps a room in one worker, to which legs of another move', () => {
    const { workers, pool, events, open, at } = create(2)
    open(1)
    open(2)
    open(3, 1)
    const mix = (leg: number) => pool.send({ type: 'mix', leg, room: 7 })
    for (const leg of [1, 2, 3]) mix(leg)
    expect([at(1), at(2), at(3)]).toEqual([0, 1, 0])
    expect(workers[0].sent.flatMap((command) => (command.type === 'mix' ? [command.leg] : []))).toEqual([1, 3])
    expect(workers[1].sent.at(-1)).toEqual({ type: 'release', leg: 2, to: workers[0].number })
    // What is said to it meanwhile comes after it, in order; and so does a leg that is opened beside it.
    pool.send({ type: 'stopJob', leg: 2, job: 1 })
    pool.send({ type: 'close', leg: 2 })
    open(4, 2)
    expect(at(4)).toBe(0)
    workers[1].tell({ type: 'released', leg: 2, released: RELEASED })
    expect(workers[0].sent.slice(-4).map(({ type, leg }) => [type, leg])).toEqual([
      ['adopt', 2],
      ['mix', 2],
      ['stopJob', 2],
      ['close', 2],
    ])
    expect(events).toEqual([])
    expect(pool.counters().legsMoved).toBe(1)
    // It is where it is until the last leg is out of it, in whichever way.
    workers[0].tell({ type: 'unmixed', leg: 1, room: 7 })
    workers[0].tell({ type: 'mixFailed', leg: 2, room: 7, reason: 'no stream' })
    workers[0].tell({ type: 'failed', leg: 3, reason: '' })
    open(5)
    mix(5)
    expect(workers[1].sent.at(-1)).toEqual({ type: 'mix', leg: 5, room: 7 })
    mix(1)
    expect(workers[0].sent.at(-1)).toEqual({ type: 'release', leg: 1, to: workers[1].number })
  })

  it('moves a leg to the one that it is to be bridged to, which may be under way itself', () => {
    const { workers, pool, open, at } = create(3)
    for (const leg of [1, 2, 3]) open(leg)
    pool.send({ type: 'bridge', leg: 1, other: 2 })
    pool.send({ type: 'bridge', leg: 3, other: 1 })
    expect(workers.map(({ sent }) => sent.at(-1)?.type)).toEqual(['release', 'open', 'open'])
    workers[0].tell({ type: 'released', leg: 1, released: RELEASED })
    expect(workers[at(2)].sent.slice(-2).map(({ type }) => type)).toEqual(['adopt', 'bridge'])
    expect(workers[at(3)].sent.at(-1)).toEqual({ type: 'release', leg: 3, to: workers[at(2)].number })
  })

  it('says why a leg was not joined that cannot move, and lets what was said to it meanwhile come to it', () => {
    const { workers, pool, events, open, at } = create(2)
    open(1)
    open(2)
    pool.send({ type: 'bridge', leg: 1, other: 2 })
    pool.send({ type: 'stopJob', leg: 1, job: 3 })
    workers[0].tell({ type: 'notReleased', leg: 1, reason: 'leg 1 has no stream yet' })
    expect(events).toEqual([{ type: 'bridgeFailed', leg: 1, other: 2, reason: 'leg 1 has no stream yet' }])
    expect(workers[0].sent.at(-1)?.type).toBe('stopJob')
    pool.send({ type: 'mix', leg: 2, room: 7 })
    pool.send({ type: 'mix', leg: 1, room: 7 })
    workers[at(1)].tell({ type: 'failed', leg: 1, reason: 'the media worker has died' })
    expect(events.slice(1)).toEqual([
      { type: 'failed', leg: 1, reason: 'the media worker has died' },
      { type: 'mixFailed', leg: 1, room: 7, reason: 'leg 1 has ended' },
    ])
  })

  it('plays to a room where the room is, and stops it there', () => {
    const { workers, pool, open, at } = create(2)
    open(1)
    open(2)
    pool.send({ type: 'mix', leg: 2, room: 7 })
    const source = { kind: 'tone', steps: [], loop: true } as const
    const limits = { bargeIn: false, beepOnStart: false }
    pool.send({ type: 'recordRoom', leg: 91, room: 7, job: 1, limits })
    pool.send({ type: 'watchRoom', leg: 92, room: 7, job: 1 })
    pool.send({ type: 'playToRoom', leg: 90, room: 7, job: 1, source })
    pool.send({ type: 'stopJob', leg: 90, job: 1 })
    const sent = workers[at(2)].sent.slice(-4).map(({ type }) => type)
    expect(sent).toEqual(['recordRoom', 'watchRoom', 'playToRoom', 'stopJob'])
    workers[at(2)].tell({ type: 'finished', leg: 90, job: 1, cause: 'ABORTED' })
    pool.send({ type: 'stopJob', leg: 90, job: 1 })
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'stopJob', leg: 90 })
    expect(at(2)).toBe(1)
  })

  it('opens a leg beside the one that it belongs with, and sends everything else after it', () => {
    const { workers, pool, open, at } = create(2)
    open(1)
    open(2, 1)
    open(3, 1)
    expect([at(1), at(2), at(3)]).toEqual([0, 0, 0])
    open(4, 99)
    expect(at(4)).toBe(1)
    pool.send({ type: 'bridge', leg: 2, other: 3 })
    pool.send({ type: 'stopJob', leg: 4, job: 1 })
    expect(workers.map(({ sent }) => sent.at(-1)?.type)).toEqual(['bridge', 'stopJob'])
  })

  it('forgets a leg that has ended, and lets an engine refuse what is said to none', () => {
    const { workers, pool, events, open } = create(2)
    open(1)
    open(2)
    workers[1].tell({ type: 'failed', leg: 2, reason: 'died' })
    expect(events).toEqual([{ type: 'failed', leg: 2, reason: 'died' }])
    pool.send({ type: 'sendDigits', leg: 2, job: 3, digits: '1' })
    expect(workers[0].sent.at(-1)).toMatchObject({ type: 'sendDigits', leg: 2 })
  })

  it('does not move a leg that is opened twice', () => {
    const { open, workers } = create(2)
    open(1)
    open(1)
    expect(workers.map(({ sent }) => sent.length)).toEqual([2, 0])
  })

  it('adds up what was counted, names the latest, and closes all', async () => {
    const { workers, pool, open } = create(3)
    for (let leg = 1; leg <= 4; leg++) open(leg)
    expect(pool.counters()).toMatchObject({ legs: 4, lateTicks: 3, tickLatenessP99Us: 2000 })
    await pool.close()
    expect(workers.every(({ isClosed }) => isClosed)).toBe(true)
  })
})
