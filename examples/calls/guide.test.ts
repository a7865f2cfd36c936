import { readFileSync } from 'node:fs'
import type { ChannelEventType } from 'ringdown'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
const guide = readFileSync(new URL('docs/guides/calls.md', ROOT), 'utf8')

test('what the guide shows of an example stands in it', () => {
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(5)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, ROOT), 'utf8')).toContain(code)
})

/** Every event; one that is added does not compile until it stands here, and below until it stands in the guide. */
const EVENTS: Record<ChannelEventType, true> = {
  state: true,
  progress: true,
  codec: true,
  tone: true,
  audio: true,
  farEnd: true,
  revised: true,
  beep: true,
  digit: true,
  speechBegan: true,
  speechEnded: true,
  conference: true,
  farEndHold: true,
  farEndRetrieve: true,
  connected: true,
  disconnected: true,
  mediaReleased: true,
  mediaReturned: true,
  mediaStays: true,
  transferProgress: true,
  referred: true,
  replaced: true,
  ended: true,
}

test('the guide names every event of a channel', () => {
  const rows = guide.split('\n').filter((line) => line.startsWith('| `'))
  for (const type of Object.keys(EVENTS)) {
    const isNamed = rows.some((row) => row.split('|')[1]?.includes(`\`${type}\``))
    expect(isNamed, `docs/guides/calls.md has no row for the event ${type}`).toBe(true)
  }
})
