import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseWav, StreamReader, wavHeader } from '../../../media/index.ts'
import { LocalAudioFiles } from '../audio/audio-files.ts'
import { DiskMediaStore } from '../disk-media-store.ts'
import { DiskRecording } from '../disk-recording.ts'
import { WriteBacklog } from '../write-backlog.ts'
import { FileVault } from './file-vault.ts'
import { type MediaKeys, parseMediaKeys, readMediaKeys } from './media-keys.ts'
import { SEAL_HEADER_BYTES, SEALED_SEGMENT_BYTES, SEGMENT_BYTES } from './seal.ts'

const OLD = 'a'.repeat(64)
const NEW = Buffer.alloc(32, 7).toString('base64')
const oldKeys = parseMediaKeys(OLD)
const bothKeys = parseMediaKeys(`# the newest first\n${NEW}\n${OLD}`)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-seal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff)

async function seal(name: string, bytes: Uint8Array, keys: MediaKeys = oldKeys): Promise<void> {
  const file = await new FileVault({ keys }).create(at(name))
  for (let done = 0; done < bytes.length; done += 1000) await file.write(bytes.subarray(done, done + 1000), done)
  await file.sync()
  await file.close()
}

async function unseal(name: string, keys: MediaKeys | undefined = oldKeys): Promise<Uint8Array> {
  const file = await new FileVault({ keys }).open(at(name))
  try {
    return await file.read(0, file.size)
  } finally {
    await file.close()
  }
}

describe('keys', () => {
  it('are read from a file or from the environment, and are named by what says nothing of them', () => {
    writeFileSync(at('keys'), `${NEW}, ${OLD}\n`)
    expect(readMediaKeys({ keyFile: at('keys') })).toEqual(bothKeys)
    expect(readMediaKeys({ keyVariable: 'KEYS' }, { KEYS: OLD })).toEqual(oldKeys)
    expect(oldKeys[0].bytes).toEqual(new Uint8Array(32).fill(0xaa))
    expect(bothKeys.map(({ id }) => id)).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), oldKeys[0].id])
  })

  it('that are none are refused without being shown', () => {
    expect(() => readMediaKeys({ keyVariable: 'KEYS' }, { KEYS: `${OLD} secret` })).toThrow(
      'the keys for media files cannot be had from the environment variable KEYS: key 2 is none: give 32 octets',
    )
    expect(() => readMediaKeys({ keyVariable: 'KEYS' }, {})).toThrow('it is not set')
    expect(() => readMediaKeys({ keyVariable: 'KEYS' }, { KEYS: ' # none' })).toThrow('there is no key in it')
    expect(() => readMediaKeys({ keyFile: at('none') })).toThrow('ENOENT')
  })
})

describe('an encrypted file', () => {
  const EDGES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES, 100_000]

  it.each(EDGES)('of %i octets is what was written, and not to be seen on the disk', async (length) => {
    const bytes = bytesOf(length)
    await seal('a', bytes)
    expect(await unseal('a')).toEqual(bytes)
    const stored = readFileSync(at('a'))
    const segments = Math.max(1, Math.ceil(length / SEGMENT_BYTES))
    expect(stored.length).toBe(SEAL_HEADER_BYTES + length + 16 * segments)
    if (length > 64) expect(stored.includes(Buffer.from(bytes.subarray(0, 32)))).toBe(false)
  })

  it('is read from any place on', async () => {
    const bytes = bytesOf(20_000)
    await seal('a', bytes)
    const file = await new FileVault({ keys: oldKeys }).open(at('a'))
    await fc.assert(
      fc.asyncProperty(fc.nat(21_000), fc.nat(21_000), async (start, length) => {
        expect(await file.read(start, length)).toEqual(bytes.subarray(start, start + length))
      }),
      { numRuns: 50 },
    )
    await file.close()
  })

  it('does not open when anything of it was changed, cut off, added, exchanged or moved', async () => {
    await seal('a', bytesOf(3 * SEGMENT_BYTES))
    await seal('b', bytesOf(3 * SEGMENT_BYTES))
    const whole = readFileSync(at('a'))
    const other = readFileSync(at('b'))
    const segment = (file: Buffer, n: number) =>
      file.subarray(SEAL_HEADER_BYTES + n * SEALED_SEGMENT_BYTES, SEAL_HEADER_BYTES + (n + 1) * SEALED_SEGMENT_BYTES)
    const head = whole.subarray(0, SEAL_HEADER_BYTES)
    const broken: Record<string, Uint8Array> = {
      'cut between segments': whole.subarray(0, SEAL_HEADER_BYTES + 2 * SEALED_SEGMENT_BYTES),
      'cut in a segment': whole.subarray(0, -1),
      'cut to its header': head,
      'cut in its header': whole.subarray(0, 20),
      longer: Buffer.concat([whole, Buffer.alloc(1)]),
      'longer by a segment': Buffer.concat([whole, segment(whole, 2)]),
      'exchanged segments': Buffer.concat([head, segment(whole, 1), segment(whole, 0), segment(whole, 2)]),
      'a segment of another file': Buffer.concat([head, segment(whole, 0), segment(other, 1), segment(whole, 2)]),
      'the header of another file': Buffer.concat([other.subarray(0, SEAL_HEADER_BYTES), whole.subarray(64)]),
    }
    for (const at of [30, 60, 100, 5000, whole.length - 1]) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1
      broken[`octet ${at}`] = bytes
    }
    for (const [what, bytes] of Object.entries(broken)) {
      writeFileSync(at('a'), bytes)
      await expect(unseal('a'), what).rejects.toThrow(/it is encrypted, and was cut short or changed since/)
    }
    writeFileSync(at('a'), whole)
    expect((await unseal('a')).length).toBe(3 * SEGMENT_BYTES)
  })

  it('needs its key: the first encrypts, all decrypt', async () => {
    await seal('old', bytesOf(10))
    await seal('new', bytesOf(20), bothKeys)
    expect((await unseal('old', bothKeys)).length).toBe(10)
    expect((await unseal('new', bothKeys)).length).toBe(20)
    await expect(unseal('new')).rejects.toThrow(
      `it is encrypted with key ${bothKeys[0].id}, and that is none of the keys of this store`,
    )
    await expect(new FileVault().open(at('new'))).rejects.toThrow('and this store has no keys (files.encryption)')
    const stored = readFileSync(at('old'))
    stored[8] = 2
    writeFileSync(at('old'), stored)
    await expect(unseal('old')).rejects.toThrow('in a way that is not known here (version 2)')
  })

  it('may stand beside others that are not, unless that is forbidden', async () => {
    writeFileSync(at('plain'), 'abc')
    expect(Buffer.from(await unseal('plain')).toString()).toBe('abc')
    await expect(new FileVault({ keys: oldKeys, acceptPlain: false }).open(at('plain'))).rejects.toThrow(
      'it is not encrypted, and this store takes only what is',
    )
  })
})

describe('an encrypted recording', () => {
  const block = (n: number) => Int16Array.from({ length: 1280 }, (_, i) => n * 1280 + i)
  const vault = new FileVault({ keys: oldKeys })
  const record = (name: string, format: 'pcm16' | 'ima-adpcm' | 'pcmu' = 'pcm16', channels: 1 | 2 = 1) =>
    DiskRecording.create(at(name), format, { maxBytes: 2 ** 30, backlog: new WriteBacklog(), vault, channels })
  const samplesIn = async (name: string) => {
    const wav = parseWav(await unseal(name))
    if (!wav.ok) throw new Error(wav.error)
    return new Int16Array(wav.value.data.slice().buffer)
  }

  it.each([1, 3, 13, 60])('of %i blocks has the header that counts them', async (blocks) => {
    const recording = await record('a.wav')
    for (let n = 0; n < blocks; n++) recording.write(block(n))
    await recording.close()
    const samples = await samplesIn('a.wav')
    expect(samples.length).toBe(1280 * blocks)
    expect(samples.every((sample, i) => sample === (i << 16) >> 16)).toBe(true)
  })

  it.each(['ima-adpcm', 'pcmu'] as const)('as %s, with its padding, is a WAV file', async (format) => {
    const recording = await record('a.wav', format)
    for (let n = 0; n < 30; n++) recording.write(block(n).subarray(0, 1279))
    await recording.close()
    const wav = parseWav(await unseal('a.wav'))
    expect(wav).toMatchObject({ ok: true, value: { encoding: format } })
  })

  it('that a killed process leaves is kept up to its last 4 KiB, still encrypted, in a file of its own', async () => {
    const recording = await record('a.wav')
    for (let n = 0; n < 40; n++) recording.write(block(n))
    const written = () => readFileSync(at('a.wav.part')).length
    await vi.waitUntil(() => written() > 94_000)
    const cut = readFileSync(at('a.wav.part'))
    await recording.close()
    rmSync(at('a.wav'))
    // In the middle of a segment, too.
    writeFileSync(at('a.wav.part'), cut.subarray(0, cut.length - 5))
    utimesSync(at('a.wav.part'), new Date(), new Date(Date.now() - 60_000))
    const store = storeWith({ keyVariable: 'RINGDOWN_TEST_KEYS' })
    await store.open()
    expect(readdirSync(folder)).toEqual(['a.cut.wav'])
    expect(store.counters.snapshot()).toMatchObject({ recordingsRecovered: 1 })
    const samples = await samplesIn('a.cut.wav')
    expect(samples.length * 2).toBeGreaterThan(94_000 - 2 * SEGMENT_BYTES)
    expect(samples.every((sample, i) => sample === (i << 16) >> 16)).toBe(true)
    await store.close()
  })

  it('that a store without its key finds is left as it is', async () => {
    const recording = await record('a.wav')
    recording.write(block(0))
    recording.write(block(1))
    writeFileSync(at('b.wav.part'), readFileSync(at('a.wav.part')))
    await recording.close()
    utimesSync(at('b.wav.part'), new Date(), new Date(Date.now() - 60_000))
    const store = storeWith(undefined)
    await store.open()
    expect(readdirSync(folder).sort()).toEqual(['a.wav', 'b.wav.part'])
    await store.close()
  })

  function storeWith(encryption: { keyVariable: string } | undefined, streamLongerThanMs = 60_000): DiskMediaStore {
    vi.stubEnv('RINGDOWN_TEST_KEYS', OLD)
    const settings = {
      directory: folder,
      cacheBytes: 100_000,
      streamLongerThanMs,
      maxRecordingBytes: 1_000_000,
      ...(encryption && { encryption: { ...encryption, acceptPlain: true } }),
    }
    return new DiskMediaStore(settings, { audio: new LocalAudioFiles((path) => vault.open(path)) })
  }

  it('is played, as a whole or while it is read, and never further than it is authentic', async () => {
    const samples = new Uint8Array(Int16Array.from({ length: 40_000 }, (_, i) => (i << 16) >> 16).buffer)
    await seal('a.wav', Buffer.concat([wavHeader('pcm16', samples.length), samples]))
    const short = storeWith({ keyVariable: 'RINGDOWN_TEST_KEYS' })
    const { source } = await short.read('a.wav', { loop: false })
    expect(source.kind === 'audio' && source.clip.data.length).toBe(40_000)
    const long = storeWith({ keyVariable: 'RINGDOWN_TEST_KEYS' }, 1000)
    const stored = readFileSync(at('a.wav'))
    const played = async () => {
      const { source, close } = await long.read('a.wav', { loop: false })
      if (source.kind !== 'stream') throw new Error('it is in memory')
      const reader = new StreamReader(source.stream)
      let heard = 0
      await vi.waitUntil(() => {
        heard += reader.available
        reader.advance(reader.available)
        return reader.isEnded && reader.available === 0
      })
      await close()
      return heard
    }
    expect(await played()).toBe(40_000)
    stored[SEAL_HEADER_BYTES + 10 * SEALED_SEGMENT_BYTES + 5]! ^= 1
    writeFileSync(at('a.wav'), stored)
    await expect(played()).rejects.toThrow(
      'a.wav could not be played to its end: it is encrypted, and was cut short or changed since',
    )
    writeFileSync(at('a.wav'), stored.subarray(0, -20))
    await expect(long.read('a.wav', { loop: false })).rejects.toThrow(
      'a.wav cannot be played: it is encrypted, and was cut short or changed since',
    )
  })

  it('is what app.files reads, writes and looks through', async () => {
    const { files } = storeWith({ keyVariable: 'RINGDOWN_TEST_KEYS' })
    const audio = new Uint8Array(16_000)
    const wav = new Uint8Array(Buffer.concat([wavHeader('pcm16', audio.length), audio]))
    await files.write('a.wav', wav)
    expect(readFileSync(at('a.wav')).subarray(0, 8).toString()).toBe('RDSEALED')
    expect(await files.read('a.wav')).toEqual(wav)
    expect(await files.validate('a.wav')).toMatchObject({ durationMs: 1000, isPlayable: true, problems: [] })
    await expect(files.read('a.wav', { maxBytes: 16_043 })).rejects.toThrow('a.wav has 16044 octets')
    writeFileSync(at('a.wav'), readFileSync(at('a.wav')).subarray(0, 5000))
    expect(await files.validate('a.wav')).toMatchObject({
      isPlayable: false,
      problems: ['it is encrypted, and was cut short or changed since'],
    })
    await expect(files.read('a.wav')).rejects.toThrow('a.wav cannot be read: it is encrypted, and was cut short')
  })
})
