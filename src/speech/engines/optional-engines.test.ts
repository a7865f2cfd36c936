import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wavHeader } from '../../media/index.ts'
import type { SpeechEngine, SpokenSentence } from '../speech-engine.ts'
import { azureEngine } from './azure-engine.ts'
import { createEngine, type EngineSettings } from './engine-settings.ts'
import { googleEngine } from './google-engine.ts'
import { pollyEngine } from './polly-engine.ts'
import { SherpaEngine } from './sherpa-engine.ts'

// The services and models themselves cannot be had here: what is tested is what their packages are given and what is made
// of what they give.

async function spoken(engine: SpeechEngine, sentence: Partial<SpokenSentence> = {}) {
  const asked = {
    text: 'Salt & <pepper>',
    voice: engine.defaultVoice,
    rate: 1,
    sampleRateHz: 8000 as const,
    ...sentence,
  }
  const blocks = []
  for await (const block of engine.speak(asked, new AbortController().signal)) blocks.push(block)
  return blocks
}

/** A package that notes what it is given, and its name. */
function loaded(module: object, names: string[] = []) {
  return async (name: string): Promise<unknown> => {
    names.push(name)
    return module
  }
}

const audio = Buffer.from([1, 0, 2, 0, 3, 0])
const SAID = [{ samples: Int16Array.of(1, 2, 3), sampleRateHz: 16_000 }]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-model-'))
  process.env.RINGDOWN_TEST_KEY = 'secret-1'
})
afterEach(() => rmSync(folder, { recursive: true }))

it.each<[string, EngineSettings]>([
  ['@google-cloud/text-to-speech', { type: 'google', voice: 'x' }],
  ['@aws-sdk/client-polly', { type: 'polly', voice: 'x' }],
  [
    'microsoft-cognitiveservices-speech-sdk',
    { type: 'azure', voice: 'x', region: 'r', keyVariable: 'RINGDOWN_TEST_KEY' },
  ],
  ['sherpa-onnx-node', { type: 'sherpa', directory: '/nowhere' }],
])('%s is loaded by the first sentence, and what to install is said', async (name, settings) => {
  await expect(spoken(createEngine(settings))).rejects.toThrow(
    `the package ${name} is needed for it and cannot be loaded: npm install ${name}`,
  )
})

describe('Google', () => {
  const google = (audioContent: unknown, requests: object[] = []) => ({
    TextToSpeechClient: class {
      async synthesizeSpeech(request: object, options: object) {
        requests.push(request, options)
        return [{ audioContent }]
      }
    },
  })

  it('is asked for a voice at 16 kHz', async () => {
    const requests: object[] = []
    const names: string[] = []
    const module = google(Buffer.concat([wavHeader('pcm16', audio.length, 16_000), audio]), requests)
    const settings = { type: 'google', voice: 'de-DE-Neural2-B', timeoutMs: 4000 } as const
    const engine = googleEngine(settings, loaded(module, names))
    expect(names).toEqual([])
    expect(await spoken(engine, { rate: 0.5 })).toEqual(SAID)
    expect(names).toEqual(['@google-cloud/text-to-speech'])
    expect(requests).toEqual([
      {
        input: { text: 'Salt & <pepper>' },
        voice: { name: 'de-DE-Neural2-B', languageCode: 'de-DE' },
        audioConfig: { audioEncoding: 'LINEAR16', sampleRateHertz: 16_000, speakingRate: 0.5 },
      },
      { timeout: 4000 },
    ])
  })

  it.each([
    [undefined, 'without audio'],
    ['text', 'without audio'],
    [Buffer.from('no'), 'something else'],
  ])('that gives %s has not spoken', async (content, why) => {
    await expect(spoken(googleEngine({ type: 'google', voice: 'x' }, loaded(google(content))))).rejects.toThrow(why)
  })

  it('that never answers is not waited for', async () => {
    const module = {
      TextToSpeechClient: class {
        synthesizeSpeech = () => new Promise(() => {})
      },
    }
    const engine = googleEngine({ type: 'google', voice: 'x', timeoutMs: 100 }, loaded(module))
    await expect(spoken(engine)).rejects.toThrow('it took more than 100 ms')
  })
})

describe('Polly', () => {
  const polly = (
    given: object[],
    output: object = { AudioStream: { transformToByteArray: async () => new Uint8Array(audio) } },
  ) => ({
    PollyClient: class {
      constructor(options: object) {
        given.push(options)
      }
      async send(command: { input: object }) {
        given.push(command.input)
        return output
      }
    },
    SynthesizeSpeechCommand: class {
      input: object
      constructor(input: object) {
        this.input = input
      }
    },
  })

  it('is asked for samples, and for another pace in markup', async () => {
    const given: object[] = []
    const engine = pollyEngine({ type: 'polly', voice: 'Joanna', region: 'eu-west-1' }, loaded(polly(given)))
    expect(await spoken(engine)).toEqual(SAID)
    await spoken(engine, { rate: 1.5 })
    const input = { Engine: 'neural', VoiceId: 'Joanna', OutputFormat: 'pcm', SampleRate: '16000' }
    expect(given).toEqual([
      { region: 'eu-west-1' },
      { ...input, Text: 'Salt & <pepper>', TextType: 'text' },
      { ...input, Text: '<speak><prosody rate="150%">Salt &amp; &lt;pepper&gt;</prosody></speak>', TextType: 'ssml' },
    ])
  })

  it('without audio has not spoken', async () => {
    await expect(spoken(pollyEngine({ type: 'polly', voice: 'x' }, loaded(polly([], {}))))).rejects.toThrow(
      'without audio',
    )
  })
})

describe('Azure', () => {
  const azure = (given: unknown[], reason: string, closed: string[] = []) => ({
    SpeechConfig: {
      fromSubscription: (...about: string[]) => {
        given.push(about)
        return {}
      },
    },
    SpeechSynthesisOutputFormat: { Raw16Khz16BitMonoPcm: 14 },
    ResultReason: { SynthesizingAudioCompleted: 'done' },
    SpeechSynthesizer: class {
      constructor(config: object, output: unknown) {
        given.push(config, output)
      }
      speakSsmlAsync(ssml: string, done: (result: object) => void, failed: (error: string) => void) {
        given.push(ssml)
        if (reason === 'failed') failed('no network')
        else done({ reason, errorDetails: 'quota', audioData: new Uint8Array(audio).buffer })
      }
      close() {
        closed.push('closed')
      }
    },
  })
  const settings = {
    type: 'azure',
    voice: 'en-US-JennyNeural',
    region: 'westeurope',
    keyVariable: 'RINGDOWN_TEST_KEY',
  } as const

  it('is asked in markup', async () => {
    const given: unknown[] = []
    const closed: string[] = []
    expect(await spoken(azureEngine(settings, loaded(azure(given, 'done', closed))), { rate: 2 })).toEqual(SAID)
    expect(given).toEqual([
      ['secret-1', 'westeurope'],
      { speechSynthesisOutputFormat: 14 },
      null,
      '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="en-US">' +
        '<voice name="en-US-JennyNeural"><prosody rate="2">Salt &amp; &lt;pepper&gt;</prosody></voice></speak>',
    ])
    expect(closed).toEqual(['closed'])
  })

  it('says why it has not spoken, and that it needs a key', async () => {
    await expect(spoken(azureEngine(settings, loaded(azure([], 'cancelled'))))).rejects.toThrow('quota')
    await expect(spoken(azureEngine(settings, loaded(azure([], 'failed'))))).rejects.toThrow('no network')
    const keyless = azureEngine({ type: 'azure', voice: 'x', region: 'r' }, loaded(azure([], 'done')))
    await expect(spoken(keyless)).rejects.toThrow('Azure needs a key: set keyFile or keyVariable')
  })
})

describe('sherpa-onnx', () => {
  const sherpa = (given: object[]) => ({
    OfflineTts: class {
      numSpeakers = 2
      constructor(config: object) {
        given.push(config)
      }
      generate(request: object) {
        given.push(request)
        return { samples: Float32Array.of(0, 0.5, -0.5, 1, -1, 2), sampleRate: 22_050 }
      }
    },
  })
  const put = (...names: string[]) => {
    for (const name of names) writeFileSync(join(folder, name), '')
  }

  it('speaks with a model of Piper', async () => {
    put('en.onnx', 'tokens.txt', 'espeak-ng-data')
    const given: object[] = []
    const engine = new SherpaEngine(
      { type: 'sherpa', directory: folder, voices: ['ann', 'bob'] },
      loaded(sherpa(given)),
    )
    const [block] = await spoken(engine, { voice: 'bob', rate: 2 })
    expect(block).toEqual({ samples: Int16Array.of(0, 16_384, -16_383, 32_767, -32_767, 32_767), sampleRateHz: 22_050 })
    const at = (name: string) => join(folder, name)
    expect(given).toEqual([
      {
        model: {
          vits: { model: at('en.onnx'), tokens: at('tokens.txt'), dataDir: at('espeak-ng-data'), lexicon: '' },
          numThreads: 1,
          provider: 'cpu',
          debug: false,
        },
        maxNumSentences: 1,
      },
      { text: 'Salt & <pepper>', sid: 1, speed: 2, enableExternalBuffer: false },
    ])
    await spoken(engine)
    expect(given.length).toBe(3)
  })

  it('speaks with one of Kokoro', async () => {
    put('model.onnx', 'tokens.txt', 'voices.bin')
    const given: object[] = []
    await spoken(new SherpaEngine({ type: 'sherpa', directory: folder }, loaded(sherpa(given))))
    expect(given[0]).toMatchObject({ model: { kokoro: { voices: join(folder, 'voices.bin') } } })
  })

  it.each<[string, string[], RegExp]>([
    ['no model', ['tokens.txt'], /holds 0 files .onnx/],
    ['two models', ['a.onnx', 'b.onnx'], /holds 2 files .onnx/],
    ['no tokens', ['a.onnx'], /holds no tokens.txt/],
  ])('says that a folder has %s', async (_, names, why) => {
    put(...names)
    await expect(spoken(new SherpaEngine({ type: 'sherpa', directory: folder }, loaded(sherpa([]))))).rejects.toThrow(
      why,
    )
  })

  it('says that there is no folder, and no such speaker', async () => {
    const nowhere = new SherpaEngine({ type: 'sherpa', directory: join(folder, 'x') }, loaded(sherpa([])))
    await expect(spoken(nowhere)).rejects.toThrow(/cannot be read: ENOENT/)
    put('en.onnx', 'tokens.txt')
    const three = { type: 'sherpa', directory: folder, voices: ['a', 'b', 'c'] } as const
    await expect(spoken(new SherpaEngine(three, loaded(sherpa([]))), { voice: 'c' })).rejects.toThrow(
      'the model has 2 speakers, and "c" is none of them',
    )
  })
})
