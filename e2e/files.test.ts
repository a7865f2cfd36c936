import { copyFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalAudioFiles } from '../dist/server/files/audio/audio-files.js'
import { DiskFile } from '../dist/server/files/audio/disk-file.js'
import { ThreadAudioFiles } from '../dist/server/files/audio/thread-audio-files.js'
import { portTable, WorkerMedia } from '../dist/server/media/index.js'
import { type MediaEvent, StreamReader, wavHeader } from '../src/media/index.ts'
import { connectLegs, eventsOf, finished, type MediaHarness, recordingOf } from '../src/media/test/harness.ts'
import { bestMatch, clipOf, speechLike } from '../src/media/test/signals.ts'
import { voice } from '../src/server/files/audio/test/voice.ts'
import { correlate } from './harness/correlate.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const SOUNDS = fileURLToPath(new URL('../src/server/files/audio/test/sounds', import.meta.url))
const network = new LoopbackNetwork()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-e2e-files-'))
})
afterAll(() => rm(folder, { recursive: true }))

function wavFile(samples: Int16Array): Uint8Array {
  return Buffer.concat([wavHeader('pcm16', samples.length * 2), new Uint8Array(samples.buffer)])
}

/** Built workers in real time. */
class Workers implements MediaHarness {
  readonly address = network.next()
  readonly foreignAddress = '192.0.2.1'
  readonly events: MediaEvent[] = []
  readonly media = new WorkerMedia({ ports: portTable({ first: 28_000, last: 29_999 }) })

  async start(): Promise<void> {
    this.media.onEvent((event) => this.events.push(event))
    await this.media.start()
  }

  send: MediaHarness['send'] = (command) => this.media.send(command)

  async waitUntil(until: () => boolean, withinMs: number): Promise<void> {
    await waitFor('the media worker', until, 2 * withinMs + 5000)
  }

  pass(durationMs: number): Promise<void> {
    return sleep(durationMs)
  }

  close(): Promise<void> {
    return this.media.close()
  }
}

describe('a disk that stalls for six seconds', () => {
  it('makes one gap in what is played from it, and nothing else', async () => {
    const path = join(folder, 'stalls.wav')
    const speech = speechLike(8000)
    writeFileSync(path, wavFile(speech))
    // The ring holds four seconds; the stall begins behind them.
    const files = new LocalAudioFiles(async (name) => {
      const file = await DiskFile.open(name)
      return {
        size: file.size,
        read: async (at, length) => {
          if (at > 65_000 && at < 75_000) await sleep(6000)
          return file.read(at, length)
        },
        close: () => file.close(),
      }
    })
    const harness = new Workers()
    await harness.start()
    try {
      await connectLegs(harness, 1, 2)
      await connectLegs(harness, 3, 4)
      const { stream, stop } = await files.stream(path, 'stalls.wav', { loop: false })
      const plain = { bargeIn: false, beepOnStart: false }
      harness.send({ type: 'record', leg: 2, job: 2, limits: plain })
      harness.send({ type: 'play', leg: 1, job: 1, source: { kind: 'stream', stream }, bargeIn: false })
      // Somebody else plays from memory meanwhile.
      const words = { kind: 'audio', clip: clipOf(speechLike(10_000)), loop: false } as const
      const begun = performance.now()
      harness.send({ type: 'play', leg: 3, job: 3, source: words, bargeIn: false })
      expect((await finished(harness, 3, 3, 20_000)).cause).toBe('NORMAL')
      const otherTookMs = performance.now() - begun
      expect((await finished(harness, 1, 1, 20_000)).cause).toBe('NORMAL')
      const tookMs = performance.now() - begun
      await stop()
      for (const leg of [1, 2, 3, 4]) harness.send({ type: 'close', leg })
      await harness.waitUntil(() => eventsOf(harness, 'closed', 2).length > 0, 2000)
      const { playerUnderruns, packetsSent, slotsSkipped } = eventsOf(harness, 'closed', 1)[0].statistics
      expect(playerUnderruns).toBe(1)
      // Media time is elapsed time: a packet for every 20 ms of it, and what follows at the end.
      expect(Math.abs((packetsSent + slotsSkipped) * 20 - tookMs - 200)).toBeLessThan(300)
      const other = eventsOf(harness, 'closed', 3)[0].statistics
      expect(other.playerUnderruns).toBe(0)
      expect(otherTookMs).toBeGreaterThan(9700)
      // What a busy machine skips comes on top.
      expect(otherTookMs - 20 * other.slotsSkipped).toBeLessThan(10_300)
      // The whole of it was played, each part once.
      const heard = recordingOf(harness, 2, 2)
      for (const at of [4000, 24_000, 40_000, 58_000])
        expect(bestMatch(heard, speech.subarray(at, at + 1600)).correlation).toBeGreaterThan(0.98)
      expect(harness.media.report().lateness.p50).toBeLessThan(5)
      expect(harness.media.report().counters.playerUnderruns ?? 1).toBe(1)
    } finally {
      await harness.close()
      await files.close()
    }
  })
})

describe('the file thread', () => {
  const script = new URL('harness/mortal-file-thread.mjs', import.meta.url)
  it('reads short files as a whole and long ones while they play', async () => {
    const files = new ThreadAudioFiles()
    const clip = await files.load(join(SOUNDS, 'stereo-44k.ogg'), 'stereo-44k.ogg', 20_000)
    expect(correlate(voice(8000, 1.5), clip?.data as Int16Array).correlation).toBeGreaterThan(0.97)
    expect(await files.load(join(SOUNDS, 'stereo-44k.ogg'), 'stereo-44k.ogg', 8000)).toBeUndefined()
    await expect(files.load(join(SOUNDS, 'none.wav'), 'none.wav', 8000)).rejects.toThrow(/ENOENT/)
    await expect(files.stream(join(SOUNDS, 'README.md'), 'README.md', { loop: true })).rejects.toThrow(
      /format is not known/,
    )
    const fed = await files.stream(join(SOUNDS, 'mono-22k.mp3'), 'mono-22k.mp3', { loop: true })
    const reader = new StreamReader(fed.stream)
    await waitFor('the ring is full', () => reader.available === fed.stream.data.length)
    await fed.stop()
    expect(reader.isEnded).toBe(true)
    await files.close()
  })

  it('that dies ends what it was reading, says so, and is back for the next file', async () => {
    const died: string[] = []
    const files = new ThreadAudioFiles({ script, onDied: (reason) => died.push(reason) })
    copyFileSync(join(SOUNDS, 'mono.opus'), join(folder, 'a.opus'))
    const fed = await files.stream(join(folder, 'a.opus'), 'a.opus', { loop: true })
    await expect(files.load(join(folder, 'a.opus'), 'die', 8000)).rejects.toThrow(/the file thread has died: as it was/)
    const reader = new StreamReader(fed.stream)
    expect(reader.isEnded).toBe(true)
    await expect(fed.stop()).rejects.toThrow('the file thread has died')
    expect(died).toEqual([expect.stringMatching(/as it was told/)])
    expect((await files.load(join(folder, 'a.opus'), 'a.opus', 20_000))?.data.length).toBeGreaterThan(10_000)
    await files.close()
    await expect(files.load(join(folder, 'a.opus'), 'a.opus', 20_000)).rejects.toThrow('the media store is closed')
  })
})
