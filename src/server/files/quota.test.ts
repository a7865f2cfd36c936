import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Logger, MediaFileError, silentLogger } from '../../kit/index.ts'
import type { QuotaSettings } from '../config/files-settings.ts'
import { LocalAudioFiles } from './audio/audio-files.ts'
import { DiskMediaStore } from './disk-media-store.ts'
import { Quotas } from './quota.ts'

let directory: string
let free = 1e9
const warnings: string[] = []
const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) }
const stores: DiskMediaStore[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringdown-quota-'))
  free = 1e9
  warnings.length = 0
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  rmSync(directory, { recursive: true })
})

async function open(quotas: readonly QuotaSettings[], minFreeBytes = 0): Promise<DiskMediaStore> {
  const settings = {
    directory,
    cacheBytes: 0,
    streamLongerThanMs: 60_000,
    maxRecordingBytes: 1e6,
    quotas,
    minFreeBytes,
  }
  const store = new DiskMediaStore(settings, { logger, audio: new LocalAudioFiles(), freeBytes: async () => free })
  stores.push(store)
  await store.open()
  return store
}

const octets = (length: number) => new Uint8Array(length)
const block = new Int16Array(1280)

describe('quotas', () => {
  it('hold for files of applications: bytes and numbers, of the store and of each folder', async () => {
    mkdirSync(join(directory, 'voicemail/1'), { recursive: true })
    writeFileSync(join(directory, 'voicemail/1/old.ul'), octets(600))
    const { files, counters } = await open([{ maxBytes: 2000 }, { folder: 'voicemail/*', maxBytes: 1000, maxFiles: 2 }])
    await expect(files.write('voicemail/1/a.ul', octets(401))).rejects.toThrow(
      'voicemail/1/a.ul cannot be written: voicemail/1/ holds 600 bytes, and its quota is 1000',
    )
    await files.write('voicemail/1/a.ul', octets(400))
    // What takes the place of another counts only once.
    await files.write('voicemail/1/old.ul', octets(0))
    await files.write('voicemail/1/old.ul', octets(500))
    await expect(files.write('voicemail/1/b.ul', octets(0))).rejects.toThrow('holds 2 files, and its quota is 2')
    await files.write('voicemail/2/a.ul', octets(1000))
    await expect(files.write('greeting.ul', octets(101))).rejects.toThrow(
      'the media store holds 1900 bytes, and its quota is 2000',
    )
    await files.write('greeting.ul', octets(100))
    await files.delete('voicemail/1/a.ul')
    await files.write('voicemail/1/b.ul', octets(400))
    expect(counters.snapshot()).toEqual({ quotaRefusals: 3 })
    expect(warnings[0]).toMatch(/^there is no room for voicemail\/1\/a\.ul: voicemail\/1\/ holds/)
  })

  it('hold when a file is renamed, and a name that changes in its folder takes nothing', async () => {
    const { files } = await open([{ folder: 'a', maxFiles: 1 }])
    await files.write('a/1', octets(10))
    await files.rename('a/1', 'a/2')
    await files.write('other', octets(10))
    await expect(files.rename('other', 'a/3')).rejects.toThrow('other cannot be renamed to a/3: a/ holds 1 files')
    expect(await files.exists('other')).toBe(true)
    await files.rename('a/2', 'b/2')
    await files.rename('other', 'a/3')
    await expect(files.write('a/4', octets(1))).rejects.toThrow(MediaFileError)
  })

  it('end a recording that grows; what it has is a whole file under its own name', async () => {
    const store = await open([{ folder: 'calls', maxBytes: 6000 }])
    const first = await store.write('calls/a.wav', 'pcm16')
    const second = await store.write('calls/b.wav', 'pcm16')
    expect([first.write(block), second.write(block), first.write(block)]).toEqual([true, true, false])
    await expect(first.close()).rejects.toThrow(
      'a.wav ends after 2560 bytes of audio: calls/ holds 5120 bytes, and its quota is 6000',
    )
    await second.close()
    expect(readdirSync(join(directory, 'calls')).sort()).toEqual(['a.wav', 'b.wav'])
    expect(await store.files.validate('calls/a.wav')).toMatchObject({ durationMs: 160, isPlayable: true })
    expect(store.counters.snapshot()).toEqual({ quotaRefusals: 1 })
    // A message that is deleted makes room.
    await store.files.delete('calls/b.wav')
    const third = await store.write('calls/c.wav', 'pcm16')
    expect(third.write(block)).toBe(true)
    await third.close()
  })

  it('let nothing begin where the number of files is reached, but let one be replaced', async () => {
    const store = await open([{ maxFiles: 1 }])
    for (let n = 0; n < 3; n++) {
      const sink = await store.write('a.wav', 'pcm16')
      sink.write(block)
      await sink.close()
    }
    await expect(store.write('b.wav', 'pcm16')).rejects.toThrow(
      'b.wav cannot be written: the media store holds 1 files, and its quota is 1',
    )
    expect(store.sizes().recordings).toBe(0)
  })
})

describe('the free space of the disk', () => {
  it('is asked for once a second while something grows', async () => {
    let now = 0
    let asked = 0
    const quotas = new Quotas({
      directory,
      quotas: [],
      minFreeBytes: 1000,
      now: () => now,
      freeBytes: async () => {
        asked++
        return free
      },
    })
    free = 5000
    await quotas.open()
    expect([quotas.take('a.wav', 1500, 1), quotas.take('a.wav', 1500, 0)]).toEqual([undefined, undefined])
    expect(quotas.take('a.wav', 1500, 0)).toBe(
      'the disk has less than 1000 bytes free, which must stay so (files.minFreeBytes)',
    )
    now += 999
    await quotas.refresh()
    expect(asked).toBe(1)
    now += 1
    await quotas.refresh()
    expect([asked, quotas.take('a.wav', 1500, 0)]).toEqual([2, undefined])
  })

  it('is kept: nothing begins, and what grows ends', async () => {
    free = 1000 + 3000
    const store = await open([], 1000)
    const growing = await store.write('a.wav', 'pcm16')
    expect([growing.write(block), growing.write(block)]).toEqual([true, false])
    await expect(growing.close()).rejects.toThrow(/the disk has less than 1000 bytes free, which must stay so/)
    expect(await store.files.validate('a.wav')).toMatchObject({ durationMs: 160, isPlayable: true })
    await expect(store.files.write('b.ul', octets(500))).rejects.toThrow(
      'b.ul cannot be written: the disk has less than 1000 bytes free',
    )
  })
})
