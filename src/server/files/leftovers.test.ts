import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Logger, silentLogger } from '../../kit/index.ts'
import { parseWav, type WavEncoding, wavHeader } from '../../media/index.ts'
import { DiskMediaStore } from './disk-media-store.ts'

let directory: string
const logged: string[] = []
const note = (fields: object, message: string): void =>
  void logged.push(`${message}: ${(fields as { file?: string }).file}`)
const logger: Logger = { ...silentLogger, warn: note, error: note }
const stores: DiskMediaStore[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringdown-leftovers-'))
  logged.length = 0
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  rmSync(directory, { recursive: true })
})

/** A file as a process leaves it that is killed, a while ago. */
function leave(name: string, bytes: Uint8Array, ageMs = 60_000): void {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  const then = (Date.now() - ageMs) / 1000
  utimesSync(path, then, then)
}

/** The header counts what was flushed last; a piece more was written. */
const cutOff = (encoding: WavEncoding, counted: number, written: number): Uint8Array =>
  Buffer.concat([wavHeader(encoding, counted), Buffer.alloc(written, 5)])

async function open(silentForMs?: number): Promise<DiskMediaStore> {
  const settings = { directory, cacheBytes: 0, streamLongerThanMs: 60_000, maxRecordingBytes: 1_000_000 }
  const store = new DiskMediaStore(settings, { logger, ...(silentForMs !== undefined && { silentForMs }) })
  stores.push(store)
  await store.open()
  return store
}

describe('recordings that a crash has left', () => {
  it('are completed, marked as cut, counted and logged', async () => {
    mkdirSync(join(directory, 'calls'))
    leave('calls/a.wav.part', cutOff('pcm16', 0, 1001))
    leave('b.ul.part', Buffer.alloc(99, 1))
    leave('w.wav.part', Buffer.concat([wavHeader('pcm16', 0, 16_000), Buffer.alloc(500, 5)]))
    leave('s.wav.part', Buffer.concat([wavHeader('pcm16', 0, 8000, 2), Buffer.alloc(402, 5)]))
    leave('calls/c.wav.part', cutOff('ima-adpcm', 256, 600))
    leave('d.part', cutOff('pcmu', 32, 33))
    leave('e.wav.part', cutOff('pcm16', 0, 0))
    leave('f.wav.part', Buffer.alloc(0))
    const store = await open()
    expect(readdirSync(directory, { recursive: true }).sort()).toEqual([
      'b.cut.ul',
      'calls',
      'calls/a.cut.wav',
      'calls/c.cut.wav',
      'd.cut',
      's.cut.wav',
      'w.cut.wav',
    ])
    for (const [name, bytes] of [
      ['calls/a.cut.wav', 1000],
      ['calls/c.cut.wav', 512],
      ['d.cut', 33],
    ] as const) {
      const file = readFileSync(join(directory, name))
      const wav = parseWav(file)
      expect(wav.ok && wav.value.data.length).toBe(bytes)
      expect(file.readUInt32LE(4)).toBeLessThanOrEqual(file.length - 8)
    }
    const wide = parseWav(readFileSync(join(directory, 'w.cut.wav')))
    expect(wide.ok && [wide.value.sampleRateHz, wide.value.data.length]).toEqual([16_000, 500])
    const stereo = parseWav(readFileSync(join(directory, 's.cut.wav')))
    expect(stereo.ok && [stereo.value.channels, stereo.value.data.length]).toEqual([2, 400])
    expect(store.counters.snapshot()).toEqual({ recordingsRecovered: 6 })
    expect(logged.length).toBe(8)
    expect(logged).toContain(
      `a recording that a crash has left was completed and marked as cut: ${join(directory, 'b.cut.ul')}`,
    )
  })

  it('take no name that somebody has', async () => {
    for (const name of ['a.wav', 'a.cut.wav', 'a.cut-2.wav']) writeFileSync(join(directory, name), name)
    leave('a.wav.part', cutOff('pcm16', 0, 10))
    await open()
    expect(readdirSync(directory).sort()).toEqual(['a.cut-2.wav', 'a.cut-3.wav', 'a.cut.wav', 'a.wav'])
    expect(readFileSync(join(directory, 'a.cut.wav'), 'utf8')).toBe('a.cut.wav')
  })

  it('are left alone while somebody may be writing to them, and looked at again', async () => {
    leave('a.wav.part', cutOff('pcm16', 0, 10), 0)
    await open(500)
    expect(readdirSync(directory)).toEqual(['a.wav.part'])
    await vi.waitUntil(() => logged.length > 0, { timeout: 5000 })
    expect(readdirSync(directory)).toEqual(['a.cut.wav'])
  })

  it('are not what others have left', async () => {
    leave('film.part', Buffer.from('a download of somebody else'))
    leave('music.wav.part', Buffer.concat([wavHeader('pcm16', 0, 44_100, 2), Buffer.alloc(10)]))
    await open()
    expect(readdirSync(directory).sort()).toEqual(['film.part', 'music.wav.part'])
    expect(logged).toEqual([])
  })

  it('say what is wrong when they cannot be completed', async () => {
    mkdirSync(join(directory, 'a.wav.part'))
    const then = Date.now() / 1000 - 60
    utimesSync(join(directory, 'a.wav.part'), then, then)
    await open()
    expect(logged).toEqual([expect.stringMatching(/could not be completed: .*a\.wav\.part$/)])
  })
})
