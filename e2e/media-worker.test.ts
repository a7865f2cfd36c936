import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { portTable, WorkerMedia, type WorkerMediaOptions, WorkerPool } from '../dist/server/media/index.js'
import type { MediaEvent } from '../src/media/index.ts'
import { mediaContract } from '../src/media/test/contract.ts'
import {
  connectLegs,
  eventsOf,
  finished,
  type MediaHarness,
  openLeg,
  recordingOf,
  streamTo,
} from '../src/media/test/harness.ts'
import { bestMatch, clipOf, speechLike } from '../src/media/test/signals.ts'

/** The built worker as servers have it, in real time where that is permitted, on loopback. */
class WorkerHarness implements MediaHarness {
  readonly address = '127.0.0.1'
  readonly foreignAddress = '192.0.2.1'
  readonly events: MediaEvent[] = []
  readonly media: WorkerMedia
  /** Where there are two. */
  pool: WorkerPool | undefined

  constructor(options: WorkerMediaOptions = {}) {
    this.media = new WorkerMedia({
      ports: portTable({ first: 28_000, last: 29_999 }),
      priority: 'realtime',
      ...options,
    })
    this.media.onEvent((event) => this.events.push(event))
  }

  static async startTwo(io: 'libc' | 'dgram'): Promise<WorkerHarness> {
    const ports = portTable({ first: 28_000, last: 29_999 })
    const harness = new WorkerHarness({ ports, io })
    const second = new WorkerMedia({ ports, io, number: 2, priority: 'realtime' })
    await Promise.all([harness.media.start(), second.start()])
    harness.pool = new WorkerPool([harness.media, second])
    harness.pool.onEvent((event) => harness.events.push(event))
    return harness
  }

  static async start(options: WorkerMediaOptions): Promise<WorkerHarness> {
    const harness = new WorkerHarness(options)
    await harness.media.start()
    return harness
  }

  send: MediaHarness['send'] = (command) => (this.pool ?? this.media).send(command)

  async waitUntil(until: () => boolean, withinMs: number): Promise<void> {
    // Real time, shared with whatever else this machine does.
    await vi.waitUntil(until, { timeout: 2 * withinMs + 2000, interval: 5 })
  }

  async pass(durationMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, durationMs))
  }

  close(): Promise<void> {
    return (this.pool ?? this.media).close()
  }
}

describe.each(['libc', 'dgram'] as const)('media worker on %s', (io) => {
  mediaContract('worker thread on loopback', () => WorkerHarness.start({ io }))

  let harness: WorkerHarness
  afterEach(() => harness?.close())

  it.runIf(process.platform === 'linux')('runs in real time where that is permitted, and says so', async () => {
    harness = await WorkerHarness.start({ io })
    const { standing } = harness.media.report()
    expect(realTimeThreads()).toBe(standing === 'realtime' ? 1 : 0)
  })

  it('plays out at the right speed: 5 s of a clip in 5 s, whole at the other end', async () => {
    harness = await WorkerHarness.start({ io })
    await connectLegs(harness, 1, 2)
    harness.send({ type: 'record', leg: 2, job: 2, limits: { bargeIn: false, beepOnStart: false } })
    const speech = speechLike(5000)
    const begun = performance.now()
    harness.send({
      type: 'play',
      leg: 1,
      job: 1,
      source: { kind: 'audio', clip: clipOf(speech), loop: false },
      bargeIn: false,
    })
    expect((await finished(harness, 1, 1)).cause).toBe('NORMAL')
    const tookMs = performance.now() - begun
    await harness.pass(200)
    harness.send({ type: 'close', leg: 1 })
    harness.send({ type: 'close', leg: 2 })
    await harness.waitUntil(() => eventsOf(harness, 'closed', 2).length > 0, 2000)
    expect(tookMs).toBeGreaterThan(4800)
    // What a busy machine skips comes on top.
    expect(tookMs - 20 * eventsOf(harness, 'closed', 1)[0].statistics.slotsSkipped).toBeLessThan(5200)
    const recording = recordingOf(harness, 2, 2)
    const head = bestMatch(recording, speech.subarray(800, 4000))
    const tail = bestMatch(recording, speech.subarray(36_000, 39_200))
    expect(head.correlation).toBeGreaterThan(0.99)
    expect(tail.correlation).toBeGreaterThan(0.99)
    expect(eventsOf(harness, 'closed', 2)[0].statistics).toMatchObject({ packetsLost: 0, packetsRefused: 0 })
    await harness.waitUntil(() => harness.media.report().counters.legs === 0, 2000)
    expect(harness.media.report().lateness).toMatchObject({ p50: expect.toSatisfy((ms) => ms > 0 && ms < 5) })
  })

  it('fails the legs of a worker that dies, and is back for new ones', async () => {
    const died: string[] = []
    const before = sockets()
    harness = await WorkerHarness.start({
      io,
      script: new URL('./harness/mortal-media-worker.mjs', import.meta.url),
      onWorkerDied: (reason) => died.push(reason),
    })
    await connectLegs(harness, 1, 2)
    harness.send({ type: 'record', leg: 1, job: 7, limits: { bargeIn: false, beepOnStart: false } })
    await harness.pass(50)
    harness.send({ type: 'open', leg: 666, localAddress: 'die' })
    await harness.waitUntil(() => eventsOf(harness, 'failed', 2).length > 0, 2000)
    expect(eventsOf(harness, 'finished', 1)).toMatchObject([{ job: 7, cause: 'ERROR' }])
    expect(eventsOf(harness, 'failed', 1).length).toBe(1)
    expect(died).toEqual([expect.stringMatching(/as it was told/)])
    expect(harness.media.report().counters.mediaWorkersDied).toBe(1)
    await openLeg(harness, 3)
    expect(sockets() - before).toBe(1)
    await harness.waitUntil(() => harness.media.report().counters.legs === 1, 2000)
    expect(harness.media.report().counters.legsOpened).toBe(3)
  })

  it('counts the same after the death of a worker as before it', async () => {
    const holder = createSocket('udp4').bind(27_000, '127.0.0.1')
    await once(holder, 'listening')
    harness = await WorkerHarness.start({
      io,
      ports: portTable({ first: 27_000, last: 27_003 }),
      script: new URL('./harness/mortal-media-worker.mjs', import.meta.url),
    })
    const taken = () => harness.media.report().counters.portsTaken ?? 0
    for (const leg of [1, 2]) harness.send({ type: 'open', leg, localAddress: '127.0.0.1' })
    await harness.waitUntil(() => eventsOf(harness, 'failed', 2).length > 0, 2000)
    await harness.pass(500)
    const before = taken()
    expect(before).toBeGreaterThan(0)
    harness.send({ type: 'open', leg: 666, localAddress: 'die' })
    await harness.waitUntil(() => eventsOf(harness, 'failed', 1).length > 0, 2000)
    expect(taken()).toBe(before)
    holder.close()
  })

  it('keeps no socket of a leg that was opened just before the end', async () => {
    const before = sockets()
    harness = await WorkerHarness.start({ io })
    harness.send({ type: 'open', leg: 1, localAddress: '127.0.0.1' })
    await harness.media.close()
    expect(sockets()).toBe(before)
  })

  it('lets legs of two workers meet: bridged, in a room, and back again, with next to nothing lost on the way', async () => {
    harness = await WorkerHarness.startTwo(io)
    await connectLegs(harness, 1, 2)
    // The ends that talk are in the first worker, and so is what follows beside them; leg 3 and its own end are in the second.
    harness.send({ type: 'open', leg: 4, localAddress: harness.address })
    await harness.waitUntil(() => eventsOf(harness, 'opened', 4).length > 0, 2000)
    harness.send({ type: 'open', leg: 3, localAddress: harness.address, with: 4 })
    await harness.waitUntil(() => eventsOf(harness, 'opened', 3).length > 0, 2000)
    for (const [leg, other] of [
      [3, 4],
      [4, 3],
    ] as const)
      harness.send({
        type: 'start',
        leg,
        stream: streamTo(harness.address, eventsOf(harness, 'opened', other)[0].port),
      })
    harness.send({ type: 'record', leg: 4, job: 2, limits: { bargeIn: false, beepOnStart: false } })
    harness.send({ type: 'record', leg: 3, job: 3, limits: { bargeIn: false, beepOnStart: false } })
    await harness.pass(100)
    const toldBridged = speechLike(3000, 1)
    const toldMixed = speechLike(3000, 2)
    const play = (speech: Int16Array, job: number): void =>
      harness.send({
        type: 'play',
        leg: 1,
        job,
        source: { kind: 'audio', clip: clipOf(speech), loop: false },
        bargeIn: false,
      })
    harness.send({ type: 'bridge', leg: 3, other: 2 })
    await harness.waitUntil(() => eventsOf(harness, 'bridged', 3).length > 0, 2000)
    play(toldBridged, 11)
    await finished(harness, 1, 11)
    harness.send({ type: 'unbridge', leg: 3 })
    // The room is where leg 5 is: in the second worker, since the first has more legs by now.
    await openLeg(harness, 5)
    harness.send({ type: 'start', leg: 5, stream: streamTo(harness.address, 9) })
    harness.send({ type: 'mix', leg: 5, room: 1 })
    play(toldMixed, 12)
    for (const leg of [2, 3]) harness.send({ type: 'mix', leg, room: 1 })
    await harness.waitUntil(() => eventsOf(harness, 'mixed', 3).length > 0, 2000)
    await finished(harness, 1, 12)
    await harness.pass(200)
    for (const leg of [1, 2, 3, 4, 5]) harness.send({ type: 'close', leg })
    await harness.waitUntil(() => harness.events.filter(({ type }) => type === 'closed').length === 5, 2000)
    expect(harness.events.filter(({ type }) => type === 'bridgeFailed' || type === 'mixFailed')).toEqual([])
    expect(harness.pool?.counters().legsMoved).toBe(3)
    const heard = recordingOf(harness, 4, 2)
    for (const told of [toldBridged, toldMixed])
      for (const part of [told.subarray(800, 2400), told.subarray(19_200, 20_800)])
        expect(bestMatch(heard, part).correlation).toBeGreaterThan(io === 'libc' ? 0.95 : 0.85)
    for (const leg of [1, 2, 3, 4]) {
      const { packetsLost, packetsRefused } = eventsOf(harness, 'closed', leg)[0].statistics
      expect(packetsLost).toBeLessThanOrEqual(io === 'libc' ? 0 : 4)
      expect(packetsRefused).toBe(0)
    }
  })

  it('says what is wrong when there is no worker to start', async () => {
    harness = new WorkerHarness({ io, script: new URL('file:///nowhere/worker.js') })
    await expect(harness.media.start()).rejects.toMatchObject({ code: 'RINGDOWN_INTERNAL' })
  })

  it('sleeps without polling while it has nothing to do', async () => {
    const before = new Set(readdirSync('/proc/self/task'))
    harness = await WorkerHarness.start({ io })
    const [thread] = readdirSync('/proc/self/task').filter((id) => !before.has(id))
    await openLeg(harness, 1)
    harness.send({ type: 'close', leg: 1 })
    await harness.waitUntil(() => harness.media.report().counters.legs === 0, 2000)
    await harness.pass(200)
    const woken = wakeUps(thread)
    await harness.pass(2000)
    expect(wakeUps(thread) - woken).toBeLessThan(5)
    await openLeg(harness, 2)
  })
})

/** Sockets that this process holds. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

/** How often a thread of this process has slept and was woken. */
function wakeUps(thread: string): number {
  return Number(
    /^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/self/task/${thread}/status`, 'utf8'))?.[1],
  )
}

/** Threads of this process whose policy is SCHED_RR: `policy` of proc(5). */
function realTimeThreads(): number {
  return readdirSync('/proc/self/task').filter((thread) => {
    const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return fields?.[38] === '2'
  }).length
}
