/**
 * How an utterance ends: the voice falls at the end of a sentence, and is held where somebody breathes or looks for a word.
 * Told by the level, which is a matter of the sentence and not of the microphone.
 */
export class UtteranceEnd {
  #loudest = 0
  #sum = 0
  #frames = 0
  readonly #last = new Float64Array(END_FRAMES)
  #turn = 0
  #end = 0

  begin(): void {
    this.#loudest = 0
    this.#sum = 0
    this.#frames = 0
    this.#last.fill(0)
    this.#end = 0
  }

  /** @param power of a frame of the utterance, per sample */
  hear(power: number): void {
    this.#last[this.#turn] = power
    this.#turn = (this.#turn + 1) % END_FRAMES
    if (power > this.#loudest) this.#loudest = power
    if (power < this.#loudest * SOFT) return
    this.#sum += power
    this.#frames++
    if (power < this.#loudest * END) return
    let end = 0
    for (let i = 0; i < END_FRAMES; i++) end += this.#last[i]!
    this.#end = end / END_FRAMES
  }

  /** How loud its last 160 ms are, against all of it, dB: some -5 at the end of a sentence, some -1 before a breath. */
  get fallDb(): number {
    return this.#sum === 0 ? 0 : 10 * Math.log10((this.#end * this.#frames) / this.#sum)
  }
}

const END_FRAMES = 8
/** 25 and 22 dB below the loudest frame there is no voice any more. */
const SOFT = 0.003
const END = 0.006
