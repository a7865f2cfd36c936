import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseWav, samplesOfWav } from '../../media/index.ts'
import { DiskRecording, type RecordingOptions } from './disk-recording.ts'
import { openRecordingFile, type RecordingFile } from './recording-file.ts'
import { FileVault } from './seal/file-vault.ts'
import { WriteBacklog } from './write-backlog.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-recording-'))
  path = join(folder, 'a.wav')
})
afterEach(() => rmSync(folder, { recursive: true }))

const block = Int16Array.from({ length: 1280 }, (_, i) => i)
const audioIn = (name: string): number => {
  const bytes = readFileSync(join(folder, name))
  if (bytes.length === 0) return 0
  const wav = parseWav(bytes)
  if (!wav.ok) throw new Error(wav.error)
  return wav.value.data.length
}

function create(options: Partial<RecordingOptions> = {}): Promise<DiskRecording> {
  return DiskRecording.create(path, 'pcm16', { maxBytes: 2 ** 30, backlog: new WriteBacklog(), ...options })
}

function openGate(): { promise: Promise<void>; open: () => void } {
  let open: () => void = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

/** A disk on which each step waits for `pace`. */
function disk(pace: (what: string) => Promise<void>, steps: string[] = []): FileVault {
  return new FileVault({}, async (name, mode) => {
    const file = await openRecordingFile(name, mode)
    const step = async (what: string, act: () => Promise<void>): Promise<void> => {
      await pace(what)
      steps.push(what)
      await act()
    }
    return {
      write: (bytes, at) => step(`${bytes.length} at ${at}`, () => file.write(bytes, at)),
      sync: () => step('sync', () => file.sync()),
      close: () => step('close', () => file.close()),
    } satisfies RecordingFile
  })
}

describe('DiskRecording', () => {
  it('says the rate of its samples', async () => {
    const recording = await create({ sampleRateHz: 16_000 })
    recording.write(block)
    await recording.close()
    const wav = parseWav(readFileSync(path))
    expect(wav.ok && [wav.value.sampleRateHz, wav.value.data.length]).toEqual([16_000, 2560])
  })

  it.each(['pcm16', 'pcm8', 'pcmu', 'pcma', 'ima-adpcm'] as const)(
    'says that it has two channels: %s',
    async (format) => {
      const options = { maxBytes: 2 ** 30, backlog: new WriteBacklog(), channels: 2 } as const
      const recording = await DiskRecording.create(path, format, options)
      const both = Int16Array.from({ length: 4040 }, (_, i) => (i % 2 === 0 ? 8000 : -4000))
      recording.write(both)
      await recording.close()
      const wav = parseWav(readFileSync(path))
      if (!wav.ok) throw new Error(wav.error)
      expect(wav.value.channels).toBe(2)
      const samples = samplesOfWav(wav.value)
      expect(samples.length).toBe(4040)
      expect(samples.every((sample, i) => Math.abs(sample - both[i]) < 400 || i < 200)).toBe(true)
    },
  )

  it('has a header that is true whenever a second of audio is there', async () => {
    const recording = await create()
    for (let n = 0; n < 20; n++) recording.write(block)
    await vi.waitUntil(() => audioIn('a.wav.part') >= 48_000)
    // What a process that is killed now leaves behind.
    expect(audioIn('a.wav.part') % 16_128).toBe(0)
    expect(readFileSync(`${path}.part`).length).toBe(44 + audioIn('a.wav.part'))
    await recording.close()
    expect([readdirSync(folder), audioIn('a.wav')]).toEqual([['a.wav'], 20 * 2560])
  })

  it('writes in order, and is on the disk before it has its name', async () => {
    const steps: string[] = []
    let wasThere = true
    const recording = await create({
      vault: disk(async (what) => {
        if (what === 'close') wasThere = readdirSync(folder).includes('a.wav')
      }, steps),
    })
    for (let n = 0; n < 7; n++) recording.write(block)
    await recording.close()
    const body = ['44 at 0', '16128 at 44', '44 at 0', '1792 at 16172', '44 at 0']
    expect([steps, wasThere]).toEqual([[...body, 'sync', 'close'], false])
  })

  it('is whole, sample by sample, when the disk has stalled in the middle', async () => {
    const gate = openGate()
    let isSlow = false
    const recording = await create({ vault: disk(async () => (isSlow ? gate.promise : undefined)) })
    const blocks = Array.from({ length: 30 }, (_, n) => new Int16Array(1280).fill(n + 1))
    for (const each of blocks.slice(0, 7)) recording.write(each)
    await vi.waitUntil(() => audioIn('a.wav.part') > 0)
    isSlow = true
    // 2 s of sound that nobody takes to the disk.
    expect(blocks.slice(7, 20).map((each) => recording.write(each))).not.toContain(false)
    expect(audioIn('a.wav.part')).toBeLessThan(7 * 2560)
    isSlow = false
    gate.open()
    for (const each of blocks.slice(20)) recording.write(each)
    await recording.close()
    const wav = parseWav(readFileSync(path))
    if (!wav.ok) throw new Error(wav.error)
    const { buffer, byteOffset } = wav.value.data.slice()
    expect([...new Int16Array(buffer, byteOffset)]).toEqual(blocks.flatMap((each) => [...each]))
  })

  it('ends when the disk is a minute behind, keeps what was written, and holds no more than that in memory', async () => {
    const gate = openGate()
    const backlog = new WriteBacklog()
    let isSlow = false
    const recording = await create({ backlog, vault: disk(async () => (isSlow ? gate.promise : undefined)) })
    for (let n = 0; n < 7; n++) recording.write(block)
    await vi.waitUntil(() => audioIn('a.wav.part') > 0)
    isSlow = true
    const begun = performance.now()
    let taken = 0
    while (recording.write(block) && taken < 10_000) taken++
    // Nothing waited for the disk.
    expect(performance.now() - begun).toBeLessThan(1000)
    expect(taken * 160).toBeGreaterThan(60_000)
    expect(taken * 160).toBeLessThan(70_000)
    expect(backlog.bytes).toBeLessThan(1.1 * 2 ** 20)
    expect(recording.write(block)).toBe(false)
    const closed = recording.close()
    gate.open()
    await expect(closed).rejects.toThrow(
      'a.wav could not be recorded: the disk is too slow; what was written is a.cut.wav',
    )
    expect([readdirSync(folder), audioIn('a.cut.wav') >= 16_128, backlog.bytes]).toEqual([['a.cut.wav'], true, 0])
  })

  it('takes no more of memory when the disk serves nobody', async () => {
    const backlog = new WriteBacklog()
    backlog.add(200 * 2 ** 20)
    const recording = await create({ backlog })
    expect(recording.write(block)).toBe(false)
    await expect(recording.close()).rejects.toThrow(/the disk is too slow$/)
    expect(readdirSync(folder)).toEqual([])
  })

  it('does not wait for ever for a disk that does not answer', async () => {
    const gate = openGate()
    const outcomes: boolean[] = []
    const recording = await create({
      patienceMs: 50,
      vault: disk(async (what) => (what === 'sync' ? gate.promise : undefined)),
      onClosed: (isComplete) => outcomes.push(isComplete),
    })
    recording.write(block)
    await expect(recording.close()).rejects.toThrow('a.wav could not be recorded: the disk does not answer')
    expect(outcomes).toEqual([])
    gate.open()
    await vi.waitUntil(() => outcomes.length > 0)
  })

  it('says when the disk is full, and keeps what was written', async () => {
    let written = 0
    const outcomes: boolean[] = []
    const recording = await create({
      onClosed: (isComplete) => outcomes.push(isComplete),
      vault: disk(async (what) => {
        if (what.startsWith('16128') && ++written > 1) throw new Error('ENOSPC: no space left on device')
      }),
    })
    await vi.waitUntil(() => !recording.write(block))
    await expect(recording.close()).rejects.toThrow(
      'a.wav could not be recorded: ENOSPC: no space left on device; what was written is a.cut.wav',
    )
    expect([outcomes, audioIn('a.cut.wav')]).toEqual([[false], 16_128])
  })

  it('keeps what a crash has left where it is going to grow', async () => {
    const left = await create()
    for (let n = 0; n < 7; n++) left.write(block)
    await vi.waitUntil(() => audioIn('a.wav.part') > 0)
    const recording = await create()
    recording.write(block)
    await recording.close()
    expect(readdirSync(folder).sort()).toEqual(['a.cut.wav', 'a.wav'])
    expect([audioIn('a.cut.wav'), audioIn('a.wav')]).toEqual([16_128, 2560])
    await expect(left.close()).rejects.toThrow(/ENOENT/)
  })

  it('replaces what stands there and is no recording', async () => {
    writeFileSync(`${path}.part`, 'hello')
    const recording = await create()
    recording.write(block)
    await recording.close()
    expect(readdirSync(folder)).toEqual(['a.wav'])
  })
})
