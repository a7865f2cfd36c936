import type { ToneLook } from './tone-look.ts'

/**
 * Follows a tone from look to look: since when it sounds, how steady it is, and when it has ended. A tone may glide, be made
 * of two frequencies, and of several notes that follow one another.
 */
export class ToneTrack {
  isSounding = false
  /** Of the tone in progress or the last one; the media clock of whoever asks, ms. */
  startedAtMs = 0
  endedAtMs = 0
  /** Notes one after the other; looks that showed the one in progress, and all of them. */
  notes = 0
  looks = 0
  allLooks = 0
  /** Of the note in progress: made of two frequencies in most looks. */
  twos = 0
  /** Frequencies in Hz of the note in progress, the mean of its last looks; the first note's too. */
  hz = 0
  secondHz = 0
  firstHz = 0
  /** Of all notes. */
  lowestHz = 0
  /** What of it could not be heard, ms. */
  lostMs = 0
  /** The part of all energy that the note has, 0..1, the mean of its looks. */
  purity = 0
  /** Power per sample in its hops. */
  power = 0
  /** How much louder the tone is than the 40 ms before it, as a ratio of powers. */
  rise = 0
  /** Hops before the tone that were softer than it by 5 dB, in a row; no more than 28 are known. */
  quietBefore = 0
  /** After the end: hops that were softer than the tone by 10 dB, in a row from the end on. */
  quietHops = 0
  /** The steadiness of every note so far, see {@link unsteadyHz}: the worst of them. */
  worstHz = 0
  worstDb = 0
  readonly #hz = new Float64Array(KEPT)
  readonly #second = new Float64Array(KEPT)
  readonly #levels = new Float64Array(KEPT)
  /** Powers of the last hops, the newest last. */
  readonly #hops = new Float64Array(PAST)
  #lastDb = 0
  #beganDb = 0
  #gap = 0
  #hasQuiet = false
  #isHoled = false

  /** @returns whether a tone has begun or ended with this look */
  hear(look: ToneLook, nowMs: number): 'none' | 'begins' | 'ends' {
    this.#hops.copyWithin(0, 1)
    this.#hops[PAST - 1] = look.hopPower
    const isFound = look.found === 'one' || look.found === 'two'
    // What is so much softer is the noise behind it.
    const isTone = isFound && !(this.isSounding && look.levelDb < this.#levels[KEPT - 1]! - FALL_DB)
    if (!this.isSounding) {
      this.#hearAfter(look.hopPower)
      if (!isTone) return 'none'
      this.#begin(look, nowMs)
      return 'begins'
    }
    if (isTone) return this.#goOn(look, nowMs)
    if (++this.#gap > MOST_GAP) return this.#end(nowMs)
    return 'none'
  }

  /** How far the frequency strays from a straight line over the last looks of the note, rms in Hz. */
  unsteadyHz(): number {
    const own = strayOf(this.#hz, this.#steps)
    return this.isTwo ? Math.max(own, strayOf(this.#second, this.#steps)) : own
  }

  /** How fast the frequency of the note moves, Hz a look. */
  glideHz(): number {
    const steps = this.#steps
    return steps < 2 ? 0 : Math.abs(this.#hz[KEPT - 1]! - this.#hz[KEPT - steps]!) / (steps - 1)
  }

  /** How fast its level moves, dB a look. */
  swellDb(): number {
    const steps = this.#steps
    return steps < 2 ? 0 : Math.abs(this.#levels[KEPT - 1]! - this.#levels[KEPT - steps]!) / (steps - 1)
  }

  /** How far the level strays, as {@link unsteadyHz}, in dB. */
  unsteadyDb(): number {
    return strayOf(this.#levels, this.#steps)
  }

  get isTwo(): boolean {
    return 2 * this.twos > this.looks
  }

  get #steps(): number {
    return Math.min(this.looks, KEPT)
  }

  #begin(look: ToneLook, nowMs: number): void {
    this.isSounding = true
    this.notes = 0
    this.allLooks = 0
    this.lostMs = 0
    this.lowestHz = Number.POSITIVE_INFINITY
    this.worstHz = 0
    this.worstDb = 0
    this.#beginNote(look)
    this.firstHz = look.hz
    this.#beganDb = look.levelDb
    // The window is full of it, or nearly so: it began where its power did.
    const hops = this.#hops
    this.power = Math.max(hops[PAST - 1]!, hops[PAST - 2]!)
    let first = PAST - 1
    while (first > PAST - 6 && hops[first - 1]! > this.power * ONSET) first--
    this.startedAtMs = nowMs - (PAST - first) * HOP_MS
    let before = 0
    for (let i = Math.max(0, first - 5); i < first - 1; i++) before += hops[i]! / 4
    this.rise = this.power / (before + 1)
    let quiet = first - 2
    while (quiet >= 0 && hops[quiet]! < this.power * QUIET_BEFORE) quiet--
    this.quietBefore = first - 2 - quiet
  }

  #beginNote(look: ToneLook): void {
    this.notes++
    this.looks = 0
    this.twos = 0
    this.#lastDb = look.levelDb
    this.#add(look)
  }

  #goOn(look: ToneLook, nowMs: number): 'none' | 'begins' {
    this.#gap = 0
    this.#isHoled = false
    const strays = Math.abs(lowest(look) - this.#hz[KEPT - 1]!)
    const isSame = strays <= NOTE_HZ || (look.found === 'two' && Math.abs(highest(look) - this.hz) < NOTE_HZ)
    if (this.rise < LEAST_RISE && look.levelDb > this.#beganDb + SURGE_DB) {
      // What was followed was the noise before it.
      this.#begin(look, nowMs)
      return 'begins'
    }
    if (isSame) this.#add(look)
    else if (this.looks > 2) {
      this.#judgeNote()
      this.#beginNote(look)
    } else if (this.notes > 1) {
      // What shows for a moment only is the window, straddling two notes.
      this.notes--
      this.#beginNote(look)
    } else {
      this.#begin(look, nowMs)
      return 'begins'
    }
    return 'none'
  }

  /** A hop was lost: it says nothing for or against the tone, nor do the looks that it leaves a hole in. */
  miss(): void {
    if (!this.isSounding) return
    this.lostMs += this.#isHoled ? HOP_MS : LOOK_MS
    this.#isHoled = true
  }

  #judgeNote(): void {
    this.worstHz = Math.max(this.worstHz, this.unsteadyHz())
    this.worstDb = Math.max(this.worstDb, this.unsteadyDb())
  }

  #add(look: ToneLook): void {
    // Where it begins and ends the window is not full of it: such a look says little about it.
    const step = look.levelDb - this.#lastDb
    this.#lastDb = look.levelDb
    if (this.looks > 0 && step < -EDGE_DB) return
    if (step > EDGE_DB && this.looks <= 2) this.looks = 0
    put(this.#hz, lowest(look))
    put(this.#second, look.found === 'two' ? highest(look) : look.secondHz)
    put(this.#levels, look.levelDb)
    this.looks++
    this.allLooks++
    if (look.found === 'two') this.twos++
    const share = look.found === 'two' ? Math.min(look.share + look.secondShare, 1) : look.share
    this.purity += (share - this.purity) / this.looks
    this.power += (look.hopPower - this.power) / Math.min(this.looks, 8)
    this.#gap = 0
    this.hz = meanOf(this.#hz, this.#steps)
    if (this.notes === 1 && this.looks === 3) this.firstHz = this.hz
    if (this.looks > 2) this.lowestHz = Math.min(this.lowestHz, this.hz)
    this.secondHz = this.isTwo ? meanOf(this.#second, this.#steps) : 0
  }

  #end(nowMs: number): 'ends' {
    this.isSounding = false
    let last = PAST - 1
    while (last > 0 && this.#hops[last]! < this.power * ONSET && last > PAST - 1 - MOST_GAP - 2) last--
    this.endedAtMs = nowMs - (PAST - 1 - last) * HOP_MS
    this.quietHops = 0
    this.#hasQuiet = true
    for (let i = last + 1; i < PAST; i++) this.#hearAfter(this.#hops[i]!)
    return 'ends'
  }

  #hearAfter(power: number): void {
    if (!this.#hasQuiet) return
    if (power < this.power * QUIET) this.quietHops++
    else if (this.quietHops > 0) this.#hasQuiet = false
  }
}

function lowest(look: ToneLook): number {
  return look.found === 'two' ? Math.min(look.hz, look.secondHz) : look.hz
}

function highest(look: ToneLook): number {
  return Math.max(look.hz, look.secondHz)
}

function put(values: Float64Array, value: number): void {
  values.copyWithin(0, 1)
  values[values.length - 1] = value
}

/** Of the last `steps` values. */
function meanOf(values: Float64Array, steps: number): number {
  let sum = 0
  for (let i = values.length - steps; i < values.length; i++) sum += values[i]!
  return sum / steps
}

/** The root of the mean square of what a straight line leaves of the last `steps` values. */
function strayOf(values: Float64Array, steps: number): number {
  if (steps < 3) return 0
  const mean = meanOf(values, steps)
  const middle = values.length - (steps + 1) / 2
  let [product, spread, square] = [0, 0, 0]
  for (let i = values.length - steps; i < values.length; i++) {
    product += (i - middle) * (values[i]! - mean)
    spread += (i - middle) ** 2
    square += (values[i]! - mean) ** 2
  }
  return Math.sqrt(Math.max(0, square - (product * product) / spread) / steps)
}

const HOP_MS = 10
/** A hop that is lost, and the 20 ms after it in which looks are not whole. */
const LOOK_MS = 40
const KEPT = 12
/** Hops whose power is remembered. */
const PAST = 30
/** Looks between two of a tone that show none: the window straddles two notes, or something clicks. */
const MOST_GAP = 4
/** A hop with 6 dB less than the tone belongs to it no more. */
const ONSET = 0.25
const EDGE_DB = 0.8
const FALL_DB = 12
const SURGE_DB = 9
const LEAST_RISE = 4
/** 9 dB: less than the noise of a line at its worst allows no more. */
const QUIET = 0.125
const QUIET_BEFORE = 0.3
/** Another frequency than the last look's: another note. */
const NOTE_HZ = 45
