import type { Instant } from '../../../kit/index.ts'
import { energy, energyAtLevel } from '../../dsp/level.ts'
import { type CallSound, CallToneDetector } from '../call-tone-detector.ts'
import type { SpecialInformation } from '../special-information.ts'
import { VoiceActivityDetector } from '../voice-activity-detector.ts'
import { BeepFinder } from './beep-finder.ts'
import { BeepGuard } from './beep-guard.ts'
import type { FarEndEvent, FarEndTone } from './far-end.ts'
import { FaxFinder } from './fax-finder.ts'
import { LoneSound } from './lone-sound.ts'
import { NetworkBand } from './network-band.ts'
import { keyOf } from './signal-tones.ts'
import { HOP, ToneLook } from './tone-look.ts'
import { ToneTrack } from './tone-track.ts'

/**
 * All that listens to the far end, frame by frame of 20 ms at 8 kHz: tones of networks, fax machines and keys, beeps, and
 * speech, which is what is none of them. It says what it hears, and judges nobody.
 */
export class FarEndEars {
  readonly #say: (event: FarEndEvent) => void
  readonly #voice = new VoiceActivityDetector({ hangoverMs: 100 })
  readonly #country: string | undefined
  #callTones: CallToneDetector
  readonly #band = new NetworkBand()
  readonly #look = new ToneLook()
  readonly #track = new ToneTrack()
  readonly #beep = new BeepFinder()
  readonly #guard = new BeepGuard()
  readonly #fax = new FaxFinder()
  #lone = new LoneSound()
  #nowMs: Instant = 0
  #originMs: Instant | undefined
  #speechPower = 1
  #pausePower = 0
  #pauseFrames = 0
  /** The ring of ringback that was heard last. */
  #rangAtMs = Number.NEGATIVE_INFINITY
  #isRinging = false
  hasStoppedRinging = false
  #guardedUntilMs = Number.NEGATIVE_INFINITY
  #ringHops = 0
  #ringPower = 0
  #lastRingAtMs = Number.NEGATIVE_INFINITY
  #hasSaidKey = false

  constructor(say: (event: FarEndEvent) => void, country: string | undefined) {
    this.#say = say
    this.#country = country
    this.#callTones = this.#newCallTones()
  }

  #newCallTones(): CallToneDetector {
    return new CallToneDetector((sound, agoMs, meaning) => this.#hearCallSound(sound, agoMs, meaning), this.#country)
  }

  /** Something is played to the far end, of which an echo may come back, now and for a while after it. */
  set isGuarded(is: boolean) {
    this.#guardedUntilMs = is ? Number.POSITIVE_INFINITY : this.#nowMs + ECHO_MS
  }

  get isBeeping(): boolean {
    return this.#beep.isBeeping
  }

  /** A tone has just begun that may turn out to be a beep. */
  get mayBeep(): boolean {
    return this.#track.isSounding && this.#nowMs - this.#track.startedAtMs < BEEP_KNOWN_MS
  }

  get isRinging(): boolean {
    return this.#isRinging
  }

  /** Somebody else may be there now: what was heard before says nothing of them. */
  restart(): void {
    this.#isRinging = false
    this.hasStoppedRinging = false
    this.#lastRingAtMs = Number.NEGATIVE_INFINITY
    this.#guard.restart()
    this.#beep.dismiss()
    this.#fax.restart()
    this.#lone = new LoneSound()
    // It says each tone once.
    this.#callTones = this.#newCallTones()
  }

  /** @param now the end of the frame */
  hear(frame: Int16Array, isWhole: boolean, now: Instant): void {
    this.#originMs ??= now - FRAME_MS
    this.#nowMs = now
    const power = this.#band.powerOf(frame)
    this.#hearTones(frame, isWhole)
    this.#hearVoice(frame, isWhole)
    if (isWhole) this.#followRing(power)
    this.#callTones.hear(frame, isWhole, this.#isRingPause(power) ? 0 : power)
    if (this.#isRinging && now - this.#rangAtMs > LONGEST_RING_PAUSE_MS) this.#stopRinging()
  }

  #hearTones(frame: Int16Array, isWhole: boolean): void {
    for (let at = 0; at < frame.length; at += HOP) {
      const nowMs = this.#nowMs - FRAME_MS + (at + HOP) / SAMPLES_PER_MS
      if (!isWhole) {
        this.#look.miss()
        this.#track.miss()
        continue
      }
      this.#look.hear(frame, at)
      const edge = this.#track.hear(this.#look, nowMs)
      const fax = this.#fax.hear(this.#look, nowMs, this.#guard.hasSpoken)
      if (fax !== undefined) {
        this.#beep.dismiss()
        this.#sayTone(fax, this.#fax.startedAtMs)
      }
      this.#countRing()
      this.#hearKey(edge)
      this.#hearBeep(edge, nowMs)
    }
  }

  #countRing(): void {
    const isRing = this.#look.found !== 'quiet' && this.#look.shareWithin(RING_LOW_HZ, RING_HIGH_HZ) > RING_SHARE
    this.#ringHops = isRing ? this.#ringHops + 1 : 0
  }

  /** Once it is known that it rings, any tone like ringback is one more ring of it. */
  #followRing(power: number): void {
    if (this.#ringHops >= RING_HOPS / 2) {
      this.#ringPower = Math.max(this.#ringHops < RING_HOPS / 2 + 2 ? 0 : this.#ringPower, power)
      this.#lastRingAtMs = this.#nowMs
    }
    if (this.#isRinging && this.#ringHops >= RING_HOPS) this.#rangAtMs = this.#nowMs
  }

  /** The noise of the line, which is no sound between two rings. */
  #isRingPause(power: number): boolean {
    return this.#nowMs - this.#lastRingAtMs <= LONGEST_RING_PAUSE_MS && power < this.#ringPower * RING_PAUSE
  }

  #hearKey(edge: 'none' | 'begins' | 'ends'): void {
    if (edge === 'begins') this.#hasSaidKey = false
    if (this.#hasSaidKey || this.#track.looks < KEY_LOOKS || !this.#track.isSounding) return
    const digit = keyOf(this.#track)
    if (digit === undefined || !isSteadyTone(this.#track)) return
    this.#hasSaidKey = true
    this.#say({ type: 'tone', tone: 'dtmf', startedAtMs: this.#track.startedAtMs, atMs: this.#nowMs, digit })
  }

  #hearBeep(edge: 'none' | 'begins' | 'ends', nowMs: Instant): void {
    const beep = this.#beep
    this.#guard.follow(this.#track, edge, nowMs)
    const isForbidden = !beep.isBeeping && this.#guard.forbids(this.#track)
    const found = beep.hear(this.#track, edge, nowMs, this.#guard.quietAfter(this.#track), isForbidden)
    if (found === 'none') return
    if (found === 'begins') {
      this.#guard.note(this.#track)
      const { startedAtMs, frequencyHz } = beep
      this.#say({ type: 'beepStarted', startedAtMs, frequencyHz, atMs: this.#nowMs })
    } else this.#say({ type: 'beepEnded', startedAtMs: beep.startedAtMs, endedAtMs: beep.endedAtMs, atMs: this.#nowMs })
  }

  #hearVoice(frame: Int16Array, isWhole: boolean): void {
    const voice = this.#voice
    const isGuarded = this.#nowMs < this.#guardedUntilMs
    voice.isGuarded = isGuarded
    const power = energy(frame, 0, frame.length) / frame.length
    // A tone has a pitch, as voices have; and an echo is a voice.
    const isTone = this.#track.isSounding && this.#track.looks >= TONE_LOOKS && isSteadyTone(this.#track)
    const isDeaf = isTone || (isGuarded && power < LOUDEST_ECHO)
    const edge = voice.hear(isDeaf ? SILENCE : frame, isWhole)
    const isNearlyTone = isTonal(this.#track)
    if (edge === 'begins') this.#guard.beginSpeech((voice.nowMs - voice.beganAtMs) / FRAME_MS - 1)
    this.#guard.hear(isDeaf ? 0 : power, isNearlyTone, voice.isSpeaking)
    if (isWhole) this.#hearLoneSound(power, isNearlyTone || this.#ringHops > 0 || voice.isSpeaking || isGuarded)
    else this.#lone.miss()
    if (this.#lone.hasHeard) this.#guard.mayHaveSpoken = true
    this.#followPauses(power, isWhole)
    if (edge === 'none') return
    const startedAtMs = this.#originMs! + voice.beganAtMs
    if (edge === 'ends') {
      this.#say({ type: 'speechEnded', startedAtMs, endedAtMs: this.#originMs! + voice.endedAtMs, atMs: this.#nowMs })
      return
    }
    if (this.#isRinging) this.#stopRinging()
    this.#say({ type: 'speechStarted', startedAtMs, atMs: this.#nowMs })
  }

  /** How loud the pause is after speech, of what the speech was, 0..1: in music, and over a television, it is not quiet. */
  get pauseShare(): number {
    return this.#voice.isSpeaking ? 0 : Math.min(1, this.#pausePower / this.#speechPower)
  }

  #followPauses(power: number, isWhole: boolean): void {
    if (!isWhole) return
    if (this.#voice.isSpeaking) {
      this.#speechPower += (power - this.#speechPower) / 10
      this.#pausePower = 0
      this.#pauseFrames = 0
    } else this.#pausePower += (power - this.#pausePower) / Math.min(++this.#pauseFrames, 20)
  }

  #hearLoneSound(power: number, isOther: boolean): void {
    if (!this.#lone.hear(power, this.#nowMs - FRAME_MS, isOther)) return
    const { startedAtMs, endedAtMs } = this.#lone
    if (startedAtMs < this.#originMs! + this.#voice.endedAtMs) return
    this.#speechPower = this.#lone.power
    this.#say({ type: 'speechStarted', startedAtMs, atMs: this.#nowMs })
    this.#say({ type: 'speechEnded', startedAtMs, endedAtMs, atMs: this.#nowMs })
  }

  #hearCallSound(sound: CallSound, agoMs: number, meaning: SpecialInformation | undefined): void {
    if (sound === 'audio') return
    if (sound === 'ringback' && this.#guard.isLast(this.#nowMs - agoMs)) {
      // A beep and the quiet after it.
      this.#callTones = this.#newCallTones()
      return
    }
    if (sound === 'specialInformation') {
      this.#guard.noteInformation()
      this.#beep.dismiss()
    } else this.#guard.note(this.#track)
    if (sound === 'ringback') {
      this.#isRinging = true
      this.#rangAtMs = this.#nowMs
    } else this.#isRinging = false
    this.#sayTone(sound, this.#nowMs - agoMs, meaning)
  }

  #stopRinging(): void {
    this.#isRinging = false
    this.hasStoppedRinging = true
  }

  #sayTone(tone: FarEndTone, startedAtMs: Instant, meaning?: SpecialInformation): void {
    this.#say({ type: 'tone', tone, startedAtMs, atMs: this.#nowMs, ...(meaning && { meaning }) })
  }
}

/** Roughly: codecs make tones tremble. */
function isTonal(track: ToneTrack): boolean {
  return track.isSounding && track.looks >= KEY_LOOKS && track.hz >= LOWEST_TONE_HZ && track.unsteadyHz() < TONAL_HZ
}

function isSteadyTone(track: ToneTrack): boolean {
  return track.hz >= LOWEST_TONE_HZ && track.unsteadyHz() < STEADY_HZ && track.unsteadyDb() < STEADY_DB
}

const FRAME_MS = 20
const SILENCE = new Int16Array(160)
/** What comes back of our own sound comes so soon, and is no louder. */
const ECHO_MS = 300
const LOUDEST_ECHO: number = energyAtLevel(-32, 1)
/** A beep is known for one by then. */
const BEEP_KNOWN_MS = 250
const KEY_LOOKS = 3
const TONE_LOOKS = 5
/** Below it voices are as pure. */
const LOWEST_TONE_HZ = 340
const STEADY_HZ = 2.5
const TONAL_HZ = 8
const STEADY_DB = 1.2
const SAMPLES_PER_MS = 8
/** Within which ringback lies nearly everywhere, with what a look makes of it. */
const RING_LOW_HZ = 340
const RING_HIGH_HZ = 530
const RING_SHARE = 0.8
const RING_HOPS = 20
/** 12 dB. */
const RING_PAUSE = 0.06
/** Sweden rings for a second each six. */
const LONGEST_RING_PAUSE_MS = 5500
