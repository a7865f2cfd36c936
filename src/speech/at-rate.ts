import { RateConverter } from '../media/index.ts'
import type { SpeechBlock } from './speech-engine.ts'

/**
 * Takes blocks of any sample rate to `toHz`.
 * @throws Error when they have none that can be converted, or change it in the middle
 */
export async function* atRate(blocks: AsyncIterable<SpeechBlock>, toHz: number): AsyncGenerator<Int16Array> {
  let converter: RateConverter | undefined
  let fromHz: number | undefined
  for await (const { samples, sampleRateHz } of blocks) {
    fromHz ??= sampleRateHz
    if (sampleRateHz !== fromHz) throw new Error('the speech changes its sample rate in the middle')
    if (!(sampleRateHz >= 8000 && sampleRateHz <= 192_000))
      throw new Error(`the speech is sampled at ${sampleRateHz} Hz: 8,000 to 192,000 Hz can be used`)
    converter ??= sampleRateHz === toHz ? undefined : new RateConverter(sampleRateHz, toHz)
    const converted = converter?.push(samples) ?? samples
    if (converted.length > 0) yield converted
  }
  const rest = converter?.finish()
  if (rest !== undefined && rest.length > 0) yield rest
}
