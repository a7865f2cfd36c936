import { type CallListener, type CallSignal, type Detector, Outbox, type Outcome } from './detector.ts'

/**
 * A finder of beeps as FreeSWITCH's avmd works, in our words: an energy operator on five samples (DESA-2, Maragos, Kaiser
 * and Quatieri 1993) estimates frequency and amplitude of the one sine that it takes everything for; both standing still
 * is a beep. It knows no spectrum, so noise of 20 dB below the beep hides it. A beep makes the far end a machine.
 */
export const ENERGY_OPERATOR_BEEP: Detector = {
  name: 'energy-operator',
  title: 'beeps by an energy operator, like avmd',
  listen: () => new BeepListener(),
}

const LOWEST = (2 * Math.PI * 440) / 8000
const HIGHEST = (2 * Math.PI * 2000) / 8000
/** Samples over which estimates are averaged, and over which the averages have to stand still. */
const WINDOW = 16
const STILL_SAMPLES = 160
const MOST_FREQUENCY_VARIANCE = 0.000025
const MOST_AMPLITUDE_VARIANCE = 0.0148
/** -40 dBm0. */
const LEAST_AMPLITUDE = 228

class BeepListener implements CallListener {
  readonly #outbox = new Outbox()
  readonly #x = new Float64Array(5)
  readonly #frequencies = new Float64Array(WINDOW)
  readonly #amplitudes = new Float64Array(WINDOW)
  #at = 0
  #still = 0
  #isAnswered = false
  #isBeeping = false

  signal(signal: CallSignal): void {
    if (signal.type === 'answered') this.#isAnswered = true
  }

  hear(frame: Int16Array): void {
    if (!this.#isAnswered) return
    for (let i = 0; i < frame.length; i++) this.#sample(frame[i]!)
  }

  missing(): void {
    this.#still = 0
  }

  poll(): Outcome | undefined {
    return this.#outbox.poll()
  }

  #sample(value: number): void {
    const x = this.#x
    x.copyWithin(0, 1)
    x[4] = value
    const energy = x[2]! * x[2]! - x[1]! * x[3]!
    const [before, now, after] = [x[2]! - x[0]!, x[3]! - x[1]!, x[4]! - x[2]!]
    const change = now * now - before * after
    const cosine = 1 - change / (2 * energy)
    const isSine = energy > 0 && change > 0 && cosine > -1 && cosine < 1
    this.#frequencies[this.#at] = isSine ? Math.acos(cosine) / 2 : 0
    this.#amplitudes[this.#at] = isSine ? (2 * energy) / Math.sqrt(change) : 0
    this.#at = (this.#at + 1) % WINDOW
    if (isSine && this.#standsStill()) this.#still++
    else {
      this.#still = 0
      this.#isBeeping = false
    }
    if (this.#still < STILL_SAMPLES || this.#isBeeping) return
    this.#isBeeping = true
    this.#outbox.say({ type: 'beepStarted' })
    this.#outbox.decide('machine', 'beep')
  }

  #standsStill(): boolean {
    const frequency = meanOf(this.#frequencies)
    if (frequency < LOWEST || frequency > HIGHEST) return false
    const amplitude = meanOf(this.#amplitudes)
    return (
      amplitude > LEAST_AMPLITUDE &&
      varianceOf(this.#frequencies, frequency) < MOST_FREQUENCY_VARIANCE &&
      varianceOf(this.#amplitudes, amplitude) < MOST_AMPLITUDE_VARIANCE * amplitude * amplitude
    )
  }
}

function meanOf(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < WINDOW; i++) sum += values[i]!
  return sum / WINDOW
}

function varianceOf(values: Float64Array, mean: number): number {
  let sum = 0
  for (let i = 0; i < WINDOW; i++) sum += (values[i]! - mean) ** 2
  return sum / WINDOW
}
