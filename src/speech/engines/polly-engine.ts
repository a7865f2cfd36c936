import { type Asked, CloudEngine, type CloudSettings, escaped, samplesOf } from './cloud-engine.ts'
import type { LoadPeer } from './load-peer.ts'

/**
 * Amazon Polly, through the package `@aws-sdk/client-polly`, which finds region and credentials itself (`AWS_REGION`,
 * `AWS_PROFILE`, ...). Voices are named as theirs: `Joanna`.
 */
export interface PollySettings extends CloudSettings {
  readonly type: 'polly'
  readonly region?: string
  /** `standard`, `neural`, `long-form` or `generative`. Default `neural`. */
  readonly engine?: string
}

interface Polly {
  readonly PollyClient: new (options: {
    region?: string
  }) => {
    send(
      command: object,
      options: { abortSignal: AbortSignal },
    ): Promise<{ AudioStream?: { transformToByteArray(): Promise<Uint8Array> } }>
  }
  readonly SynthesizeSpeechCommand: new (input: object) => object
}

export function pollyEngine(settings: PollySettings, load?: LoadPeer): CloudEngine {
  const { region, engine = 'neural' } = settings
  const connect = async (loadModule: LoadPeer) => {
    const { PollyClient, SynthesizeSpeechCommand } = (await loadModule('@aws-sdk/client-polly')) as Polly
    const client = new PollyClient(region === undefined ? {} : { region })
    return async ({ text, voice, rate }: Asked, abortSignal: AbortSignal) => {
      // A pace can only be told in markup.
      const marked = `<speak><prosody rate="${Math.round(100 * rate)}%">${escaped(text)}</prosody></speak>`
      const command = new SynthesizeSpeechCommand({
        Engine: engine,
        VoiceId: voice,
        OutputFormat: 'pcm',
        SampleRate: '16000',
        ...(rate === 1 ? { Text: text, TextType: 'text' } : { Text: marked, TextType: 'ssml' }),
      })
      const { AudioStream } = await client.send(command, { abortSignal })
      if (AudioStream === undefined) throw new Error('Polly has answered without audio')
      return { samples: samplesOf(await AudioStream.transformToByteArray()), sampleRateHz: 16_000 }
    }
  }
  return new CloudEngine('polly', settings, { engine }, connect, load)
}
