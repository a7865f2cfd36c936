import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { exchange } from 'ringdown/testing'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import parrot from './parrot.ts'
import receptionist from './receptionist.ts'
import { serve } from './small-agent.ts'

const AGENT = 'wss://agent.example/talk'
const service = { name: 'receptionist', app: receptionist, parameters: { agent: AGENT } }

test('an agent helps the caller, who may interrupt it', async () => {
  const pbx = exchange({
    apps: { '*': service },
    agents: {
      [AGENT]: async (agent) => {
        void agent.say(
          'Welcome to Acme. I can tell you our opening hours, take a message, or tell you a very long story.',
        )
        await agent.expectSpeech(/opening hours/i)
        agent.clear()
        await agent.say('We are open from nine to five. Goodbye.')
      },
    },
  })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/welcome/i)
  await alice.say('Your opening hours, please.')
  await alice.expectSpeech(/nine to five/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(alice.hears.has(/long story/i)).toBe(false)
  expect(pbx.agents[0]?.start.customParameters).toEqual({ caller: pbx.calls[0]?.from })
})

test('an agent that is not there: the caller is told', async () => {
  const pbx = exchange({ apps: { '*': service } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/call again later/i)
  await alice.expectHangUp()
  await pbx.done()
})

test('the parrot says back what it hears', async () => {
  const pbx = exchange(parrot)
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.say('Polly wants a cracker')
  const saidAt = pbx.sim.now
  await alice.hears.sound({ withinMs: 1000 })
  await alice.hears.silence(1000)
  expect(alice.ears.lastSoundAt - saidAt).toBeGreaterThan(1000)
  await alice.hangUp()
  await pbx.done()
  expect(pbx.runs[0]?.returnCode).toBe(0)
})

test('the small agent says back what it hears, and falls silent when it is spoken to', () => {
  const socket = new EventEmitter()
  const sent: { event: string; media?: { payload: string } }[] = []
  serve(Object.assign(socket, { send: (text: string) => sent.push(JSON.parse(text)) }) as unknown as WebSocket)
  const hear = (octet: number, blocks: number): void => {
    const payload = Buffer.alloc(160, octet).toString('base64')
    for (let i = 0; i < blocks; i++)
      socket.emit('message', JSON.stringify({ event: 'media', streamSid: 'MZ1', media: { payload } }))
  }
  hear(0xff, 10)
  hear(0x20, 25)
  hear(0xff, 29)
  expect(sent).toEqual([])
  hear(0xff, 1)
  expect(sent.map(({ event }) => event)).toEqual(['media', 'mark'])
  expect(Buffer.from(sent[0]?.media?.payload ?? '', 'base64')).toEqual(Buffer.alloc(25 * 160, 0x20))
  hear(0x20, 1)
  expect(sent.slice(2)).toEqual([{ event: 'clear', streamSid: 'MZ1' }])
})

test('what the guide shows stands in the examples', () => {
  const root = new URL('../../', import.meta.url)
  const guide = readFileSync(new URL('docs/guides/ai-agents.md', root), 'utf8')
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(1)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, root), 'utf8')).toContain(code)
})
