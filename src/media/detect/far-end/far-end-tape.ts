import { concatBytes, err, type Instant, ok, type Result, utf8Decode, utf8Encode } from '../../../kit/index.ts'
import { resample } from '../../dsp/resample.ts'
import { parseWav } from '../../file/wav-reader.ts'
import { mixDown, samplesOfWav } from '../../file/wav-samples.ts'
import { wavHeader } from '../../file/wav-writer.ts'
import type { FarEndEvent, FarEndOptions, FarEndSignal, FarEndVerdict } from './far-end.ts'
import { FarEndDetector } from './far-end-detector.ts'

/** Everything that a detector was given: whoever plays it again comes to the same verdict, bit for bit. */
export interface FarEndTape {
  readonly options: FarEndOptions
  /** 8 kHz, one channel. It begins at 0 of the clock of all that follows. */
  readonly samples: Int16Array
  /** In their order. */
  readonly signals: readonly { readonly signal: FarEndSignal; readonly atMs: Instant }[]
  /** Where what stands in {@link samples} was made up, in its order. */
  readonly missing: readonly { readonly atMs: Instant; readonly durationMs: number }[]
  /** What the detector has said of it, in its order. */
  readonly verdicts: readonly FarEndVerdict[]
}

/** How long a tape is at most: 1.9 MB. */
export const MOST_TAPE_MS = 120_000

/** Keeps what a detector is given, up to {@link MOST_TAPE_MS}. */
export class FarEndTapeRecorder {
  readonly #options: FarEndOptions
  readonly #blocks: Int16Array[] = []
  readonly #signals: { signal: FarEndSignal; atMs: Instant }[] = []
  readonly #missing: { atMs: Instant; durationMs: number }[] = []
  readonly #verdicts: FarEndVerdict[] = []
  #samples = 0

  constructor(options: FarEndOptions) {
    this.#options = options
  }

  /** Takes samples, which nobody writes to afterwards. */
  hear(samples: Int16Array): void {
    if (!this.#isFull) this.#push(samples)
  }

  /** @param madeUp what is heard instead; default silence */
  missing(durationMs: number, madeUp: Int16Array = new Int16Array(durationMs * SAMPLES_PER_MS)): void {
    if (this.#isFull) return
    const last = this.#missing.at(-1)
    if (last !== undefined && last.atMs + last.durationMs === this.#nowMs) last.durationMs += durationMs
    else this.#missing.push({ atMs: this.#nowMs, durationMs })
    this.#push(madeUp)
  }

  signal(signal: FarEndSignal, atMs: Instant): void {
    if (!this.#isFull) this.#signals.push({ signal, atMs })
  }

  /** The detector has said something. */
  event(event: FarEndEvent): void {
    if (event.type === 'verdict' && !this.#isFull) this.#verdicts.push(event)
  }

  /** What there is until now. */
  tape(): FarEndTape {
    const samples = new Int16Array(this.#samples)
    let at = 0
    for (const block of this.#blocks) {
      samples.set(block, at)
      at += block.length
    }
    return {
      options: this.#options,
      samples,
      signals: [...this.#signals],
      missing: this.#missing.map((each) => ({ ...each })),
      verdicts: [...this.#verdicts],
    }
  }

  #push(samples: Int16Array): void {
    this.#blocks.push(samples)
    this.#samples += samples.length
  }

  get #nowMs(): Instant {
    return this.#samples / SAMPLES_PER_MS
  }

  get #isFull(): boolean {
    return this.#nowMs >= MOST_TAPE_MS
  }
}

/** What a detector says of a tape. */
export function replayTape({ options, samples, signals, missing }: Omit<FarEndTape, 'verdicts'>): FarEndEvent[] {
  const detector = new FarEndDetector(options)
  const events: FarEndEvent[] = []
  const gaps = [...missing]
  const due = [...signals]
  const endMs = samples.length / SAMPLES_PER_MS
  const replay = ({ signal, atMs }: (typeof due)[number]): void => detector.signal(signal, atMs)
  for (let atMs = 0; ; ) {
    while (due[0] !== undefined && due[0].atMs <= atMs) replay(due.shift()!)
    for (let event = detector.poll(); event !== undefined; event = detector.poll()) events.push(event)
    if (atMs >= endMs) return events
    const [gap] = gaps
    const isGap = gap !== undefined && gap.atMs <= atMs
    if (isGap) gaps.shift()
    const untilMs = isGap
      ? Math.min(endMs, gap.atMs + gap.durationMs)
      : Math.min(endMs, atMs + BLOCK_MS, gap?.atMs ?? endMs, due[0]?.atMs ?? endMs)
    if (isGap) detector.missing(untilMs - atMs, atMs)
    else detector.hear(samples.subarray(atMs * SAMPLES_PER_MS, untilMs * SAMPLES_PER_MS), atMs)
    atMs = untilMs
  }
}

/** A call of which only the sound is known, and when it was answered: before that it is early media. */
export function tapeOfCall(samples: Int16Array, connectMs: number, options: FarEndOptions): FarEndTape {
  const early: FarEndTape['signals'] = connectMs > 0 ? [{ signal: 'earlyMedia', atMs: 0 }] : []
  const whole = samples.subarray(0, MOST_TAPE_MS * SAMPLES_PER_MS)
  return {
    options,
    samples: whole,
    signals: [...early, { signal: 'answered', atMs: connectMs }],
    missing: [],
    verdicts: [],
  }
}

/** A tape as a WAV file: its sound, 16-bit at 8 kHz, and behind that a chunk of our own with everything else. */
export function wavOfTape({ samples, ...rest }: FarEndTape): Uint8Array {
  const data = new Uint8Array(2 * samples.length)
  const view = new DataView(data.buffer)
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, samples[i]!, true)
  const text = utf8Encode(JSON.stringify({ version: VERSION, ...rest }))
  const chunk = new Uint8Array(8 + text.length + (text.length & 1))
  chunk.set(utf8Encode(CHUNK))
  new DataView(chunk.buffer).setUint32(4, text.length, true)
  chunk.set(text, 8)
  const header = wavHeader('pcm16', data.length)
  new DataView(header.buffer).setUint32(4, header.length - 8 + data.length + chunk.length, true)
  return concatBytes(header, data, chunk)
}

/**
 * Reads a WAV file. The error says what is wrong with it.
 * @returns its sound, mono at 8 kHz, and the rest of the tape where {@link wavOfTape} has written it
 */
export function tapeOfWav(bytes: Uint8Array): Result<{ readonly samples: Int16Array; readonly tape?: FarEndTape }> {
  const wav = parseWav(bytes)
  if (!wav.ok) return wav
  const mono = mixDown(samplesOfWav(wav.value), wav.value.channels)
  const samples = wav.value.sampleRateHz === 8000 ? mono : resample(mono, wav.value.sampleRateHz, 8000)
  const behind = wav.value.data.byteOffset - bytes.byteOffset + wav.value.data.length
  const text = chunkAt(bytes, behind + (behind & 1))
  if (text === undefined) return ok({ samples })
  try {
    const { version, options, signals, missing, verdicts } = JSON.parse(text)
    if (version !== VERSION) return err(`it is a tape of version ${version}, and this is version ${VERSION}`)
    return ok({ samples, tape: { options, samples, signals, missing, verdicts } })
  } catch {
    return err('its chunk of detection is damaged')
  }
}

function chunkAt(bytes: Uint8Array, at: number): string | undefined {
  if (at + 8 > bytes.length || utf8Decode(bytes.subarray(at, at + 4)) !== CHUNK) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4, true)
  return utf8Decode(bytes.subarray(at + 8, at + 8 + length))
}

const CHUNK = 'rlsd'
const VERSION = 1
const SAMPLES_PER_MS = 8
/** What a tap hands over at a time. */
const BLOCK_MS = 20
