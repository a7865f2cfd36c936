import { expect, test } from 'vitest'
import { MediaFileError, UsageError } from '../../kit/index.ts'
import { MemoryMediaStore } from './memory-media-store.ts'

test('a file that was put is read, another is missing, a bad name is refused', async () => {
  const store = new MemoryMediaStore()
  const clip = { encoding: 'pcmu', sampleRateHz: 8000, data: Uint8Array.of(1, 2) } as const
  store.put('menu/welcome.wav', clip)
  expect((await store.read('menu/welcome.wav', { loop: true })).source).toEqual({ kind: 'audio', clip, loop: true })
  await expect(store.read('menu/other.wav', { loop: false })).rejects.toThrow(MediaFileError)
  await expect(store.read('../secret', { loop: false })).rejects.toThrow(UsageError)
  expect(() => store.put('/etc/passwd', clip)).toThrow(UsageError)
})

test('a recording is there once it is closed, and can be played', async () => {
  const store = new MemoryMediaStore()
  const sink = await store.write('message.wav', 'pcm16')
  const block = Int16Array.of(1, 2)
  sink.write(block)
  block.fill(0)
  sink.write(Int16Array.of(3))
  expect(store.recording('message.wav')).toBeUndefined()
  await sink.close()
  expect([...(store.recording('message.wav') ?? [])]).toEqual([1, 2, 3])
  expect((await store.read('message.wav', { loop: false })).source).toMatchObject({
    clip: { encoding: 'pcm16', data: Int16Array.of(1, 2, 3) },
  })
})
