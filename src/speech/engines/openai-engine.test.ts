import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { wavHeader } from '../../media/index.ts'
import { OpenAiEngine, type OpenAiSettings } from './openai-engine.ts'

let server: Server
let asked: { path: string | undefined; authorization: string | undefined; body: unknown }[]
let answer: (response: ServerResponse, request: IncomingMessage) => void

beforeEach(async () => {
  asked = []
  server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    asked.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(body) })
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const engineOf = (settings: Partial<OpenAiSettings> = {}): OpenAiEngine =>
  new OpenAiEngine({
    type: 'openai',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    model: 'tts-1',
    voice: 'alloy',
    ...settings,
  })

async function spoken(engine: OpenAiEngine, signal = new AbortController().signal) {
  const samples: number[] = []
  let rate = 0
  for await (const block of engine.speak({ text: 'Hi "you"', voice: 'nova', rate: 1.5, sampleRateHz: 8000 }, signal)) {
    samples.push(...block.samples)
    rate = block.sampleRateHz
  }
  return { samples, rate }
}

it('asks for a WAV file and hears it while it comes', async () => {
  answer = (response) => {
    response.write(wavHeader('pcm16', 0xffff_fff0, 24_000))
    response.write(Buffer.from([1, 0, 2]))
    setTimeout(() => response.end(Buffer.from([0, 3, 0])), 20)
  }
  expect(await spoken(engineOf())).toEqual({ samples: [1, 2, 3], rate: 24_000 })
  const body = { model: 'tts-1', input: 'Hi "you"', voice: 'nova', speed: 1.5, response_format: 'wav' }
  expect(asked).toEqual([{ path: '/v1/audio/speech', authorization: undefined, body }])
})

it('or for samples, with a key from the environment or from a file', async () => {
  answer = (response) => response.end(Buffer.from([7, 0]))
  const output = { sampleRateHz: 24_000 }
  process.env.RINGDOWN_TEST_KEY = ' secret-1 '
  const keyFile = join(tmpdir(), `ringdown-key-${process.pid}`)
  writeFileSync(keyFile, 'secret-2\n')
  expect(await spoken(engineOf({ output, keyVariable: 'RINGDOWN_TEST_KEY' }))).toEqual({ samples: [7], rate: 24_000 })
  await spoken(engineOf({ output, keyFile }))
  expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer secret-1', 'Bearer secret-2'])
  expect(asked[0]?.body).toMatchObject({ response_format: 'pcm' })
})

it.each<[string, (response: ServerResponse) => void, Partial<OpenAiSettings>, RegExp]>([
  [
    'a refusal',
    (response) => response.writeHead(401).end('{"error":{"message":"wrong key"}}'),
    { keyVariable: 'RINGDOWN_TEST_KEY' },
    /^it answered 401: {"error":{"message":"wrong key"}}$/,
  ],
  ['a redirection', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), {}, /redirect/],
  ['a page instead', (response) => response.end('<html>Welcome'), {}, /not a WAV file.*Welcome/],
  ['nothing', (response) => response.end(), {}, /nothing came/],
  [
    'an end in the middle',
    (response) => response.writeHead(200, { 'content-length': '100' }).write('RIFF', () => response.destroy()),
    {},
    /terminated|other side closed|aborted/,
  ],
  ['silence', () => {}, { timeoutMs: 200 }, /it took more than 200 ms/],
  ['no server', () => {}, { url: 'http://127.0.0.1:1/v1' }, /fetch failed: (connect ECONNREFUSED|bad port)/],
  ['no key', () => {}, { keyVariable: 'RINGDOWN_NO_KEY' }, /the variable RINGDOWN_NO_KEY is not set/],
  ['no file of a key', () => {}, { keyFile: '/nowhere/key' }, /the key cannot be read: ENOENT/],
])('%s is an error, which does not tell the key', async (_, how, settings, why) => {
  process.env.RINGDOWN_TEST_KEY = 'secret-1'
  answer = how
  const speaking = spoken(engineOf(settings))
  await expect(speaking).rejects.toThrow(why)
  await expect(speaking).rejects.not.toThrow(/secret/)
})

it('does not wait for what nobody waits for', async () => {
  let isClosed = false
  const gone = new AbortController()
  answer = (response) => {
    response.on('close', () => {
      isClosed = true
    })
    gone.abort()
  }
  await expect(spoken(engineOf(), gone.signal)).rejects.toThrow(/abort/)
  await expect.poll(() => isClosed).toBe(true)
})

it('ends what is on its way when it is closed', async () => {
  const engine = engineOf()
  answer = () => void engine.close()
  await expect(spoken(engine)).rejects.toThrow(/abort/)
})
