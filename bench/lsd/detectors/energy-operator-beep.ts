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
/** Samples over which estimates are averaged, then averages over which they may vary so much, and for how long that has to hold. */
const WINDOW = 16
const STILL_SAMPLES = 64
const MOST_FREQUENCY_VARIANCE = 0.000025
const MOST_AMPLITUDE_VARIANCE = 0.0148
/** 0.5 s. */
const SAME_BEEP_SAMPLES = 4000
/** -40 dBm0. */
const LEAST_AMPLITUDE = 228

class BeepListener implements CallListener {
  readonly #outbox = new Outbox()
  readonly #x = new Float64Array(5)
  readonly #frequency = new Steadiness()
  readonly #amplitude = new Steadiness()
  #still = 0
  #isAnswered = false
  /** Since it last stood still. */
  #quietSamples = SAME_BEEP_SAMPLES

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
    this.#frequency.add(isSine ? Math.acos(cosine) / 2 : 0)
    this.#amplitude.add(isSine ? (2 * energy) / Math.sqrt(change) : 0)
    if (isSine && this.#standsStill()) this.#still++
    else this.#still = 0
    this.#quietSamples++
    if (this.#still < STILL_SAMPLES) return
    const isSameBeep = this.#quietSamples < SAME_BEEP_SAMPLES
    this.#quietSamples = 0
    if (isSameBeep) return
    this.#outbox.say({ type: 'beepStarted' })
    this.#outbox.decide('machine', 'beep')
  }

  #standsStill(): boolean {
    const frequency = this.#frequency.mean
    const amplitude = this.#amplitude.mean
    if (frequency < LOWEST || frequency > HIGHEST || amplitude < LEAST_AMPLITUDE) return false
    return (
      this.#frequency.variance < MOST_FREQUENCY_VARIANCE &&
      this.#amplitude.variance < MOST_AMPLITUDE_VARIANCE * amplitude * amplitude
    )
  }
}

/** Averages of the last values, and how much the last averages vary. */
class Steadiness {
  readonly #values = new Float64Array(WINDOW)
  readonly #averages = new Float64Array(WINDOW)
  #at = 0

  add(value: number): void {
    this.#values[this.#at] = value
    this.#averages[this.#at] = meanOf(this.#values)
    this.#at = (this.#at + 1) % WINDOW
  }

  get mean(): number {
    return meanOf(this.#averages)
  }

  get variance(): number {
    const mean = this.mean
    let sum = 0
    for (let i = 0; i < WINDOW; i++) sum += (this.#averages[i]! - mean) ** 2
    return sum / WINDOW
  }
}

function meanOf(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < WINDOW; i++) sum += values[i]!
  return sum / WINDOW
}
