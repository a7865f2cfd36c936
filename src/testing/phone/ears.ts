import type { Instant } from '../../kit/index.ts'
import { codecNamed, levelDbm0 } from '../../media/index.ts'
import { type Truth, type Utterance, wordsHeard } from '../truth/truth.ts'
import { ToneEar } from './tone-ear.ts'

/** One piece of speech as it reached a phone. */
export interface HeardSpeech {
  readonly utterance: Utterance
  readonly startedAt: Instant
  /** When the last of it came. */
  endedAt: Instant
  /** How much of it came, lost packets left out. */
  heardMs: number
  /** How far it was played. */
  reachedMs: number
}

/** A key that was heard, and when. */
export interface HeardDigit {
  readonly digit: string
  readonly at: Instant
}

const FRAME_MS = 20
const AUDIBLE_DBM0 = -45
const KEYS = '0123456789*#ABCD'
const LOW_HZ = [697, 770, 852, 941]
const HIGH_HZ = [1209, 1336, 1477, 1633]
const KEYPAD = '123A456B789C*0#D'
/** After so long without a packet of it, the same file is being played again. */
const GAP_MS = 1000
/** A stream that sends nothing for so long has paused. */
const STREAM_GAP_MS = 200

/**
 * The receiving half of a phone's audio: what was said (from the truth beside the packets, and only where there is sound
 * in them), tones by ear, digits, and silence.
 */
export class Ears {
  readonly speech: HeardSpeech[] = []
  readonly digits: HeardDigit[] = []
  /** When something loud enough to be heard came last. */
  lastSoundAt: Instant = Number.NEGATIVE_INFINITY
  packets = 0
  readonly #tones = new ToneEar()
  readonly #samples = new Int16Array(1000)
  readonly #frame = new Int16Array(160)
  readonly #hearsTones: boolean
  readonly #telephoneEvent: () => number | undefined
  #held = 0
  /** RTP time of the first packet of the stream, and when it came: tones are timed by it, not by jitter. */
  #anchor: { ssrc: number; timestamp: number; at: Instant; next: number } | undefined
  #lastEvent: number | undefined
  #lastToneDigits = 0
  #lastPacketAt: Instant = 0

  /** @param telephoneEvent the payload type of telephone-event that is agreed on at the time */
  constructor(telephoneEvent: () => number | undefined, hearsTones: boolean) {
    this.#hearsTones = hearsTones
    this.#telephoneEvent = telephoneEvent
  }

  get tones(): ToneEar['tones'] {
    return this.#tones.tones
  }

  /** Says that time has passed: a tone whose packets have stopped has ended. Returns whether one has. */
  notice(now: Instant): boolean {
    if (this.tones.at(-1)?.isOpen !== true || now - this.#lastPacketAt < STREAM_GAP_MS) return false
    this.#tones.hear(undefined, now)
    this.#anchor = undefined
    return true
  }

  /** Takes one datagram. */
  hear(packet: Uint8Array, truth: Truth | undefined, now: Instant): void {
    if (packet.length <= 12 || (packet[0] as number) >> 6 !== 2) return
    const type = (packet[1] as number) & 0x7f
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
    this.packets++
    this.#lastPacketAt = now
    if (type === this.#telephoneEvent()) this.#hearEvent(view, now)
    else if (type === 0 || type === 8) this.#hearSound(view, packet, type === 0 ? 'PCMU' : 'PCMA', truth, now)
  }

  #hearEvent(view: DataView, now: Instant): void {
    if (view.byteLength < 16) return
    const digit = KEYS[view.getUint8(12)]
    const timestamp = view.getUint32(4)
    if (digit === undefined || timestamp === this.#lastEvent) return
    this.#lastEvent = timestamp
    this.digits.push({ digit, at: now })
  }

  #hearSound(view: DataView, packet: Uint8Array, codec: 'PCMU' | 'PCMA', truth: Truth | undefined, now: Instant): void {
    const length = codecNamed(codec).decodeInto(packet, 12, Math.min(packet.length - 12, 800), this.#samples, 0)
    const samples = this.#samples.subarray(0, length)
    const isAudible = levelDbm0(samples) > AUDIBLE_DBM0
    if (isAudible) this.lastSoundAt = now
    if (truth !== undefined && isAudible) this.#hearSpeech(truth, length / 8, now)
    else if (truth !== undefined) this.#goOn(truth, length / 8, now)
    if (this.#hearsTones) this.#hearTones(view, samples, truth, now)
  }

  #hearSpeech(truth: Truth, lengthMs: number, now: Instant): void {
    if (this.#goOn(truth, lengthMs, now)) return
    const reachedMs = truth.positionMs + lengthMs
    this.speech.push({
      utterance: truth.utterance,
      startedAt: now,
      endedAt: now + lengthMs,
      heardMs: lengthMs,
      reachedMs,
    })
  }

  /** Pauses within a piece belong to it. */
  #goOn({ utterance, positionMs }: Truth, lengthMs: number, now: Instant): boolean {
    const piece = this.speech.findLast((each) => each.utterance === utterance)
    if (piece === undefined || now - piece.endedAt > GAP_MS) return false
    piece.endedAt = now + lengthMs
    piece.heardMs = Math.min(piece.heardMs + lengthMs, utterance.lengthMs)
    piece.reachedMs = Math.max(piece.reachedMs, positionMs + lengthMs)
    return true
  }

  #hearTones(view: DataView, samples: Int16Array, truth: Truth | undefined, now: Instant): void {
    const timestamp = view.getUint32(4)
    const ssrc = view.getUint32(8)
    let anchor = this.#anchor
    if (anchor === undefined || anchor.ssrc !== ssrc || Math.abs(this.#timeOf(anchor, timestamp) - now) > 500) {
      anchor = { ssrc, timestamp, at: now, next: timestamp }
      this.#anchor = anchor
      this.#held = 0
    }
    const ahead = (timestamp - anchor.next) | 0
    if (ahead < 0) return
    for (let lost = 0; lost + 160 <= ahead && lost < 8000; lost += 160)
      this.#tones.hear(undefined, this.#timeOf(anchor, anchor.next + lost))
    anchor.next = (timestamp + samples.length) >>> 0
    for (const sample of samples) {
      this.#frame[this.#held++] = sample
      if (this.#held < 160) continue
      this.#held = 0
      this.#tones.hear(truth === undefined ? this.#frame : undefined, this.#timeOf(anchor, anchor.next) - FRAME_MS)
    }
    this.#hearToneDigits()
  }

  #timeOf(anchor: { timestamp: number; at: Instant }, timestamp: number): Instant {
    return anchor.at + ((timestamp - anchor.timestamp) | 0) / 8
  }

  /** Digits in the sound: two tones of the keypad at once. */
  #hearToneDigits(): void {
    for (; this.#lastToneDigits < this.tones.length; this.#lastToneDigits++) {
      const { frequencies, startedAt } = this.tones[this.#lastToneDigits] as (typeof this.tones)[number]
      const row = LOW_HZ.indexOf(frequencies[0] ?? 0)
      const column = HIGH_HZ.indexOf(frequencies[1] ?? 0)
      if (row >= 0 && column >= 0) this.digits.push({ digit: KEYPAD[4 * row + column] as string, at: startedAt })
    }
  }
}

/** What a listener could tell of a piece of speech: its words so far, or its name. */
export function describeSpeech({ utterance, heardMs, reachedMs }: HeardSpeech): string {
  const { file, text, speaker, lengthMs } = utterance
  const words = text === undefined ? '' : ` “${wordsHeard(utterance, reachedMs)}”`
  const isCut = reachedMs < lengthMs - FRAME_MS
  const seconds = `${(heardMs / 1000).toFixed(1)}${isCut ? ` of ${(lengthMs / 1000).toFixed(1)}` : ''} s`
  return `${file ?? `${speaker} says`}${words} (${seconds}${isCut ? ', cut short' : ''})`
}
