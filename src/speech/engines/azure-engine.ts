import { type Asked, CloudEngine, type CloudSettings, escaped, samplesOf } from './cloud-engine.ts'
import type { LoadPeer } from './load-peer.ts'
import { readSecret, type SecretSettings } from './secret.ts'

/**
 * Azure AI Speech, through the package `microsoft-cognitiveservices-speech-sdk`. Voices are named as theirs:
 * `en-US-JennyNeural`.
 */
export interface AzureSettings extends CloudSettings, SecretSettings {
  readonly type: 'azure'
  /** Such as `westeurope`. */
  readonly region: string
}

interface Azure {
  readonly SpeechConfig: {
    fromSubscription(key: string, region: string): { speechSynthesisOutputFormat: unknown }
  }
  readonly SpeechSynthesisOutputFormat: { readonly Raw16Khz16BitMonoPcm: unknown }
  readonly ResultReason: { readonly SynthesizingAudioCompleted: unknown }
  readonly SpeechSynthesizer: new (
    config: object,
    output: null,
  ) => {
    speakSsmlAsync(
      ssml: string,
      done: (result: { reason: unknown; errorDetails?: string; audioData: ArrayBuffer }) => void,
      failed: (error: string) => void,
    ): void
    close(): void
  }
}

export function azureEngine(settings: AzureSettings, load?: LoadPeer): CloudEngine {
  const connect = async (loadModule: LoadPeer) => {
    const azure = (await loadModule('microsoft-cognitiveservices-speech-sdk')) as Azure
    const key = readSecret(settings)
    if (key === undefined) throw new Error('Azure needs a key: set keyFile or keyVariable')
    const config = azure.SpeechConfig.fromSubscription(key, settings.region)
    config.speechSynthesisOutputFormat = azure.SpeechSynthesisOutputFormat.Raw16Khz16BitMonoPcm
    return async (asked: Asked, signal: AbortSignal) => {
      const synthesizer = new azure.SpeechSynthesizer(config, null)
      // Closing ends what is on its way.
      const close = (): void => synthesizer.close()
      signal.addEventListener('abort', close, { once: true })
      try {
        const result = await new Promise<{ reason: unknown; errorDetails?: string; audioData: ArrayBuffer }>(
          (resolve, reject) =>
            synthesizer.speakSsmlAsync(markup(asked), resolve, (error) => reject(new Error(String(error)))),
        )
        if (result.reason !== azure.ResultReason.SynthesizingAudioCompleted)
          throw new Error(result.errorDetails || 'Azure has not spoken it')
        return { samples: samplesOf(new Uint8Array(result.audioData)), sampleRateHz: 16_000 }
      } finally {
        signal.removeEventListener('abort', close)
        if (!signal.aborted) close()
      }
    }
  }
  return new CloudEngine('azure', settings, {}, connect, load)
}

function markup({ text, voice, rate, language }: Asked): string {
  const said = `<prosody rate="${rate}">${escaped(text)}</prosody>`
  return (
    `<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="${escaped(language)}">` +
    `<voice name="${escaped(voice)}">${said}</voice></speak>`
  )
}
