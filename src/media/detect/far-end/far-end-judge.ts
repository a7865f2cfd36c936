import type { Instant } from '../../../kit/index.ts'
import { AfterVerdict } from './after-verdict.ts'
import { listensAfterMs, loudPausePatience, monologueWeight, rhythmWeight } from './costs.ts'
import type {
  FarEndClue,
  FarEndEvidence,
  FarEndFineKind,
  FarEndKind,
  FarEndReason,
  FarEndSignal,
  FarEndTone,
  FarEndVerdict,
} from './far-end.ts'
import type { SpeechTimeline } from './speech-timeline.ts'

/**
 * Decides, from what was heard and what signalling says, who has picked up: a sequential test that goes on until one side
 * is sure enough for what a mistake costs. Tones decide at once. Speech is weighed while it goes on and when it stops, see
 * costs.ts. Silence alone decides nothing.
 *
 *     listening -- provisional --> listening -- final --> decided -- revised --> decided
 */
export class FarEndJudge {
  readonly #speech: SpeechTimeline
  readonly #say: (verdict: FarEndVerdict) => void
  readonly #decidesEarly: boolean
  /** What a machine has to weigh while there is time, and when it is up; how much longer one waits for somebody to listen. */
  readonly #machineWeight: number
  readonly #leastMachineWeight: number
  readonly #patience: number
  readonly #evidence: FarEndEvidence[] = []
  /** Of what is known beside speech. */
  #priorWeight = 0
  #isAnswered = false
  #hadInformation = false
  #last: FarEndVerdict | undefined
  #final: FarEndVerdict | undefined
  readonly #after = new AfterVerdict()

  constructor(
    speech: SpeechTimeline,
    say: (verdict: FarEndVerdict) => void,
    sensitivity: number,
    decidesEarly: boolean,
  ) {
    this.#speech = speech
    this.#say = say
    this.#decidesEarly = decidesEarly
    this.#machineWeight = MACHINE_WEIGHT - SENSITIVITY_NATS * (sensitivity - 0.5)
    this.#leastMachineWeight = LEAST_MACHINE_WEIGHT - SENSITIVITY_NATS * (sensitivity - 0.5)
    this.#patience = 2 ** (2 * (sensitivity - 0.5))
  }

  /** What was said last that is to be acted on. */
  get verdict(): FarEndVerdict | undefined {
    return this.#final
  }

  get isMachine(): boolean {
    return this.#final?.kind === 'machine' || (this.#final === undefined && this.#last?.kind === 'machine')
  }

  signal(signal: FarEndSignal, atMs: Instant): void {
    if (signal === 'answered') {
      this.#isAnswered = true
      this.restart()
    } else if (signal === 'forwardedToMailbox') this.#know('forwarded', atMs, 2.5, 'forwarded to a mailbox')
    else if (signal === 'forwarded') this.#know('forwarded', atMs, 0.5, 'forwarded')
    else if (signal === 'promptStarted') this.#after.play()
  }

  /** Somebody else may be there now: what was thought so far is of no use. */
  restart(): void {
    this.#last = undefined
    this.#hadInformation = false
  }

  tone(tone: FarEndTone, startedAtMs: Instant, now: Instant): void {
    if (tone === 'dtmf') return
    this.#note('tone', startedAtMs, 0, tone)
    if (tone === 'ringback') this.#provisional('signal', 'ringback', 0.9, 'tone', now)
    else if (tone === 'ced' || tone === 'v21') this.#decide('fax', 'fax', 0.995, 'tone', now)
    else if (tone === 'cng') this.#decide('fax', 'callingFax', 0.98, 'tone', now)
    else if (tone === 'specialInformation') {
      this.#hadInformation = true
      this.#decide('announcement', 'networkAnnouncement', 0.98, 'tone', now)
    } else this.#decide('signal', tone, 0.97, 'tone', now)
  }

  /** A beep after speech: whoever spoke was recorded. */
  beep(startedAtMs: Instant, hz: number, now: Instant): void {
    this.#after.beep()
    this.#note('beep', startedAtMs, 5, `a beep of ${Math.round(hz)} Hz`)
    if (this.#hadInformation || this.#final?.kind === 'fax') return
    this.#decide('machine', 'voicemail', CONFIDENCE.beep, 'beep', now)
  }

  /**
   * What speech says, after each frame.
   * @param pauseShare how loud the pause in progress is, of what the speech was before it, 0..1
   */
  consider(now: Instant, pauseShare: number): void {
    if (this.#speech.beganAtMs === undefined || this.#hadInformation) return
    // What was unknown, or rang, when the time was up may be known later.
    const isOpen = this.#final === undefined || this.#final.kind === 'unknown' || this.#final.fineKind === 'ringback'
    if (!isOpen) this.#reconsider(now)
    else if (this.#speech.isSpeaking) this.#considerMonologue(now)
    else this.#considerPause(now, pauseShare)
  }

  /** The time is up; `pauseShare` as in {@link consider}. */
  end(now: Instant, pauseShare: number): void {
    if (this.#final !== undefined) return
    const spokenMs = Math.round(this.#speech.spokenMs(now))
    if (this.#last?.fineKind === 'ringback' && spokenMs === 0) this.#decide('signal', 'ringback', 0.9, 'deadline', now)
    else if (spokenMs === 0) this.#decide('unknown', 'silence', 1, 'silence', now)
    else this.#choose(now, pauseShare)
  }

  /** Too late for more: who speaks on, or pauses, may be either; who has begun of late, or seems to listen, is a person. */
  #choose(now: Instant, pauseShare: number): void {
    const isBlip = pauseShare > LOUD_PAUSE && this.#speech.spokenMs(now) < LEAST_SPOKEN_MS
    const weight = this.#weight(now)
    const mayGoOn = this.#speech.quietMs(now) < MAY_LISTEN_MS
    const isMachine = mayGoOn && weight >= this.#leastMachineWeight
    const isOpen = mayGoOn && weight >= OPEN_WEIGHT
    this.#noteSpeech(now, weight)
    if (isBlip) this.#decide('unknown', 'noise', 1, 'deadline', now)
    else if (!this.#isAnswered) this.#decide('unknown', 'undecided', 1, 'deadline', now)
    else if (isMachine) this.#decide('machine', 'voicemail', probability(weight), 'deadline', now)
    else if (isOpen) this.#decide('unknown', 'undecided', 1, 'deadline', now)
    else this.#decide('person', 'person', CONFIDENCE.noMachine, 'deadline', now)
  }

  #considerMonologue(now: Instant): void {
    const weight = this.#weight(now)
    if (weight < this.#machineWeight) {
      if (weight >= this.#machineWeight / 2)
        this.#provisional('machine', 'voicemail', probability(weight), 'monologue', now)
      return
    }
    this.#noteSpeech(now, weight)
    this.#decide('machine', 'voicemail', probability(weight), 'monologue', now)
  }

  #considerPause(now: Instant, pauseShare: number): void {
    const quietMs = this.#speech.quietMs(now)
    const spokenMs = this.#speech.spokenMs(now)
    const neededMs =
      listensAfterMs(spokenMs) * this.#patience * loudPausePatience(pauseShare) +
      Math.max(0, this.#weight(now) - OPEN_WEIGHT) * PATIENCE_PER_NAT_MS
    if (quietMs < neededMs) {
      if (quietMs >= 0.6 * neededMs && this.#isAnswered) this.#provisional('person', 'person', 0.7, 'listens', now)
      return
    }
    if (!this.#isAnswered) return
    this.#noteSpeech(now, -2)
    this.#decide('person', 'person', listenerConfidence(spokenMs), 'listens', now)
  }

  /** After a final verdict: a person who speaks on and on, or somebody who takes the call from a machine. */
  #reconsider(now: Instant): void {
    const speech = this.#speech
    const was = this.#final!.kind
    if (was === 'person' && this.#after.goesOn(speech, now, this.#machineWeight)) {
      this.#noteSpeech(now, this.#weight(now))
      this.#decide('machine', 'voicemail', CONFIDENCE.revised, 'monologue', now)
    } else if (was === 'machine' && this.#after.isTaken(speech, now)) {
      const wordsMs = Math.round(speech.lastMs(now))
      this.#note('silence', now, -3, `a long silence without a beep, then ${wordsMs} ms of speech, then quiet`)
      this.#decide('screening', 'screening', CONFIDENCE.taken, 'screening', now)
      this.#decide('person', 'person', CONFIDENCE.taken, 'listens', now)
    }
  }

  #weight(now: Instant): number {
    const speech = this.#speech
    return this.#priorWeight + monologueWeight(speech.sinceFirstWordMs(now)) + rhythmWeight(speech, speech.lastMs(now))
  }

  #know(clue: FarEndClue, atMs: Instant, weight: number, detail: string): void {
    this.#priorWeight += weight
    this.#note(clue, atMs, weight, detail)
  }

  #noteSpeech(now: Instant, weight: number): void {
    const speech = this.#speech
    const spokenMs = Math.round(speech.spokenMs(now))
    const quietMs = Math.round(speech.quietMs(now))
    const portions = speech.utterances === 1 ? 'one portion' : `${speech.utterances} portions`
    const clue = quietMs > 0 ? 'pause' : speech.utterances > 1 ? 'resumed' : 'monologue'
    const detail = `${spokenMs} ms of speech in ${portions}${quietMs > 0 ? `, then ${quietMs} ms of quiet` : ''}`
    this.#note(clue, speech.beganAtMs ?? now, weight, detail)
  }

  #note(clue: FarEndClue, atMs: Instant, weight: number, detail: string): void {
    if (this.#evidence.length < MOST_EVIDENCE) this.#evidence.push({ clue, atMs, weight, detail })
  }

  #provisional(
    kind: FarEndKind,
    fineKind: FarEndFineKind,
    confidence: number,
    reason: FarEndReason,
    now: Instant,
  ): void {
    if (this.#final !== undefined || (this.#last?.kind === kind && this.#last.fineKind === fineKind)) return
    this.#emit('provisional', kind, fineKind, confidence, reason, now)
  }

  #decide(kind: FarEndKind, fineKind: FarEndFineKind, confidence: number, reason: FarEndReason, now: Instant): void {
    if (this.#final?.kind === kind) return
    const isEarly = !this.#isAnswered && !this.#decidesEarly
    if (isEarly && kind !== 'unknown') {
      this.#provisional(kind, fineKind, confidence, reason, now)
      return
    }
    const verdict = this.#emit(this.#final === undefined ? 'final' : 'revised', kind, fineKind, confidence, reason, now)
    this.#final = verdict
    this.#after.decide(now)
  }

  #emit(
    stage: FarEndVerdict['stage'],
    kind: FarEndKind,
    fineKind: FarEndFineKind,
    confidence: number,
    reason: FarEndReason,
    decidedAtMs: Instant,
  ): FarEndVerdict {
    const evidence = [...this.#evidence]
    const verdict: FarEndVerdict = { type: 'verdict', stage, kind, fineKind, confidence, reason, decidedAtMs, evidence }
    this.#last = verdict
    this.#say(verdict)
    return verdict
  }
}

function listenerConfidence(spokenMs: number): number {
  if (spokenMs < WORDS_MS) return CONFIDENCE.word
  if (spokenMs < SENTENCE_MS) return CONFIDENCE.words
  return spokenMs < LONG_SENTENCE_MS ? CONFIDENCE.sentence : CONFIDENCE.longSentence
}

function probability(weight: number): number {
  return MOST_CONFIDENCE / (1 + Math.exp(-weight))
}

const PATIENCE_PER_NAT_MS = 300
/** The odds for a machine: while there is time one listens on below the first, and at the deadline the second decide. */
const MACHINE_WEIGHT: number = Math.log(100)
const LEAST_MACHINE_WEIGHT: number = Math.log(12)
/** At the deadline: above it twice as many machines as people have not come to an end. */
const OPEN_WEIGHT = 0.5
/** After so much quiet at the deadline more people than machines have come to an end. */
const MAY_LISTEN_MS = 500
/** From the least sensitive to the most: the odds become 2.5 to 1, or 4,000 to 1. */
const SENSITIVITY_NATS = 7.4
/**
 * How often verdicts of these kinds were right on the train and dev splits of the benchmark, on all lines, in its mix of 35 %
 * people, 45 % machines and 20 % others, where the source that helped most is left out of its class: as for voices unknown.
 * Words of a second are told worst: greetings of that length are the shortest there are. What asks who calls, and waits, is
 * mostly as long as a long sentence.
 */
const CONFIDENCE = {
  word: 0.84,
  words: 0.71,
  sentence: 0.88,
  longSentence: 0.73,
  noMachine: 0.3,
  beep: 0.97,
  revised: 0.9,
  taken: 0.65,
} as const
const WORDS_MS = 700
const SENTENCE_MS = 1500
const LONG_SENTENCE_MS = 2500
/** Of those who speak so long, one in ten is neither: most of them screen calls. */
const MOST_CONFIDENCE = 0.9
/** What was speech for a moment within a sound that goes on was none. */
const LOUD_PAUSE = 0.3
const LEAST_SPOKEN_MS = 600
const MOST_EVIDENCE = 32
