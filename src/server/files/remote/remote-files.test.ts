import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Logger, silentLogger } from '../../../kit/index.ts'
import { wavHeader } from '../../../media/index.ts'
import { checkConfig } from '../../config/check.ts'
import type { S3Settings } from '../../config/files-settings.ts'
import { LocalAudioFiles } from '../audio/audio-files.ts'
import { DiskMediaStore } from '../disk-media-store.ts'
import { S3ObjectStore } from './s3-object-store.ts'
import { FakeS3 } from './test/fake-s3.ts'

let directory: string
let s3: FakeS3
let now: number
const logged: string[] = []
const note = (_fields: object, message: string): void => void logged.push(message)
const logger: Logger = { ...silentLogger, info: note, warn: note, error: note }
const stores: DiskMediaStore[] = []

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringdown-remote-'))
  s3 = await FakeS3.start('recordings')
  now = 1_700_000_000_000
  logged.length = 0
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
  vi.stubEnv('AWS_REGION', 'eu-central-1')
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  await s3.close()
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

/** The AWS SDK against a bucket on loopback; parts are of 10,000 octets here. */
async function open(settings: Partial<S3Settings> = {}): Promise<DiskMediaStore> {
  const store = new DiskMediaStore(
    {
      directory,
      cacheBytes: 0,
      streamLongerThanMs: 60_000,
      maxRecordingBytes: 1e6,
      s3: {
        bucket: 'recordings',
        prefix: 'site/',
        endpoint: s3.endpoint,
        pathStyle: true,
        keepLocalMs: 86_400_000,
        keepLocalBytes: 1e9,
        maxWaiting: 100,
        parallel: 2,
        ...settings,
      },
    },
    {
      logger,
      audio: new LocalAudioFiles(),
      silentForMs: 60_000,
      remote: { backoffMs: () => 0, partBytes: 10_000, now: () => now },
    },
  )
  stores.push(store)
  await store.open()
  return store
}

async function stop(store: DiskMediaStore): Promise<void> {
  stores.splice(stores.indexOf(store), 1)
  await store.close()
}

const wavOf = (samples: number) =>
  new Uint8Array(Buffer.concat([wavHeader('pcm16', 2 * samples), Buffer.alloc(2 * samples, 3)]))
const uploaded = (store: DiskMediaStore) => vi.waitUntil(() => store.sizes().uploadsWaiting === 0, { timeout: 5000 })
const inBucket = (name: string) => s3.objects.get(`site/${name}`)?.bytes

async function record(store: DiskMediaStore, name: string, blocks: number): Promise<void> {
  const sink = await store.write(name, 'pcm16')
  for (let n = 0; n < blocks; n++) sink.write(new Int16Array(1280).fill(n))
  await sink.close()
}

describe('files in a bucket', () => {
  it('are brought there when a recording is complete, in one piece or in parts', async () => {
    const store = await open()
    await record(store, 'short.wav', 1)
    await record(store, 'calls/long.wav', 20)
    await uploaded(store)
    expect(inBucket('short.wav')).toEqual(readFileSync(join(directory, 'short.wav')))
    expect(inBucket('calls/long.wav')).toEqual(readFileSync(join(directory, 'calls/long.wav')))
    expect([s3.count('put'), s3.count('begin'), s3.count('part'), s3.count('complete')]).toEqual([1, 1, 6, 1])
    expect(store.counters.snapshot()).toEqual({ filesUploaded: 2 })
    // What the operator has put here stays here.
    writeFileSync(join(directory, 'prompt.wav'), wavOf(10))
    await store.files.write('note.txt', Uint8Array.of(1))
    await uploaded(store)
    expect([...s3.objects.keys()].sort()).toEqual(['site/calls/long.wav', 'site/note.txt', 'site/short.wav'])
  })

  it('are brought there again and again until it works; the log says so once, and when it is over', async () => {
    let failures = 5
    s3.trouble = ({ operation }) => (operation === 'part' && failures-- > 0 ? 503 : undefined)
    const store = await open()
    await record(store, 'a.wav', 20)
    await uploaded(store)
    expect(inBucket('a.wav')).toEqual(readFileSync(join(directory, 'a.wav')))
    expect(s3.count('begin')).toBe(1)
    expect(store.counters.get('uploadsFailed')).toBeGreaterThanOrEqual(2)
    expect(logged).toEqual([
      expect.stringMatching(/^a\.wav could not be brought into the bucket recordings: .*1 files wait, and it is tried/),
      'nothing waits for the bucket recordings any more',
    ])
  })

  it('are brought there after a restart, from the part on that was missing', async () => {
    s3.trouble = ({ operation, part }) => (operation === 'part' && part === 4 ? 'hang' : undefined)
    const first = await open()
    await record(first, 'a.wav', 20)
    await vi.waitUntil(() => s3.requests.some(({ part }) => part === 4))
    await stop(first)
    expect(inBucket('a.wav')).toBeUndefined()
    s3.trouble = () => undefined
    s3.requests.length = 0
    const second = await open()
    expect(logged).toContain('1 files wait for the bucket recordings since before the start')
    await uploaded(second)
    expect(s3.requests.map(({ operation, part }) => part ?? operation)).toEqual([4, 5, 6, 'complete'])
    expect(inBucket('a.wav')).toEqual(readFileSync(join(directory, 'a.wav')))
    await stop(second)
    s3.requests.length = 0
    await uploaded(await open())
    expect(s3.requests).toEqual([])
  })

  it('begin again when the bucket has forgotten their parts, or the file has changed', async () => {
    let isOnce = true
    s3.trouble = ({ operation }) => {
      if (operation !== 'complete' || !isOnce) return undefined
      isOnce = false
      return 404
    }
    const store = await open()
    await record(store, 'a.wav', 20)
    await uploaded(store)
    expect(s3.count('begin')).toBe(2)
    expect(inBucket('a.wav')).toEqual(readFileSync(join(directory, 'a.wav')))
    s3.trouble = ({ operation, part }) => (operation === 'part' && part === 2 ? 'hang' : undefined)
    s3.requests.length = 0
    await record(store, 'b.wav', 20)
    await vi.waitUntil(() => s3.requests.some(({ part }) => part === 2))
    await stop(store)
    writeFileSync(join(directory, 'b.wav'), wavOf(9000))
    s3.trouble = () => undefined
    await uploaded(await open())
    expect(inBucket('b.wav')).toEqual(Buffer.from(wavOf(9000)))
    expect(s3.count('abort')).toBe(1)
  })

  it('are not lost by a crash between the last octet and the journal', async () => {
    const store = await open()
    const sink = await store.write('a.wav', 'pcm16')
    sink.write(new Int16Array(1280))
    // The process is gone; the recording took its name in its last moment.
    writeFileSync(join(directory, 'a.wav'), wavOf(1280))
    const next = await open()
    await uploaded(next)
    expect(inBucket('a.wav')).toEqual(Buffer.from(wavOf(1280)))
    await sink.close()
  })

  it('are fetched when they are read and not here, once for all who ask', async () => {
    s3.objects.set('site/hello.wav', { bytes: Buffer.from(wavOf(800)), at: new Date() })
    const store = await open()
    const [one, other] = await Promise.all([
      store.read('hello.wav', { loop: false }),
      store.read('hello.wav', { loop: false }),
    ])
    expect(one.source.kind === 'audio' && one.source.clip.data.length).toBe(800)
    expect(other.source.kind).toBe('audio')
    expect(s3.count('get')).toBe(1)
    expect(existsSync(join(directory, 'hello.wav'))).toBe(true)
    expect(await store.files.validate('hello.wav')).toMatchObject({ durationMs: 100 })
    expect(store.counters.snapshot()).toEqual({ filesFetched: 1 })
    await expect(store.read('none.wav', { loop: false })).rejects.toThrow(
      'none.wav cannot be played: there is no such file in the media store',
    )
    s3.trouble = () => 500
    await expect(store.files.read('other.wav')).rejects.toThrow(
      /^other\.wav cannot be read: it is not here, and the bucket recordings cannot be read: /,
    )
    expect(store.counters.get('fetchesFailed')).toBe(1)
    expect(readdirSync(directory).sort()).toEqual(['.ringdown', 'hello.wav'])
  })

  it('are one with the files here for applications', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      s3.objects.set(`site/x/${name}`, { bytes: Buffer.from(name), at: new Date() })
    const store = await open()
    const { files } = store
    await files.write('x/aa', Uint8Array.of(1))
    const names = async (prefix = '') => (await files.list(prefix)).map(({ name }) => name)
    expect(await names('x/')).toEqual(['x/a', 'x/aa', 'x/b', 'x/c', 'x/d', 'x/e'])
    expect(await files.exists('x/b')).toBe(true)
    expect(await files.exists('x/none')).toBe(false)
    await expect(files.rename('x/a', 'x/b')).rejects.toThrow('x/b is there already')
    await files.rename('x/a', 'y/a')
    expect(await files.exists('x/a')).toBe(false)
    expect(await files.delete('x/c')).toBe(true)
    expect(await files.delete('x/none')).toBe(false)
    expect(await names()).toEqual(['x/aa', 'x/b', 'x/d', 'x/e', 'y/a'])
    await uploaded(store)
    expect([...s3.objects.keys()].sort()).toEqual(['site/x/aa', 'site/x/b', 'site/x/d', 'site/x/e', 'site/y/a'])
  })

  it('are deleted there also when the bucket could not be reached, and are gone at once', async () => {
    s3.objects.set('site/a', { bytes: Buffer.from('a'), at: new Date() })
    let isDown = true
    s3.trouble = ({ operation }) => (operation === 'delete' && isDown ? 500 : undefined)
    const store = await open()
    expect(await store.files.delete('a')).toBe(true)
    expect(await store.files.exists('a')).toBe(false)
    await expect(store.files.read('a')).rejects.toThrow('there is no such file')
    await stop(store)
    isDown = false
    await uploaded(await open())
    expect(s3.objects.size).toBe(0)
  })

  it('leave their copies here for a time and up to a size', async () => {
    const store = await open({ keepLocalBytes: 60_000, keepLocalMs: 3_600_000 })
    for (const name of ['a.wav', 'b.wav', 'c.wav']) {
      await record(store, name, 10)
      await uploaded(store)
      now += 1000
    }
    await vi.waitUntil(() => !existsSync(join(directory, 'a.wav')))
    expect(readdirSync(directory).filter((name) => name.endsWith('.wav'))).toEqual(['b.wav', 'c.wav'])
    // What is read stays, what is not goes when its time is over.
    await store.files.read('a.wav')
    expect(existsSync(join(directory, 'a.wav'))).toBe(true)
    now += 3_600_000
    await record(store, 'd.wav', 1)
    await vi.waitUntil(
      () =>
        readdirSync(directory)
          .filter((name) => name.endsWith('.wav'))
          .join() === 'd.wav',
    )
    await uploaded(store)
    expect(store.counters.get('localCopiesRemoved')).toBe(4)
    expect(s3.objects.size).toBe(4)
    expect(readdirSync(join(directory, '.ringdown/uploads'))).toHaveLength(1)
  })

  it('take no more when too many wait', async () => {
    s3.trouble = () => 503
    const store = await open({ maxWaiting: 2 })
    await record(store, 'a.wav', 1)
    await record(store, 'b.wav', 1)
    await expect(store.write('c.wav', 'pcm16')).rejects.toThrow(
      'c.wav cannot be written: 2 files wait for the bucket recordings, and more may not (files.s3.maxWaiting)',
    )
    await expect(store.files.write('d', Uint8Array.of(1))).rejects.toThrow('2 files wait for the bucket')
    expect(store.counters.get('uploadsRefused')).toBe(2)
    expect(store.sizes()).toMatchObject({ recordings: 0, uploadsWaiting: 2 })
    // A file that waits already may be written again.
    await record(store, 'a.wav', 2)
    s3.trouble = () => undefined
    await uploaded(store)
    expect(inBucket('a.wav')?.length).toBe(44 + 2 * 2560)
  })

  it('need the AWS SDK, and say what to install where it is not', async () => {
    const { s3: settings } = checkConfig({ files: { s3: { bucket: 'recordings' } } }, directory).files
    const missing = async () => import('ringdown-no-such-package' as string)
    await expect(S3ObjectStore.open(settings!, missing)).rejects.toThrow(
      'files.s3 needs the package of the AWS SDK: npm install @aws-sdk/client-s3',
    )
  })

  it('say what is wrong where there is no such bucket', async () => {
    const store = await open({ bucket: 'nowhere' })
    await expect(store.files.read('a')).rejects.toThrow(/the bucket nowhere cannot be read: .*NoSuchBucket/)
  })
})
