import { expect, test } from 'vitest'
import { MediaFileError } from '../../kit/index.ts'
import type { CallHost } from '../host.ts'
import type { RecordingSink } from '../media-store.ts'
import { RoomTracks } from './room-tracks.ts'

/** Tracks whose files do what `sinkOf` says. */
function tracks(sinkOf: (name: string) => Promise<Partial<RecordingSink>>): RoomTracks {
  const host = {
    files: {
      write: async (name: string): Promise<RecordingSink> => ({
        write: () => true,
        close: async () => {},
        ...(await sinkOf(name)),
      }),
    },
    post: (action: () => void) => action(),
    timer: (onDue: () => void) => ({ setIn: () => queueMicrotask(onDue), clear: () => {} }),
  } as unknown as CallHost
  const room = {
    host,
    id: 1,
    mostHz: 8000,
    isDestroyed: false,
    whenMixed: () => {},
    partyOf: (leg: number) => ({ party: 10 * leg, callId: `c${leg}`, who: `sip:${leg}@x` }),
    onDestroyed: () => () => {},
  } as const
  return new RoomTracks(room, 'r.wav').as('pcm16', 8000)
}

const block = (value = 1): Int16Array => new Int16Array(1280).fill(value)
const track = (of: number, from = 0, isLast = false) => ({ of, from, isLast })
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

test('what is said before the silence is written comes after it, in order', async () => {
  const written: number[] = []
  let longest = 0
  const all = tracks(async () => ({
    write: (samples) => {
      written.push(...(samples.length > 1280 ? [] : [samples[0] as number]))
      longest = Math.max(longest, samples.length)
      return true
    },
  }))
  const anHour = 3600 * 8000
  for (let i = 1; i <= 5; i++) expect(all.write(block(i), track(1, anHour))).toBe(true)
  await settle()
  expect(all.write(block(6), track(1, anHour))).toBe(true)
  await all.close()
  expect(written).toEqual([1, 2, 3, 4, 5, 6])
  expect(longest).toBe(80_000)
  expect(all.files).toEqual([{ file: 'r-1.wav', party: 10, callId: 'c1', who: 'sip:1@x', heardFromMs: 3_600_000 }])
})

test('a file that can take no more ends the recording, and says why; the others are closed', async () => {
  const closed: string[] = []
  const all = tracks(async (name) => ({
    write: () => name !== 'r-2.wav',
    close: async () => {
      closed.push(name)
      if (name === 'r-2.wav') throw new MediaFileError('no space left')
    },
  }))
  all.write(block(), track(1))
  all.write(block(), track(2))
  await settle()
  expect(all.write(block(), track(2))).toBe(false)
  expect(all.write(block(), track(1))).toBe(false)
  await expect(all.close()).rejects.toThrow('no space left')
  expect(closed.sort()).toEqual(['r-1.wav', 'r-2.wav'])
})

test('a file that cannot be opened, or not in time, ends the recording, too', async () => {
  const refused = tracks(async () => {
    throw new MediaFileError('r-1.wav cannot be written: EACCES')
  })
  expect(refused.write(block(), track(1))).toBe(true)
  await settle()
  expect(refused.write(block(), track(1))).toBe(false)
  await expect(refused.close()).rejects.toThrow('EACCES')
  const hanging = tracks(() => new Promise(() => {}))
  let blocks = 0
  while (hanging.write(block(), track(1))) blocks++
  expect(blocks).toBe(750)
})

test('a party that comes again has another file', async () => {
  const all = tracks(async () => ({}))
  all.write(block(), track(1))
  all.write(new Int16Array(0), track(1, 0, true))
  all.write(block(), track(1, 4000))
  expect(all.files.map(({ file, heardFromMs }) => [file, heardFromMs])).toEqual([
    ['r-1.wav', 0],
    ['r-2.wav', 500],
  ])
  await all.close()
})
