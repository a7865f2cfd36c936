/** A piece of what a compressed file holds, mixed to mono. */
export interface DecodedAudio {
  readonly samples: Int16Array
  readonly sampleRateHz: number
}

/** Decodes a compressed file, in order. It may not be used any more when it has thrown. */
export interface AudioDecoder {
  /**
   * Takes the next octets of the file and gives what they complete, a piece at a time: a small file may hold much.
   * @throws Error saying what is wrong with the file
   */
  decode(bytes: Uint8Array): Iterable<DecodedAudio>
  /**
   * The file ends here: gives the rest.
   * @throws Error saying what is missing
   */
  finish(): Iterable<DecodedAudio>
}

/** Takes octets as they come and hands them out as they are needed. */
export class ByteQueue {
  #bytes = new Uint8Array(0)
  #skipping = 0

  /** What has come and was not taken. It is good until the next {@link push}. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  push(bytes: Uint8Array): void {
    const skipped = Math.min(this.#skipping, bytes.length)
    this.#skipping -= skipped
    const all = new Uint8Array(this.#bytes.length + bytes.length - skipped)
    all.set(this.#bytes)
    all.set(bytes.subarray(skipped), this.#bytes.length)
    this.#bytes = all
  }

  /** Steps over `count` octets, also over those that have not come yet. */
  skip(count: number): void {
    const here = Math.min(count, this.#bytes.length)
    this.#bytes = this.#bytes.subarray(here)
    this.#skipping += count - here
  }
}

/** Mixes channels of samples from -1 to 1 to 16-bit mono, each by its share, so that the mix cannot overflow. */
export function monoOfFloats(channels: readonly Float32Array[]): Int16Array {
  const mono = new Int16Array(channels[0]?.length ?? 0)
  for (let i = 0; i < mono.length; i++) {
    let sum = 0
    for (const channel of channels) sum += channel[i]!
    mono[i] = Math.max(-32_768, Math.min(32_767, Math.round((32_767 * sum) / channels.length)))
  }
  return mono
}
