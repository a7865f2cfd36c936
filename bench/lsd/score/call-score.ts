import type { Verdict } from '../detectors/detector.ts'
import type { HeardOutcome, Hearing } from '../listen.ts'
import { firstHeardMs, isNormal, type Truth, truthEventMs } from '../render/truth.ts'
import type { FarEndClass, Stratum } from '../strata.ts'

/** What became of one call. Times in ms. */
export interface CallScore {
  readonly id: string
  readonly stratum: Stratum
  readonly class: FarEndClass
  readonly subclass: string
  readonly source: string
  readonly isNormal: boolean
  /** What lay on the line, for tables by condition. */
  readonly conditions: readonly string[]
  /** The first decision. `unknown` where there was none. */
  readonly verdict: Verdict
  /** What was thought 5 s after somebody had really picked up, and at the end. */
  readonly within5s: Verdict
  readonly last: Verdict
  readonly confidence?: number
  /** From the moment on which it could be known; `undefined` where nothing was decided. */
  readonly latencyMs?: number
  readonly sinceAnswerMs?: number
  readonly isBeforeAnswer: boolean
  /** The verdict came before anything was heard of the far end itself: at best a guess, and never right. */
  readonly isGuess: boolean
  readonly beep?: { readonly isHeard: boolean; readonly latencyMs?: number; readonly isLoudEnough: boolean }
  readonly falseBeeps: number
  /** The event that one may speak, less the true end of greeting and beep. */
  readonly readyErrorMs?: number
  /** Names of tones that were to be heard, with when each was, since it began; `undefined` where it was not. */
  readonly tones: readonly { readonly name: string; readonly latencyMs?: number }[]
  readonly falseTones: readonly string[]
  readonly audioMs: number
  readonly cpuMs: number
}

/** How long after its end a beep may still be reported. */
const LATE_BEEP_MS = 500

export function scoreCall(truth: Truth, { outcomes, audioMs, cpuMs }: Hearing): CallScore {
  const verdicts = outcomes.filter((each) => each.type === 'verdict' && each.stage !== 'provisional') as VerdictHeard[]
  // "Unknown" at the deadline is no decision in the sense of latency.
  const first = verdicts[0]
  const decided = first?.kind === 'unknown' ? undefined : first
  const eventMs = truthEventMs(truth)
  const asOf = (ms: number) => verdicts.findLast(({ atMs }) => atMs <= ms)?.kind ?? 'unknown'
  const ready = outcomes.find(({ type }) => type === 'readyForMessage')
  const endMs = truth.beep?.endMs ?? truth.greetingEndMs
  return {
    id: truth.id,
    stratum: truth.stratum,
    class: truth.class,
    subclass: truth.subclass,
    source: truth.source,
    isNormal: isNormal(truth),
    conditions: conditionsOf(truth),
    verdict: first?.kind ?? 'unknown',
    within5s: asOf(truth.pickedUpAtMs + 5000),
    last: asOf(Number.POSITIVE_INFINITY),
    ...(decided?.confidence !== undefined && { confidence: decided.confidence }),
    ...(decided !== undefined && eventMs !== undefined && { latencyMs: decided.atMs - eventMs }),
    ...(decided !== undefined && { sinceAnswerMs: decided.atMs - truth.pickedUpAtMs }),
    isGuess: decided !== undefined && truth.class !== 'none' && decided.atMs < firstHeardMs(truth),
    isBeforeAnswer: decided !== undefined && decided.atMs < truth.answeredAtMs,
    ...scoreBeeps(truth, outcomes),
    ...(ready !== undefined &&
      endMs !== undefined &&
      truth.class === 'machine' && { readyErrorMs: ready.atMs - endMs }),
    ...scoreTones(truth, outcomes),
    audioMs,
    cpuMs,
  }
}

type VerdictHeard = HeardOutcome & { readonly type: 'verdict' }

/** Whether the detector was right, silence and the like being what nobody can name. */
export function isRight(score: Pick<CallScore, 'class' | 'isGuess'>, verdict: Verdict): boolean {
  return !score.isGuess && verdict === (score.class === 'none' ? 'unknown' : score.class)
}

/** The quietest beep that counts, and how far above the noise it has to be. */
const LEAST_BEEP_DBM0 = -35
const LEAST_BEEP_SNR_DB = 10

function scoreBeeps(
  { beep, channel }: Truth,
  outcomes: readonly HeardOutcome[],
): Pick<CallScore, 'beep' | 'falseBeeps'> {
  const heard = outcomes.filter(({ type }) => type === 'beepStarted')
  if (beep === undefined) return { falseBeeps: heard.length }
  const right = heard.filter(({ atMs }) => atMs >= beep.startMs && atMs <= beep.endMs + LATE_BEEP_MS)
  const first = right[0]
  return {
    beep: {
      isHeard: first !== undefined,
      ...(first !== undefined && { latencyMs: first.atMs - beep.startMs }),
      isLoudEnough: beep.levelDbm0 >= LEAST_BEEP_DBM0 && beep.levelDbm0 - channel.noiseDbm0 >= LEAST_BEEP_SNR_DB,
    },
    falseBeeps: heard.length - right.length,
  }
}

/** Names of tones as the truth has them, and as detectors may call them. */
const SAME_TONES: Readonly<Record<string, readonly string[]>> = {
  sit: ['specialInformation'],
  ced: ['ced'],
  ansam: ['ced'],
  'ans-pr': ['ced'],
  'ansam-pr': ['ced'],
  v21: ['v21'],
  cng: ['cng'],
  ringback: ['ringback'],
  busy: ['busy', 'congestion'],
  congestion: ['congestion', 'busy'],
  dtmf: ['dtmf'],
}

function scoreTones(truth: Truth, outcomes: readonly HeardOutcome[]): Pick<CallScore, 'tones' | 'falseTones'> {
  const heard = outcomes.filter((each) => each.type === 'tone') as (HeardOutcome & { readonly type: 'tone' })[]
  const sounding = truth.tones.filter(({ name, startMs }) => name !== 'beep' && startMs >= truth.answeredAtMs)
  const names = [...new Set(sounding.map(({ name }) => name))]
  const tones = names.map((name) => {
    const startMs = Math.min(...sounding.filter((each) => each.name === name).map((each) => each.startMs))
    const first = heard.find((each) => SAME_TONES[name]?.includes(each.name) && each.atMs >= startMs)
    return { name, ...(first !== undefined && { latencyMs: first.atMs - startMs }) }
  })
  const possible = new Set(truth.tones.flatMap(({ name }) => SAME_TONES[name] ?? []))
  // The end of CED is followed by the preamble.
  if (truth.class === 'fax') possible.add('v21').add('ced')
  return { tones, falseTones: heard.map(({ name }) => name).filter((name) => !possible.has(name)) }
}

function conditionsOf({ channel, answeredAtMs }: Truth): string[] {
  const { noise, noiseDbm0, lossPercent, isLossBursty, secondCodec, levelDbm0 } = channel
  return [
    noise === undefined
      ? 'no noise'
      : noiseDbm0 <= -50
        ? 'noise to -50 dBm0'
        : noiseDbm0 <= -42
          ? 'noise to -42 dBm0'
          : 'noise to -32 dBm0',
    ...(noise === undefined ? [] : [`${noise} noise`]),
    lossPercent === 0 ? 'no loss' : `loss of ${lossPercent} %${isLossBursty ? ', in bursts' : ''}`,
    secondCodec === undefined ? 'no second codec' : secondCodec,
    levelDbm0 < -22 ? 'level below -22 dBm0' : levelDbm0 < -15 ? 'level to -15 dBm0' : 'level above -15 dBm0',
    ...(channel.isSilenceSuppressed ? ['silence suppressed'] : []),
    ...(channel.echo === undefined ? [] : ['echo of our prompt']),
    ...(channel.clipDbm0 === undefined ? [] : ['clipped']),
    answeredAtMs > 0 ? 'early media' : 'no early media',
  ]
}
