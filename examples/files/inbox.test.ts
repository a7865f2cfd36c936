import { readFileSync } from 'node:fs'
import { exchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import app from './inbox.ts'

const ROOT = new URL('../../', import.meta.url)

test('a message is kept in the mailbox, and silence is not', async () => {
  const pbx = exchange({ apps: { '*': app }, files: { 'leave-a-message.wav': 'Please leave a message.' } })
  const alice = pbx.phone('alice')
  expect(await alice.call('1234')).toBe(200)
  await alice.expectSpeech(/leave a message/i)
  await alice.say('Please call me back.')
  await alice.expectHangUp()
  const { files } = pbx
  const [message, ...others] = await files.list('voicemail/1234/')
  expect(others).toEqual([])
  expect(pbx.recording(message?.name ?? '').said).toEqual(['Please call me back.'])
  expect(await files.validate(message?.name ?? '')).toMatchObject({ format: 'wav', isPlayable: true })

  await files.rename(message?.name ?? '', 'voicemail/1234/greeting.wav')
  expect(await alice.call('1234')).toBe(200)
  await alice.expectSpeech(/call me back/i)
  await alice.expectHangUp()
  expect((await files.list()).map(({ name }) => name)).toEqual(['leave-a-message.wav', 'voicemail/1234/greeting.wav'])
  await pbx.done()
})

test('the guide shows the example as it is', () => {
  const guide = readFileSync(new URL('docs/guides/media-files.md', ROOT), 'utf8')
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.map(([, file]) => file)).toEqual(['examples/files/inbox.ts'])
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, ROOT), 'utf8')).toContain(code)
})
