/**
 * Tells sound from the noise of the line by its level alone: 9 dB above a floor that follows down at once and up slowly.
 * What the simple rules use that publish no voice activity detection of their own.
 */
export class SpeechGate {
  #floorDb = -60

  /** @returns whether the frame is louder than the noise */
  hear(frame: Int16Array): boolean {
    let sum = 0
    for (let i = 0; i < frame.length; i++) sum += frame[i]! * frame[i]!
    const db = 10 * Math.log10(sum / frame.length + 1) - FULL_SCALE_DB
    if (db < this.#floorDb) this.#floorDb = db
    else this.#floorDb += Math.min(0.06, db - this.#floorDb)
    return db > Math.max(this.#floorDb + 9, LEAST_DB)
  }
}

/** A sine of 0 dBm0 has this power. */
const FULL_SCALE_DB = 10 * Math.log10((32_768 ** 2 * 10 ** (-3.14 / 10)) / 2)
const LEAST_DB = -48
