// How well the voice activity detector tells speech, by recordings of your own, and what it costs. Not one of
// `npm run bench`, for it needs a folder of WAV or FLAC files, each with somebody speaking and some quiet around it:
//
//     npm run build && node --import jiti/register bench/voice-activity.ts SPEECH [MUSIC]
//
// What is speech in a clip is told by its level: within 22 dB of its loud parts and 10 dB above its soft ones, pauses of
// 200 ms filled. That is rough, so noise that is loud in a clip counts against the detector.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AudioClip } from '../src/media/index.ts'
import { built } from './interleaved.ts'

const { VoiceActivityDetector } = await built<typeof import('../src/media/detect/voice-activity-detector.ts')>(
  'detect/voice-activity-detector',
)
const { levelDbm0, sinePeak } = await built<typeof import('../src/media/dsp/level.ts')>('dsp/level')
const { g711 } = await built<typeof import('../src/media/codec/g711.ts')>('codec/g711')
const { LocalAudioFiles } = (await import(
  '../dist/server/files/audio/audio-files.js' as string
)) as typeof import('../src/server/files/audio/audio-files.ts')

const FRAME = 160
const FRAME_MS = 20
const LINES = [
  { name: 'as it is' },
  { name: 'at -26 dBm0, noise of -50', levelDbm0: -26, noiseDbm0: -50 },
  { name: 'at -26 dBm0, noise of -36', levelDbm0: -26, noiseDbm0: -36 },
  { name: 'at -38 dBm0, noise of -55', levelDbm0: -38, noiseDbm0: -55 },
]

const [speech, music] = process.argv.slice(2)
if (speech === undefined) {
  console.error('usage: bench/voice-activity.ts SPEECH [MUSIC]: folders of WAV or FLAC files')
  process.exit(2)
}
const files = new LocalAudioFiles()
const clips = await clipsIn(speech)
console.log(`${clips.length} clips, ${minutes(clips)} minutes of ${speech}`)
for (const line of LINES) report(line)
reportCost()
if (music !== undefined) reportMusic(await clipsIn(music))

interface Line {
  readonly name: string
  readonly levelDbm0?: number
  readonly noiseDbm0?: number
}

function report(line: Line): void {
  let [spoken, found, quiet, mistaken, missed] = [0, 0, 0, 0, 0]
  const delays: number[] = []
  for (const [seed, clip] of clips.entries()) {
    const truth = speechFrames(clip)
    const onset = truth.indexOf(true)
    if (onset < 0) continue
    const heard = hear(overLine(clip, line, seed))
    let hits = 0
    for (const [i, isSpeech] of truth.entries()) {
      if (isSpeech) {
        spoken++
        if (heard.frames[i]) hits++
      } else if (!truth.slice(Math.max(0, i - 20), i + 6).includes(true)) {
        // The hangover is not held against it, nor what stands at the edges.
        quiet++
        if (heard.frames[i]) mistaken++
      }
    }
    found += hits
    if (hits === 0) missed++
    else if (heard.firstSaid >= onset - 5) delays.push((heard.firstSaid + 1 - onset) * FRAME_MS)
  }
  delays.sort((a, b) => a - b)
  const at = (share: number): string => `${delays[Math.floor(share * (delays.length - 1))]} ms`
  console.log(
    `  ${line.name.padEnd(28)} hit ${percent(found, spoken)}, false ${percent(mistaken, quiet)} of ` +
      `${Math.round((quiet * FRAME_MS) / 1000)} s, missed ${missed}, onset ${at(0.5)} (95 %: ${at(0.95)})`,
  )
}

function reportCost(): void {
  const began = process.cpuUsage()
  for (let round = 0; round < 3; round++) for (const clip of clips) hear(clip)
  const { user, system } = process.cpuUsage(began)
  const seconds = (3 * clips.reduce((sum, clip) => sum + clip.length, 0)) / 8000
  console.log(`  CPU ${((user + system) / 1000 / seconds).toFixed(2)} ms for a second of it`)
}

function reportMusic(pieces: readonly Int16Array[]): void {
  for (const piece of pieces) {
    const { frames } = hear(overLine(piece, { name: '' }, 0))
    console.log(
      `  music, ${minutes([piece])} minutes: called speech ${percent(frames.filter(Boolean).length, frames.length)}`,
    )
  }
}

/** What is said to be speech, from when it is said to have begun; and the frame at which that was first said. */
function hear(samples: Int16Array): { readonly frames: boolean[]; readonly firstSaid: number } {
  const detector = new VoiceActivityDetector()
  const frames = new Array<boolean>(Math.floor(samples.length / FRAME)).fill(false)
  let firstSaid = -1
  for (let i = 0; i < frames.length; i++) {
    const edge = detector.hear(samples.subarray(i * FRAME, (i + 1) * FRAME))
    if (edge === 'begins') {
      if (firstSaid < 0) firstSaid = i
      frames.fill(true, Math.round(detector.beganAtMs / FRAME_MS), i)
    }
    frames[i] = detector.isSpeaking
  }
  return { frames, firstSaid }
}

function speechFrames(samples: Int16Array): boolean[] {
  const levels: number[] = []
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) levels.push(levelDbm0(samples.subarray(at, at + FRAME)))
  const sorted = [...levels].sort((a, b) => a - b)
  const least = Math.max(sorted[Math.floor(sorted.length * 0.97)]! - 22, sorted[Math.floor(sorted.length * 0.1)]! + 10)
  const isSpeech = levels.map((level) => level > least)
  for (let i = 0; i < isSpeech.length; i++) {
    if (!isSpeech[i] || isSpeech[i - 1]) continue
    let end = i
    while (isSpeech[end]) end++
    // A click.
    if (end - i < 3) isSpeech.fill(false, i, end)
  }
  let last = -1
  for (const [i, is] of [...isSpeech.entries()]) {
    if (!is) continue
    if (last >= 0 && i - last <= 10) isSpeech.fill(true, last, i)
    last = i
  }
  return isSpeech
}

function overLine(samples: Int16Array, { levelDbm0: level, noiseDbm0 }: Line, seed: number): Int16Array {
  const gain = level === undefined ? 1 : 10 ** ((level - levelDbm0(samples)) / 20)
  const noise = noiseDbm0 === undefined ? () => 0 : pinkNoise(noiseDbm0, seed)
  const out = samples.map((value) => Math.max(-32_768, Math.min(32_767, value * gain + noise())))
  const octets = new Uint8Array(out.length)
  g711.encodePcmu(out, 0, out.length, octets, 0)
  g711.decodePcmu(octets, 0, octets.length, out, 0)
  return out
}

/** Noise that falls by 3 dB an octave, the same for the same seed. */
function pinkNoise(level: number, seed: number): () => number {
  let state = seed * 2654435761 + 1
  const poles = [0, 0, 0]
  const gain = (sinePeak(level) / Math.SQRT2) * 0.94
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const white = state / 2 ** 32 - 0.5
    poles[0] = 0.99765 * poles[0]! + white * 0.099
    poles[1] = 0.963 * poles[1]! + white * 0.2965
    poles[2] = 0.57 * poles[2]! + white * 1.0527
    return gain * (poles[0]! + poles[1]! + poles[2]! + white * 0.1848)
  }
}

async function clipsIn(folder: string): Promise<Int16Array[]> {
  const names = readdirSync(folder).filter((name) => /\.(wav|flac)$/i.test(name))
  return Promise.all(
    names.map(async (name) => linear((await files.load(join(folder, name), name, 8000 * 600, 8000)) as AudioClip)),
  )
}

function linear({ encoding, data }: AudioClip): Int16Array {
  if (encoding === 'pcm16') return data
  const samples = new Int16Array(data.length)
  if (encoding === 'pcmu') g711.decodePcmu(data, 0, data.length, samples, 0)
  else g711.decodePcma(data, 0, data.length, samples, 0)
  return samples
}

function minutes(pieces: readonly Int16Array[]): string {
  return (pieces.reduce((sum, piece) => sum + piece.length, 0) / 480_000).toFixed(1)
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`
}
