import { createHash } from 'node:crypto'
import { type Random, seededRandom } from '../../../src/kit/index.ts'
import type { Material } from '../material.ts'
import { type Split, STRATA, type Stratum } from '../strata.ts'
import { type Channel, drawChannel } from './channel.ts'
import { frameLevels, overLine } from './line.ts'
import { type Packet, packetsOf } from './packets.ts'
import { earlyMedia } from './pieces.ts'
import { SCRIPTS } from './scripts.ts'
import { NOMINAL_DBM0, Timeline } from './timeline.ts'
import type { Truth } from './truth.ts'

/** A whole call as it comes from the network, and what is true of it. */
export interface RenderedCall {
  readonly truth: Truth
  readonly packets: readonly Packet[]
}

/** Which call it is: the same of these gives the same octets, as long as the material is the same. */
export interface CallName {
  readonly stratum: Stratum
  readonly split: Split
  readonly seed: number
  readonly index: number
}

/**
 * Renders a call: what the far end sends, over a channel, in packets. The channel is drawn from a source of its own that
 * knows nothing of the stratum, so that calls of one index have the same channel in every stratum.
 *
 * @param channel in place of the drawn one
 */
export function renderCall(
  { stratum, split, seed, index }: CallName,
  material: Material,
  channel: Channel = drawChannel(randomOf('channel', split, seed, index)),
): RenderedCall {
  const random = randomOf(stratum, split, seed, index)
  const line = new Timeline()
  earlyMedia(line, material, random, split)
  line.answer()
  const scene = SCRIPTS[stratum]({ line, material, random, split })
  const truth = truthOf({ id: `${split}-${stratum}-${seed}-${index}`, stratum, split, channel }, line, {
    class: STRATA[stratum].class,
    ...scene,
  })
  const sound = line.samples
  const heard = overLine(sound, channel, line.answeredAtMs, material, split, random)
  const quiet = frameLevels(sound).map((level) => level < SILENT_DBM0)
  return { truth, packets: packetsOf(heard, quiet, channel, line.answeredAtMs, random) }
}

/** On the timeline, where speech has -20 dBm0: below it an encoder with voice activity detection sends nothing. */
const SILENT_DBM0 = -58

function truthOf(
  name: { readonly id: string; readonly stratum: Stratum; readonly split: Split; readonly channel: Channel },
  line: Timeline,
  scene: Pick<Truth, 'source' | 'subclass' | 'class'>,
): Truth {
  const { speech, tones, greetingEndMs, beep, joinedAtMs, answeredAtMs, pickedUpAtMs, words, wordsAreKnown } = line
  return {
    ...name,
    ...scene,
    words,
    wordsAreKnown,
    answeredAtMs,
    pickedUpAtMs,
    speech,
    tones,
    ...(greetingEndMs !== undefined && { greetingEndMs }),
    ...(beep !== undefined && { beep: { ...beep, levelDbm0: beep.levelDbm0 - NOMINAL_DBM0 + name.channel.levelDbm0 } }),
    ...(joinedAtMs !== undefined && { joinedAtMs }),
    endMs: line.nowMs,
  }
}

function randomOf(...name: readonly (string | number)[]): Random {
  return seededRandom(createHash('sha256').update(name.join('/')).digest().readInt32LE())
}
