import { RecentValues } from './recent-values.ts'
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
  /** Of all looks: with an octave above it, as notes of instruments have. */
  octaves = 0
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
  /** Hops before the tone that were softer than it by 5 dB, in a row; no more than 28 are known. */
  quietBefore = 0
  /** After the end: hops that were softer than the tone by 10 dB, in a row from the end on. */
  quietHops = 0
  /** The steadiness of every note so far, see {@link unsteadyHz}: the worst of them. */
  worstHz = 0
  worstDb = 0
  readonly #hz = new RecentValues(KEPT)
  readonly #second = new RecentValues(KEPT)
  readonly #levels = new RecentValues(KEPT)
  /** Powers of the last hops, the newest last. */
  readonly #hops = new Float64Array(PAST)
  /** A look that was softer than the one before it, or blurred: whether the tone trembles or ends is told by the next. */
  readonly #held = { at: 0, hz: 0, secondHz: 0, levelDb: 0, hopPower: 0, share: 0, isTwo: false, isOctave: false }
  #isHeld = false
  /** Of the note in progress, those that it is not full of, too. */
  #kept = 0
  /** Hops heard so far. */
  #hop = 0
  /** Power per sample in the 40 ms before it. */
  #before = 0
  #lastDb = 0
  #beganDb = 0
  #beganSharply = false
  #edges = 0
  #gap = 0
  #hasQuiet = false
  /** The last hops in it that were too loud for it. */
  #noisyHops = 0
  /** Looks to come that have a hole in them. */
  #holed = 0
  /** The last look of a note of one frequency showed another beside it, which may be the next note. */
  #isStraddling = false

  /** @returns whether a tone has begun or ended with this look */
  hear(look: ToneLook, nowMs: number): 'none' | 'begins' | 'ends' {
    this.#hop++
    this.#hops.copyWithin(0, 1)
    this.#hops[PAST - 1] = look.hopPower
    const isFound = look.found === 'one' || look.found === 'two' || (this.isSounding && this.#isBlurred(look))
    // What is so much softer is the noise behind it.
    const isTone = isFound && !(this.isSounding && look.levelDb < this.#levels.last - FALL_DB)
    if (!this.isSounding) {
      this.#hearAfter(look.hopPower)
      // The quiet after a tone is what is waited for, whatever it is made of.
      if (!isTone || (this.#hasQuiet && this.quietHops > 0 && this.quietHops < AFTER_HOPS)) return 'none'
      this.#begin(look, nowMs)
      return 'begins'
    }
    const isHoled = this.#holed > 0
    if (isHoled) this.#holed--
    if (isTone) return isHoled ? 'none' : this.#goOn(look, nowMs)
    if (++this.#gap > MOST_GAP) return this.#end(nowMs)
    return 'none'
  }

  /** The tone in progress, with more beside it than a tone has that begins: noise, an echo, what codecs add. */
  #isBlurred(look: ToneLook): boolean {
    if (look.found !== 'other' || this.looks < 3) return false
    if (this.isTwo)
      return look.share + look.secondShare >= BLURRED && this.#isNear(look.hz) && this.#isNear(look.secondHz)
    return look.share >= BLURRED && Math.abs(look.hz - this.#hz.last) <= SAME_HZ
  }

  #isNear(hz: number): boolean {
    return Math.min(Math.abs(hz - this.hz), Math.abs(hz - this.secondHz)) <= SAME_HZ
  }

  /** It has just become softer, and may have ended. */
  get isFalling(): boolean {
    return this.#isHeld && this.#held.levelDb < this.#levels.last - FALLING_DB
  }

  /** How far the frequency strays from a straight line over the last looks of the note, rms in Hz. */
  unsteadyHz(): number {
    const own = this.#hz.stray(this.#steps)
    // Overtones of a square are soft, and tremble more.
    return this.isTwo && !this.isSquare ? Math.max(own, this.#second.stray(this.#steps)) : own
  }

  /** How fast the frequency of the note moves, Hz a look. */
  glideHz(): number {
    return this.#hz.speed(this.#steps)
  }

  /** How fast its level moves, dB a look. */
  swellDb(): number {
    return this.#levels.speed(this.#steps)
  }

  /** How far the level strays, as {@link unsteadyHz}, in dB. */
  unsteadyDb(): number {
    return this.#levels.stray(this.#steps)
  }

  /** How much louder the tone is than the 40 ms before it, as a ratio of powers. */
  get rise(): number {
    return this.power / (this.#before + 1)
  }

  get isTwo(): boolean {
    return 2 * this.twos > this.looks
  }

  /** Its second frequency is the overtone that a square has. */
  get isSquare(): boolean {
    return this.isTwo && Math.abs(this.secondHz - 3 * this.hz) <= NOTE_HZ
  }

  get #steps(): number {
    return Math.min(this.looks, KEPT)
  }

  #begin(look: ToneLook, nowMs: number): void {
    this.isSounding = true
    this.notes = 0
    this.allLooks = 0
    this.octaves = 0
    this.lostMs = 0
    this.lowestHz = Number.POSITIVE_INFINITY
    this.worstHz = 0
    this.worstDb = 0
    this.#holed = 0
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
    this.#before = before
    this.#beganSharply = this.rise > LEAST_RISE
    let quiet = first - 2
    while (quiet >= 0 && hops[quiet]! < this.power * QUIET_BEFORE) quiet--
    this.quietBefore = first - 2 - quiet
  }

  #beginNote(look: ToneLook): void {
    this.notes++
    this.looks = 0
    this.#kept = 0
    this.twos = 0
    this.#edges = 0
    this.#isHeld = false
    this.#lastDb = look.levelDb
    this.#add(look)
  }

  #goOn(look: ToneLook, nowMs: number): 'none' | 'begins' {
    this.#gap = 0
    // What was followed was the noise before it, or a voice.
    const isLouder = look.levelDb > this.#beganDb + SURGE_DB && !this.#beganSharply
    const ownHz = this.#ownHz(look)
    const strays = Math.min(Math.abs(ownHz - this.#hz.last), Math.abs(ownHz - this.#aheadHz))
    const isSame = strays <= NOTE_HZ || (look.found === 'two' && Math.abs(highest(look) - this.hz) < NOTE_HZ)
    const isOther = !isSame && this.isTwo && this.looks > 2 && Math.abs(look.hz - this.secondHz) <= SAME_HZ
    if (isLouder || (!isSame && !isOther && look.levelDb > this.#levels.last + STEP_DB)) {
      this.#begin(look, nowMs)
      return 'begins'
    }
    // Of two frequencies, the lower is hidden for a moment.
    if (isOther) return 'none'
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

  /** Where a note that glides is next. */
  get #aheadHz(): number {
    return this.#kept < 2 ? this.#hz.last : this.#hz.next
  }

  /** The frequency of a look that belongs to the tone in progress: noise may be the second, and lower. */
  #ownHz(look: ToneLook): number {
    if (look.found === 'one' || (look.found === 'other' && !this.isTwo)) return look.hz
    if (!this.isTwo && this.looks > 2) {
      if (Math.abs(look.hz - this.#hz.last) <= NOTE_HZ) return look.hz
      if (Math.abs(look.secondHz - this.#hz.last) <= NOTE_HZ) return look.secondHz
    }
    return Math.min(look.hz, look.secondHz)
  }

  /** A hop was lost: it says nothing for or against the tone, nor do the looks that it leaves a hole in. */
  miss(): void {
    this.#hop++
    if (!this.isSounding) return
    this.lostMs += this.#holed > 0 ? HOP_MS : HOP_MS * (HOLED_LOOKS + 1)
    this.#holed = HOLED_LOOKS
  }

  /** The note is over. */
  #judgeNote(): void {
    if (this.#isStraddling) this.#forgetLast()
    this.worstHz = Math.max(this.worstHz, this.unsteadyHz())
    this.worstDb = Math.max(this.worstDb, this.unsteadyDb())
  }

  #forgetLast(): void {
    this.#hz.forgetLast()
    this.#second.forgetLast()
    this.#levels.forgetLast()
    this.looks = this.#steps - 1
    this.twos--
  }

  /** Where it begins and ends the window is not full of it: such a look says little about it. */
  #add(look: ToneLook): void {
    const step = look.levelDb - this.#lastDb
    this.#lastDb = look.levelDb
    if (this.looks > 0 && (step < -EDGE_DB || look.found === 'other')) {
      const isEnd = look.levelDb < this.#levels.last - END_DB
      if (this.#isHeld && !isEnd) this.#keep()
      this.#isHeld = !isEnd
      if (this.#isHeld) this.#hold(look)
      return
    }
    if (this.#isHeld) this.#keep()
    if (step > EDGE_DB && this.looks <= 2 && this.#edges++ < MOST_EDGES) {
      this.looks = 0
      this.twos = 0
    }
    this.#hold(look)
    this.#keep()
  }

  #hold(look: ToneLook): void {
    const held = this.#held
    held.isTwo = look.found === 'two' || (look.found === 'other' && this.isTwo)
    held.at = this.#hop
    held.hz = held.isTwo ? this.#ownHz(look) : look.hz
    held.secondHz = held.hz === look.hz ? look.secondHz : look.hz
    held.levelDb = look.levelDb
    held.hopPower = look.hopPower
    held.isOctave = look.secondShare > LEAST_OCTAVE && Math.abs(held.secondHz - 2 * held.hz) <= OCTAVE_OFF_HZ
    held.share = held.isTwo ? Math.min(look.share + look.secondShare, 1) : look.share
    this.#isHeld = true
  }

  #keep(): void {
    this.#isHeld = false
    this.#isStraddling = this.#held.isTwo && this.looks > 2 && !this.isTwo
    this.#kept++
    const { at, hz, secondHz, levelDb, hopPower, share, isTwo, isOctave } = this.#held
    this.#hz.put(hz, at)
    this.#second.put(secondHz, at)
    this.#levels.put(levelDb, at)
    this.looks++
    this.allLooks++
    if (isTwo) this.twos++
    if (isOctave) this.octaves++
    this.purity += (share - this.purity) / this.looks
    this.power += (hopPower - this.power) / Math.min(this.looks, 8)
    this.hz = this.#hz.mean(this.#steps)
    if (this.notes === 1 && this.looks === 3) this.firstHz = this.hz
    if (this.looks > 2) this.lowestHz = Math.min(this.lowestHz, this.hz)
    this.secondHz = this.isTwo ? this.#second.mean(this.#steps) : 0
  }

  #end(nowMs: number): 'ends' {
    this.isSounding = false
    let last = PAST - 1
    while (last > 0 && this.#hops[last]! < this.power * ONSET && last > PAST - 1 - MOST_GAP - 2) last--
    this.endedAtMs = nowMs - (PAST - 1 - last) * HOP_MS
    this.quietHops = 0
    this.#noisyHops = 0
    this.#hasQuiet = true
    for (let i = last + 1; i < PAST; i++) this.#hearAfter(this.#hops[i]!)
    return 'ends'
  }

  #hearAfter(power: number): void {
    if (!this.#hasQuiet) return
    if (power < this.power * Math.max(QUIET, Math.min(MOST_QUIET, AS_BEFORE / this.rise))) {
      this.quietHops++
      this.#noisyHops = 0
      return
    }
    // A hop of noise, of which there is one at a time, does not end it: a softer tone does.
    if (this.quietHops > 0 && (power > this.power * MOST_QUIET || ++this.#noisyHops > 1)) this.#hasQuiet = false
  }
}

function highest(look: ToneLook): number {
  return Math.max(look.hz, look.secondHz)
}

const HOP_MS = 10
/** After a hop that was lost, so many looks are not whole. */
const HOLED_LOOKS = 3
const KEPT = 12
/** Hops whose power is remembered. */
const PAST = 30
/** Looks between two of a tone that show none: the window straddles two notes, or something clicks. */
const MOST_GAP = 4
/** A hop with 6 dB less than the tone belongs to it no more. */
const ONSET = 0.25
const EDGE_DB = 0.5
const END_DB = 3
const FALLING_DB = 1.2
/** Looks at the beginning of a note in which its level rises: no attack is longer. */
const MOST_EDGES = 4
/** Of a tone that is followed already, at least. */
const BLURRED = 0.75
const SAME_HZ = 20
/** 21 dB below it; noise has it elsewhere. */
const LEAST_OCTAVE = 0.008
const OCTAVE_OFF_HZ = 24
/** A note that is so much louder than what was before it is the first. */
const STEP_DB = 4.5
const FALL_DB = 12
const SURGE_DB = 9
const LEAST_RISE = 4
/** 9 dB: less than the noise of a line at its worst allows no more. */
const QUIET = 0.125
/** 5 dB; or 4 dB above what was before the tone. */
const MOST_QUIET = 0.32
const AS_BEFORE = 2.5
const QUIET_BEFORE = 0.3
/** In so many hops after it nothing begins that is as soft as the quiet has been: no beep is waited for for longer. */
const AFTER_HOPS = 20
/** Another frequency than the last look's: another note. */
const NOTE_HZ = 45
