import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DetectionListener, WantedDetection } from '../../calls/index.ts'
import { createTapRing, type FarEndEvent, replayTape, tapeOfCall, tapeOfWav } from '../../media/index.ts'
import { Detections } from './detections.ts'
import { removeOldEvidence, writeEvidence } from './evidence.ts'
import { ThreadDetection } from './thread-detection.ts'
import type { FromDetectionThread } from './thread-messages.ts'

const wanted = (callId = 'abc'): WantedDetection => ({ callId, ring: createTapRing(), options: {}, before: [] })

/** A thread that does what `body` says with each `message`. */
const script = (body: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(
      `import { parentPort, workerData } from 'node:worker_threads'
      parentPort.on('message', (message) => { ${body} })`,
    )}`,
  )
const ANSWERS = script(`
  if (message.type === 'open') parentPort.postMessage({ type: 'event', id: message.id, event: { type: 'ringingStopped', atMs: message.id } })
  if (message.type === 'end') parentPort.close()`)

/** What a listener has heard; resolves at the first thing that is said. */
function listener() {
  const events: FarEndEvent[] = []
  let heard: (said: string) => void = () => {}
  const first = new Promise<string>((resolve) => {
    heard = resolve
  })
  const listening: DetectionListener = {
    onEvent: (event) => {
      events.push(event)
      heard(event.type)
    },
    onFailed: (reason) => heard(reason),
  }
  return { events, first, listening }
}

describe('detection in threads', () => {
  test('starts a thread when those before it are busy, up to as many as may, and ends them', async () => {
    const detection = new ThreadDetection({ threads: 2, script: ANSWERS })
    expect(detection.threads).toBe(0)
    const all = [listener(), listener(), listener()]
    const sessions = all.map(({ listening }) => detection.open(wanted(), listening))
    expect(await Promise.all(all.map(({ first }) => first))).toEqual(Array(3).fill('ringingStopped'))
    expect([detection.threads, detection.size]).toEqual([2, 3])
    for (const session of sessions) session.close()
    expect([detection.threads, detection.size]).toEqual([2, 0])
    await detection.close()
    expect([detection.threads, detection.counters.snapshot()]).toEqual([0, {}])
  })

  test('has room for so many; one more is refused, and later', async () => {
    const detection = new ThreadDetection({ maxDetections: 1, script: ANSWERS })
    const [one, other, third] = [listener(), listener(), listener()]
    const session = detection.open(wanted(), one.listening)
    detection.open(wanted(), other.listening)
    expect(await other.first).toMatch(/1 detections run, .* \(lsd.maxDetections\)/)
    session.close()
    detection.open(wanted(), third.listening)
    expect(await third.first).toBe('ringingStopped')
    expect(detection.counters.snapshot()).toEqual({ detectionsRefused: 1 })
    await detection.close()
  })

  test.each([
    ['dies', `if (message.type === 'open') throw new Error('out of luck')`, /has died: out of luck/],
    ['hangs', `Atomics.add(workerData.beats, 0, 1); for (;;) {}`, /has done nothing for 50 ms/],
  ])('a thread that %s ends its detections, and is replaced', async (_, body, reason) => {
    const died: string[] = []
    const detection = new ThreadDetection({ script: script(body), hungAfterMs: 50, onDied: (why) => died.push(why) })
    for (let i = 1; i <= 2; i++) {
      const { first, listening } = listener()
      detection.open(wanted(), listening)
      expect(await first).toMatch(reason)
      expect([died.length, detection.size, detection.threads]).toEqual([i, 0, 0])
    }
    expect(detection.counters.snapshot()).toEqual({ detectionThreadsDied: 2 })
    await detection.close()
  })
})

test('one detection that breaks ends alone', () => {
  const said: FromDetectionThread[] = []
  const detections = new Detections({ say: (message) => said.push(message) })
  detections.take({ type: 'open', id: 1, wanted: { ...wanted(), ring: { ...createTapRing(), data: null as never } } })
  detections.take({ type: 'open', id: 2, wanted: wanted() })
  detections.hear()
  // Nothing has come for it yet, so nothing has struck it yet either.
  expect(detections.size).toBe(2)
  detections.take({ type: 'open', id: 3, wanted: { ...wanted(), ring: undefined as never } })
  expect(said).toMatchObject([
    { type: 'failed', id: 3, reason: expect.stringMatching(/^the detector has failed: TypeError/) },
  ])
  expect(detections.size).toBe(2)
})

describe('evidence', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringdown-evidence-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const tape = tapeOfCall(new Int16Array(8 * 9000).fill(3), 500, { timeoutMs: 7000 })

  test('is a WAV file for its owner alone, which says the same again', async () => {
    const directory = join(folder, 'whole')
    await writeEvidence(directory, 'abc', tape)
    await writeEvidence(directory, '../../abc', tape)
    expect((await readdir(directory)).sort()).toEqual(['______abc.wav', 'abc.wav'])
    const path = join(directory, 'abc.wav')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const read = tapeOfWav(await readFile(path))
    expect(read.ok && read.value.tape && replayTape(read.value.tape)).toEqual(replayTape(tape))
  })

  test('goes when it is too old, or too much; other files stay', async () => {
    const directory = join(folder, 'old')
    const now = Date.now()
    for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
      await writeEvidence(directory, name, tape)
      const at = new Date(now - 1000 * i - 500)
      await utimes(join(directory, `${name}.wav`), at, at)
    }
    const limits = { directory, keepMs: 3000, maxFiles: 10 }
    expect(await removeOldEvidence(limits, now)).toBe(1)
    expect((await readdir(directory)).sort()).toEqual(['a.wav', 'b.wav', 'c.wav'])
    expect(await removeOldEvidence({ ...limits, maxFiles: 2 }, now)).toBe(1)
    expect((await readdir(directory)).sort()).toEqual(['a.wav', 'b.wav'])
    expect(await removeOldEvidence({ ...limits, directory: join(directory, 'none') }, now)).toBe(0)
  })
})
