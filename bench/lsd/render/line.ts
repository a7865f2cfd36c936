import { spawnSync } from 'node:child_process'
import { integerBelow, type Random, uniform } from '../../../src/kit/index.ts'
import type { Clip, Material } from '../material.ts'
import type { Split } from '../strata.ts'
import type { Channel, NoiseKind, SecondCodec } from './channel.ts'
import { gain, levelOf, mixInto, noiseOf, PER_MS, peakAt, scaleTo } from './sound.ts'
import { NOMINAL_DBM0 } from './timeline.ts'

/** What sends a signal over a line: its band, a second codec, noise, an echo of ours. The result is as long. */
export function overLine(
  sound: Float32Array,
  channel: Channel,
  answeredAtMs: number,
  material: Material,
  split: Split,
  random: Random,
): Int16Array {
  let line = band(sound, channel)
  gain(line, channel.levelDbm0 - NOMINAL_DBM0)
  if (channel.clipDbm0 !== undefined) clip(line, peakAt(channel.clipDbm0))
  if (channel.secondCodec !== undefined) line = throughCodec(line, channel.secondCodec)
  if (channel.noise !== undefined)
    mixInto(line, noise(channel.noise, line.length, channel.noiseDbm0, material, split, random), 0)
  if (channel.echo !== undefined) {
    const { afterMs, lengthMs, lossDb, delayMs } = channel.echo
    const prompt = ourPrompt(lengthMs, material, split, random)
    mixInto(line, prompt, Math.round((answeredAtMs + afterMs + delayMs) * PER_MS), 10 ** (-lossDb / 20))
  }
  return toInt16(line)
}

/** Two poles at either end of the band, and a shelf of first order for the tilt. */
function band(sound: Float32Array, { lowHz, highHz, tiltDb }: Channel): Float32Array {
  const out = Float32Array.from(sound)
  biquad(out, 'highpass', lowHz)
  biquad(out, 'lowpass', highHz)
  // Louder or softer from 1 kHz on: what a one-pole low-pass leaves over.
  const [pole, rise] = [Math.exp((-2 * Math.PI * 1000) / 8000), 10 ** (tiltDb / 40)]
  let low = 0
  for (let i = 0; i < out.length; i++) {
    low += (1 - pole) * (out[i]! - low)
    out[i] = low / rise + (out[i]! - low) * rise
  }
  return out
}

/** Butterworth, after the cookbook of R. Bristow-Johnson. */
function biquad(samples: Float32Array, kind: 'highpass' | 'lowpass', hz: number): void {
  const turn = (2 * Math.PI * hz) / 8000
  const alpha = Math.sin(turn) / Math.SQRT2
  const cosine = Math.cos(turn)
  const edge = kind === 'lowpass' ? 1 - cosine : 1 + cosine
  const norm = 1 + alpha
  const [b0, b1] = [edge / 2 / norm, (kind === 'lowpass' ? edge : -edge) / norm]
  const [a1, a2] = [(-2 * cosine) / norm, (1 - alpha) / norm]
  let [x1, x2, y1, y2] = [0, 0, 0, 0]
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!
    const y = b0 * (x + x2) + b1 * x1 - a1 * y1 - a2 * y2
    x2 = x1
    x1 = x
    y2 = y1
    y1 = y
    samples[i] = y
  }
}

function clip(samples: Float32Array, peak: number): void {
  for (let i = 0; i < samples.length; i++) samples[i] = Math.max(-peak, Math.min(peak, samples[i]!))
}

const RAW = ['-t', 'raw', '-r', '8000', '-c', '1', '-b', '16', '-e', 'signed-integer']

/** Through the codec of a mobile or cordless telephone, by sox or ffmpeg. */
function throughCodec(samples: Float32Array, codec: SecondCodec): Float32Array {
  const pcm = toInt16(samples)
  const bytes = Buffer.from(pcm.buffer)
  const coded =
    codec === 'g726'
      ? pipe(
          'ffmpeg',
          [
            '-v',
            'error',
            '-f',
            's16le',
            '-ar',
            '8000',
            '-ac',
            '1',
            '-i',
            'pipe:0',
            '-c:a',
            'g726',
            '-b:a',
            '32k',
            '-f',
            'wav',
            'pipe:1',
          ],
          bytes,
        )
      : pipe('sox', ['-D', ...RAW, '-', '-t', codec, '-'], bytes)
  const decoded =
    codec === 'g726'
      ? pipe(
          'ffmpeg',
          ['-v', 'error', '-f', 'wav', '-i', 'pipe:0', '-f', 's16le', '-ar', '8000', '-ac', '1', 'pipe:1'],
          coded,
        )
      : pipe('sox', ['-D', '-t', codec, '-', ...RAW, '-'], coded)
  const out = new Float32Array(samples.length)
  const read = new Int16Array(decoded.buffer.slice(decoded.byteOffset, decoded.byteOffset + (decoded.length & ~1)))
  out.set(Float32Array.from(read.subarray(0, out.length)))
  return out
}

function pipe(program: string, options: readonly string[], input: Buffer): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, options, { input, maxBuffer: 1 << 26 })
  if (status !== 0 || stdout.length === 0)
    throw new Error(`${program} ${options.join(' ')}: ${error?.message ?? stderr.toString()}`)
  return stdout
}

function noise(
  kind: NoiseKind,
  length: number,
  levelDbm0: number,
  material: Material,
  split: Split,
  random: Random,
): Float32Array {
  if (kind === 'white' || kind === 'pink') return noiseOf(kind, length, levelDbm0, random)
  if (kind === 'car') return noiseOf('brown', length, levelDbm0, random)
  if (kind === 'street') return street(length, levelDbm0, random)
  return babble(length, levelDbm0, material, split, random)
}

/** Cars that pass. */
function street(length: number, levelDbm0: number, random: Random): Float32Array {
  const samples = noiseOf('pink', length, levelDbm0, random)
  const periodMs = 2000 + 4000 * uniform(random)
  const start = uniform(random)
  for (let i = 0; i < length; i++)
    samples[i] = samples[i]! * (0.55 + 0.45 * Math.sin(2 * Math.PI * (start + i / PER_MS / periodMs)))
  scaleTo(samples, levelDbm0)
  return samples
}

const VOICES_OF_BABBLE = 8

/** So many voices at once that none is understood. */
function babble(length: number, levelDbm0: number, material: Material, split: Split, random: Random): Float32Array {
  const samples = new Float32Array(length)
  for (let n = 0; n < VOICES_OF_BABBLE; n++) {
    const voice = material.pick(random, ['synthetic', 'studio'], split, ({ lengthMs }) => lengthMs > 1500)
    const said = material.samples(voice)
    const factor = 10 ** ((NOMINAL_DBM0 - voice.levelDbm0) / 20)
    for (let at = -integerBelow(random, said.length); at < length; at += said.length) mixInto(samples, said, at, factor)
  }
  scaleTo(samples, levelDbm0)
  return samples
}

const PROMPT_DBM0 = -16

/** What we say to the far end while we listen. */
function ourPrompt(lengthMs: number, material: Material, split: Split, random: Random): Float32Array {
  const voice: Clip = material.pick(random, ['studio'], split, (clip) => clip.lengthMs > lengthMs)
  const samples = Float32Array.from(material.samples(voice).subarray(0, Math.round(lengthMs * PER_MS)))
  gain(samples, PROMPT_DBM0 - voice.levelDbm0)
  return samples
}

function toInt16(samples: Float32Array): Int16Array {
  const out = new Int16Array(samples.length)
  for (let i = 0; i < samples.length; i++) out[i] = Math.max(-32_768, Math.min(32_767, Math.round(samples[i]!)))
  return out
}

/** The level of each 20 ms, for whoever asks whether something is to be heard there. */
export function frameLevels(samples: ArrayLike<number>): number[] {
  const levels: number[] = []
  for (let at = 0; at < samples.length; at += 160) levels.push(levelOf(samples, at, Math.min(samples.length, at + 160)))
  return levels
}
