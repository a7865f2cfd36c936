import { parseWav, samplesOfWav } from '../../media/index.ts'
import { type Asked, CloudEngine, type CloudSettings } from './cloud-engine.ts'
import type { LoadPeer } from './load-peer.ts'

/**
 * Google Cloud Text-to-Speech, through the package `@google-cloud/text-to-speech`, which finds its credentials itself
 * (`GOOGLE_APPLICATION_CREDENTIALS`). Voices are named as theirs: `en-US-Neural2-A`.
 */
export interface GoogleSettings extends CloudSettings {
  readonly type: 'google'
}

interface Google {
  readonly TextToSpeechClient: new () => {
    synthesizeSpeech(request: object, options: object): Promise<[{ audioContent?: Uint8Array | string | null }]>
  }
}

export function googleEngine(settings: GoogleSettings, load?: LoadPeer): CloudEngine {
  const { timeoutMs = 15_000 } = settings
  const connect = async (loadModule: LoadPeer) => {
    const client = new ((await loadModule('@google-cloud/text-to-speech')) as Google).TextToSpeechClient()
    return async ({ text, voice, rate, language }: Asked) => {
      const [{ audioContent }] = await client.synthesizeSpeech(
        {
          input: { text },
          voice: { name: voice, languageCode: languageOfVoice(voice) ?? language },
          audioConfig: { audioEncoding: 'LINEAR16', sampleRateHertz: 16_000, speakingRate: rate },
        },
        { timeout: timeoutMs },
      )
      if (!(audioContent instanceof Uint8Array)) throw new Error('Google has answered without audio')
      const wav = parseWav(audioContent)
      if (!wav.ok) throw new Error(`Google has answered with something else: ${wav.error}`)
      return { samples: samplesOfWav(wav.value), sampleRateHz: wav.value.sampleRateHz }
    }
  }
  return new CloudEngine('google', settings, {}, connect, load)
}

/** `en-US` of `en-US-Neural2-A`. */
function languageOfVoice(voice: string): string | undefined {
  return /^[a-z]{2,3}-[A-Z]{2}(?=-)/.exec(voice)?.[0]
}
