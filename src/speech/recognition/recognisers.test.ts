import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SpeechError } from '../../kit/index.ts'
import { parseWav } from '../../media/index.ts'
import { OpenAiRecogniser, type OpenAiRecogniserSettings } from './openai-recogniser.ts'
import { createRecogniser } from './recognisers.ts'
import { SherpaRecogniser } from './sherpa-recogniser.ts'
import type { Recogniser } from './utterance.ts'

const SAMPLES = Int16Array.from({ length: 800 }, (_, i) => 1000 * Math.sin(i / 5))

async function recognised(recogniser: Recogniser, options: Partial<Parameters<Recogniser['open']>[0]> = {}) {
  const utterance = recogniser.open({ sampleRateHz: 8000, ...options })
  utterance.write(SAMPLES)
  utterance.write(SAMPLES)
  return utterance.finish()
}

describe('a service like that of OpenAI', () => {
  let server: Server
  let asked: { path: string | undefined; authorization: string | undefined; form: FormData }[]
  let answer: (response: ServerResponse) => void

  beforeEach(async () => {
    asked = []
    server = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const { authorization } = request.headers
      const form = await new Response(Buffer.concat(parts), {
        headers: { 'content-type': request.headers['content-type'] ?? '' },
      }).formData()
      asked.push({ path: request.url, authorization, form })
      answer(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`
  const made = (settings: Partial<OpenAiRecogniserSettings> = {}) =>
    new OpenAiRecogniser({ type: 'openai', url: url(), model: 'whisper-1', ...settings })
  const says = (body: unknown, status = 200) => {
    answer = (response) => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  it('is sent the utterance as a WAV file, with language, phrases and key, and answers with words', async () => {
    const keyFile = join(mkdtempSync(join(tmpdir(), 'ringdown-')), 'key')
    writeFileSync(keyFile, 'secret-key\n')
    says({ text: ' Yes please. ', segments: [{ avg_logprob: -0.1 }, { avg_logprob: -0.3 }] })
    const words = await recognised(made({ keyFile, language: 'de' }), { language: 'en-GB', phrases: ['yes', 'no'] })
    expect(words).toEqual({ text: 'Yes please.', confidence: Math.exp(-0.2) })
    const [{ path, authorization, form }] = asked as [(typeof asked)[number]]
    expect([path, authorization]).toEqual(['/v1/audio/transcriptions', 'Bearer secret-key'])
    expect(Object.fromEntries([...form].filter(([name]) => name !== 'file'))).toEqual({
      model: 'whisper-1',
      response_format: 'verbose_json',
      language: 'en',
      prompt: 'yes, no',
    })
    const wav = parseWav(new Uint8Array(await (form.get('file') as File).arrayBuffer()))
    expect(wav).toMatchObject({ ok: true, value: { sampleRateHz: 8000, channels: 1 } })
    expect((form.get('file') as File).size).toBe(44 + 2 * 2 * SAMPLES.length)
  })

  it('asks others than Whisper for words only, in the usual language', async () => {
    says({ text: 'ja' })
    expect(await recognised(made({ model: 'other', language: 'de-AT' }))).toEqual({ text: 'ja' })
    expect(asked[0]?.form.get('response_format')).toBe('json')
    expect([asked[0]?.form.get('language'), asked[0]?.form.get('prompt')]).toEqual(['de', null])
  })

  it.each<[string, () => void, RegExp]>([
    ['refuses', () => says({ error: 'no such model' }, 404), /it answered 404: .*no such model/],
    ['says what is no JSON', () => says('<html>'), /its answer is no JSON: <html>/],
    ['says nothing', () => says({}), /its answer has no text/],
    ['sends elsewhere', () => (answer = (response) => response.writeHead(302, { location: '/' }).end()), /redirect/],
    ['hangs up', () => (answer = (response) => response.destroy()), /the recogniser has failed/],
    ['is late', () => (answer = () => {}), /took more than 200 ms/],
  ])('one that %s ends with a SpeechError that says so', async (_what, prepare, message) => {
    prepare()
    const error = await recognised(made({ timeoutMs: 200 })).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(SpeechError)
    expect((error as Error).message).toMatch(message)
  })

  it('is not asked any more when nobody waits', async () => {
    answer = () => {}
    const utterance = made().open({ sampleRateHz: 8000 })
    utterance.write(SAMPLES)
    const finished = utterance.finish().catch((error: unknown) => error)
    utterance.abort()
    expect(await finished).toBeInstanceOf(SpeechError)
  })

  it('takes no more than five minutes', () => {
    const utterance = made().open({ sampleRateHz: 8000 })
    utterance.write(new Int16Array(300 * 8000))
    expect(() => utterance.write(SAMPLES)).toThrow('more than 300 s')
  })

  it('names the variable in which the key is missing, and asks nobody', async () => {
    await expect(recognised(made({ keyVariable: 'RINGDOWN_NO_SUCH_KEY' }))).rejects.toThrow('RINGDOWN_NO_SUCH_KEY')
    expect(asked).toEqual([])
  })
})

describe('sherpa-onnx', () => {
  /** The package as it is used, with a model that knows how many samples it got. */
  class Fake {
    static configs: object[] = []
    constructor(config: object) {
      Fake.configs.push(config)
    }
    createStream() {
      return {
        samples: 0,
        decoded: 0,
        acceptWaveform(wave: { sampleRate: number; samples: Float32Array }) {
          if (wave.samples.some((value) => Math.abs(value) > 1)) throw new Error('too loud')
          this.samples += wave.samples.length / wave.sampleRate
        },
      }
    }
    isReady({ samples, decoded }: { samples: number; decoded: number }) {
      return samples - decoded > 0.099
    }
    decode(stream: { decoded: number }) {
      stream.decoded += 0.1
    }
    getResult({ decoded }: { decoded: number }) {
      return { text: ` ${decoded.toFixed(1)} seconds ` }
    }
  }

  const folder = (...names: string[]) => {
    const directory = mkdtempSync(join(tmpdir(), 'ringdown-'))
    for (const name of names) writeFileSync(join(directory, name), '')
    return directory
  }
  const WHOLE = ['encoder-epoch-1.onnx', 'decoder-epoch-1.onnx', 'joiner-epoch-1.onnx', 'tokens.txt']

  it('is loaded once, by the first utterance, and hears all of each', async () => {
    Fake.configs = []
    const directory = folder(...WHOLE)
    const recogniser = new SherpaRecogniser({ type: 'sherpa', directory }, async () => ({ OnlineRecognizer: Fake }))
    expect(Fake.configs).toEqual([])
    // 200 ms and half a second behind it.
    expect(await recognised(recogniser)).toEqual({ text: '0.7 seconds' })
    expect(await recognised(recogniser, { sampleRateHz: 16_000 })).toEqual({ text: '0.6 seconds' })
    expect(Fake.configs).toHaveLength(1)
    expect(Fake.configs[0]).toMatchObject({
      modelConfig: {
        transducer: { encoder: join(directory, WHOLE[0] as string), joiner: join(directory, WHOLE[2] as string) },
        tokens: join(directory, 'tokens.txt'),
        numThreads: 1,
      },
    })
  })

  it('says what is missing: the folder, a part of the model, the package', async () => {
    const load = async () => ({ OnlineRecognizer: Fake })
    const trouble = (directory: string, loader: () => Promise<unknown> = load) =>
      recognised(new SherpaRecogniser({ type: 'sherpa', directory }, loader)).catch((error: Error) => error.message)
    expect(await trouble('/nowhere')).toMatch(/folder of the model cannot be read/)
    expect(await trouble(folder('encoder.onnx', 'decoder.onnx'))).toMatch(/holds no joiner\*\.onnx/)
    expect(await trouble(folder(...WHOLE.slice(0, 3)))).toMatch(/holds no tokens\.txt/)
    const missing = await trouble(folder(...WHOLE), () => Promise.reject(new Error('npm install sherpa-onnx-node')))
    expect(missing).toMatch(/npm install sherpa-onnx-node/)
  })
})

it('recognisers are made from settings', () => {
  expect(createRecogniser({ type: 'openai', url: 'http://127.0.0.1/v1', model: 'm' })).toBeInstanceOf(OpenAiRecogniser)
  expect(createRecogniser({ type: 'sherpa', directory: '/m' })).toBeInstanceOf(SherpaRecogniser)
})
