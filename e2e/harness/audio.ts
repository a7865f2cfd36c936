import { readFileSync, writeFileSync } from 'node:fs'

/** Telephone audio of the tests: mono, 8 kHz, 16 bits. Written apart from `src/`, so that it can judge it. */
export const SAMPLE_RATE = 8000

/**
 * Sound that resembles nothing but itself: a gliding voice of harmonics in syllables, with some hiss, so that its
 * correlation with a shifted copy of itself is small. The same seed gives the same sound.
 */
export function babble(seconds: number, seed: number): Int16Array {
  const random = seeded(seed)
  const samples = new Int16Array(Math.round(seconds * SAMPLE_RATE))
  let phase = 0
  let pitch = 120
  let target = 180
  let level = 0
  let targetLevel = 1
  for (let index = 0; index < samples.length; index += 1) {
    if (index % 1200 === 0) {
      target = 90 + 170 * random()
      targetLevel = 0.2 + 0.8 * random()
    }
    pitch += (target - pitch) * 0.001
    level += (targetLevel - level) * 0.004
    phase += (2 * Math.PI * pitch) / SAMPLE_RATE
    let value = 0
    for (let harmonic = 1; harmonic <= 8; harmonic += 1) value += Math.sin(harmonic * phase + harmonic ** 2) / harmonic
    samples[index] = Math.round(level * (5000 * value + 1500 * (random() - 0.5)))
  }
  return samples
}

export function silence(seconds: number): Int16Array {
  return new Int16Array(Math.round(seconds * SAMPLE_RATE))
}

export function joined(...parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function writeWav(path: string, samples: Int16Array): void {
  const bytes = Buffer.alloc(44 + samples.length * 2)
  bytes.write('RIFF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8, 'latin1')
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(SAMPLE_RATE, 24)
  bytes.writeUInt32LE(SAMPLE_RATE * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(samples.length * 2, 40)
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, 44 + index * 2)
  writeFileSync(path, bytes)
}

/**
 * Reads a mono 16-bit WAV file at 8 kHz, or at the rate given.
 * @throws Error when the file is anything else
 */
/** Reads a WAV file of 16 bits; of several channels only the first. */
export function readWav(path: string, sampleRate: number = SAMPLE_RATE, channels = 1): Int16Array {
  const bytes = readFileSync(path)
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error(`${path} is no WAV file`)
  let format: readonly number[] = []
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    const body = bytes.subarray(at + 8, at + 8 + size)
    if (id === 'fmt ')
      format = [body.readUInt16LE(0), body.readUInt16LE(2), body.readUInt32LE(4), body.readUInt16LE(14)]
    if (id === 'data') {
      if (format.join() !== `1,${channels},${sampleRate},16`)
        throw new Error(
          `${path} is not 16-bit at ${sampleRate} Hz with ${channels} channels: format, channels, rate, bits are ${format.join()}`,
        )
      const step = 2 * channels
      return Int16Array.from({ length: Math.floor(body.length / step) }, (_, index) => body.readInt16LE(index * step))
    }
    at += 8 + size + (size % 2)
  }
  throw new Error(`${path} holds no audio`)
}

/** Mulberry32: small, fast, and the same on every machine. Numbers from 0 up to and not including 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Writes samples as raw µ-law (ITU-T G.711), octet by octet. */
export function writeUlaw(path: string, samples: Int16Array): void {
  writeFileSync(path, Uint8Array.from(samples, ulaw))
}

function ulaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132
  const segment = Math.floor(Math.log2(magnitude)) - 7
  // The octet is sent with all but the sign inverted.
  return sign | (0x7f ^ ((segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)))
}
