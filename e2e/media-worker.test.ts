import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { portTable, WorkerMedia, type WorkerMediaOptions } from '../dist/server/media/index.js'
import type { MediaEvent } from '../src/media/index.ts'
import { mediaContract } from '../src/media/test/contract.ts'
import { connectLegs, eventsOf, finished, type MediaHarness, openLeg, recordingOf } from '../src/media/test/harness.ts'
import { bestMatch, clipOf, speechLike } from '../src/media/test/signals.ts'

/** The built worker in real time, on loopback. */
class WorkerHarness implements MediaHarness {
  readonly address = '127.0.0.1'
  readonly foreignAddress = '192.0.2.1'
  readonly events: MediaEvent[] = []
  readonly media: WorkerMedia

  constructor(options: WorkerMediaOptions = {}) {
    this.media = new WorkerMedia({ ports: portTable({ first: 28_000, last: 29_999 }), ...options })
    this.media.onEvent((event) => this.events.push(event))
  }

  static async start(options: WorkerMediaOptions): Promise<WorkerHarness> {
    const harness = new WorkerHarness(options)
    await harness.media.start()
    return harness
  }

  send: MediaHarness['send'] = (command) => this.media.send(command)

  async waitUntil(until: () => boolean, withinMs: number): Promise<void> {
    // Real time, shared with whatever else this machine does.
    await vi.waitUntil(until, { timeout: 2 * withinMs + 2000, interval: 5 })
  }

  async pass(durationMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, durationMs))
  }

  close(): Promise<void> {
    return this.media.close()
  }
}

describe.each(['libc', 'dgram'] as const)('media worker on %s', (io) => {
  mediaContract('worker thread on loopback', () => WorkerHarness.start({ io }))

  let harness: WorkerHarness
  afterEach(() => harness?.close())

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
    expect(Math.abs(performance.now() - begun - 5000)).toBeLessThan(200)
    await harness.pass(200)
    harness.send({ type: 'close', leg: 1 })
    harness.send({ type: 'close', leg: 2 })
    await harness.waitUntil(() => eventsOf(harness, 'closed', 2).length > 0, 2000)
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
