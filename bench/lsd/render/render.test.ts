import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { labelOf, tapeOf } from '../export.ts'
import { playOut } from '../playout.ts'
import { STRATUM_NAMES, type Stratum } from '../strata.ts'
import { PLAIN_CHANNEL, SyntheticMaterial } from '../test/synthetic-material.ts'
import type { Channel } from './channel.ts'
import { type RenderedCall, renderCall } from './render.ts'
import { levelOf, PER_MS } from './sound.ts'
import { type Truth, truthEventMs } from './truth.ts'

const material = new SyntheticMaterial()

function rendered(stratum: Stratum, index: number, channel: Partial<Channel> = {}): RenderedCall {
  return renderCall({ stratum, split: 'dev', seed: 7, index }, material, { ...PLAIN_CHANNEL, ...channel })
}

function level(samples: Int16Array, fromMs: number, toMs: number): number {
  return levelOf(samples, Math.round(fromMs * PER_MS), Math.round(toMs * PER_MS))
}

describe('renderCall', () => {
  it.each(STRATUM_NAMES)('renders the same octets again: %s', (stratum) => {
    const channel = { noise: 'street', noiseDbm0: -45, lossPercent: 3, jitterMs: 8 } as const
    const once = digestOf(rendered(stratum, 1, channel))
    expect(digestOf(rendered(stratum, 1, channel))).toBe(once)
    expect(digestOf(rendered(stratum, 2, channel))).not.toBe(once)
  })

  it('draws the line without regard to who is at the far end', () => {
    const channelOf = (stratum: Stratum, index: number) => {
      const { channel } = renderCall({ stratum, split: 'dev', seed: 7, index }, material).truth
      return channel
    }
    // Of the first calls these have no second codec, which would need programs.
    const plain = [0, 1, 2, 3, 4, 5, 6, 7].filter((index) => !needsPrograms(index))
    expect(plain.length).toBeGreaterThan(1)
    for (const index of plain) expect(channelOf('H1', index)).toEqual(channelOf('F', index))
    expect(channelOf('H1', plain[0]!)).not.toEqual(channelOf('H1', plain[1]!))
  })

  it.each(STRATUM_NAMES)('sounds where the truth says so, and nowhere else: %s', (stratum) => {
    for (let index = 0; index < 3; index++) {
      const { truth, packets } = rendered(stratum, index)
      const { samples, isWhole } = playOut(packets)
      expect(isWhole.every(Boolean)).toBe(true)
      expect(Math.abs(samples.length / PER_MS - truth.endMs)).toBeLessThanOrEqual(20)
      for (const { startMs, endMs } of truth.speech) expect(level(samples, startMs, endMs)).toBeGreaterThan(-36)
      for (const { startMs, endMs, name } of truth.tones)
        if (endMs - startMs > 40) expect(level(samples, startMs + 10, endMs - 10), name).toBeGreaterThan(-40)
      if (['H1', 'H2', 'H3', 'M3', 'M4', 'F'].includes(stratum)) expectQuietElsewhere(truth, samples)
    }
  })

  it('says when a greeting ends, when it beeps, and who is really there', () => {
    let [beeps, ringing] = [0, 0]
    for (let index = 0; index < 12; index++) {
      const { truth } = rendered('M1', index)
      expect(truth.greetingEndMs).toBe(truth.speech.at(-1)!.endMs)
      if (truth.beep === undefined) continue
      beeps++
      expect(truth.beep.startMs).toBeGreaterThanOrEqual(truth.greetingEndMs!)
      const late = rendered('T', index).truth
      if (late.pickedUpAtMs > late.answeredAtMs) ringing++
      expect(late.class).toBe({ 'ringback-person': 'person', 'ringback-machine': 'machine' }[late.subclass] ?? 'signal')
    }
    expect(beeps).toBeGreaterThan(5)
    expect(ringing).toBeGreaterThan(0)
  })

  it.each(['M1', 'M2', 'M4'] as const)('pauses between the words of a greeting as people do: %s', (stratum) => {
    for (let index = 0; index < 4; index++) {
      const { speech, pickedUpAtMs } = rendered(stratum, index).truth
      const words = speech.filter(({ startMs }) => startMs >= pickedUpAtMs)
      const pausesMs = words.slice(1).map(({ startMs }, n) => startMs - words[n]!.endMs)
      for (const pauseMs of pausesMs) {
        expect(pauseMs).toBeGreaterThanOrEqual(50)
        expect(pauseMs).toBeLessThanOrEqual(610)
      }
    }
  })

  it('knows a person by the end of the first utterance, breaths within it included, and a machine by its first word', () => {
    const { truth } = rendered('H1', 0)
    const spans = [
      { startMs: 1000, endMs: 1500, by: 'person' },
      { startMs: 2100, endMs: 2600, by: 'person' },
      { startMs: 3500, endMs: 4000, by: 'person' },
    ] as const
    const person: Truth = { ...truth, answeredAtMs: 0, pickedUpAtMs: 0, speech: spans }
    expect(truthEventMs(person)).toBe(2600)
    expect(truthEventMs({ ...person, class: 'machine' })).toBe(1000)
    expect(truthEventMs({ ...person, pickedUpAtMs: 3000 })).toBe(4000)
  })

  it('is exported with what `ringdown lsd evaluate` reads', () => {
    const { truth } = rendered('M3', 0)
    expect(labelOf('a.wav', truth)).toBe(
      `a.wav,machine,${Math.round(truth.answeredAtMs)},,${Math.round(truth.greetingEndMs!)},${Math.round(truth.beep!.startMs)}`,
    )
    expect(labelOf('b.wav', { ...rendered('F', 0).truth, class: 'signal', answeredAtMs: 0 })).toBe('b.wav,none,0,,,')
  })

  it('is exported with what was lost and signalled', () => {
    const echo = { afterMs: 500, lengthMs: 1000, delayMs: 80, lossDb: 20 } as unknown as NonNullable<Channel['echo']>
    const call = rendered('H1', 0, { lossPercent: 3, echo })
    const { samples, signals, missing } = tapeOf(call)
    const { isWhole } = playOut(call.packets, call.truth.endMs)
    expect(samples).toHaveLength(isWhole.length * 20 * PER_MS)
    expect(missing.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(20 * isWhole.filter((is) => !is).length)
    expect(missing).not.toEqual([])
    expect(signals.map(({ signal }) => signal)).toEqual(['answered', 'promptStarted', 'promptEnded'])
  })
})

describe('packets', () => {
  it('lose what the line loses, each time at the same places', () => {
    for (const isLossBursty of [false, true]) {
      const left = Array.from({ length: 8 }, (_, index) => {
        const whole = rendered('M1', index, { packetMs: 10 }).packets.length
        return [rendered('M1', index, { packetMs: 10, lossPercent: 3, isLossBursty }).packets.length, whole] as const
      })
      const lost = 1 - left.reduce((sum, [some]) => sum + some, 0) / left.reduce((sum, [, whole]) => sum + whole, 0)
      expect(lost).toBeGreaterThan(0.015)
      expect(lost).toBeLessThan(0.05)
    }
  })

  it.each([10, 20, 30, 40, 60] as const)('of %i ms hold the same sound', (packetMs) => {
    const ours = playOut(rendered('H1', 2, { packetMs }).packets).samples
    const other = playOut(rendered('H1', 2).packets).samples
    const length = Math.min(ours.length, other.length) - 60 * PER_MS
    expect(isSame(ours.subarray(0, length), other.subarray(0, length))).toBe(true)
  })

  it('play out as missing what is lost or too late, in the order of timestamps', () => {
    const { packets } = rendered('H1', 2)
    const whole = playOut(packets).samples
    expect(isSame(playOut([...packets].reverse()).samples, whole)).toBe(true)
    const lost = playOut(packets.filter((_, n) => n !== 5))
    const late = playOut(
      packets.map((packet, n) => ({ ...packet, arrivalMs: packet.arrivalMs + (n === 5 ? 101 : 99) })),
    )
    for (const { samples, isWhole } of [lost, late]) {
      expect(isWhole.flatMap((is, n) => (is ? [] : [n]))).toEqual([5])
      expect(samples.length).toBe(whole.length)
    }
  })

  it('of a sender that suppresses silence are fewer, and the gaps are noise', () => {
    const { packets, truth } = rendered('H1', 2, { isSilenceSuppressed: true, noise: 'white', noiseDbm0: -50 })
    expect(packets.length).toBeLessThan(rendered('H1', 2).packets.length / 2)
    const { samples, isWhole } = playOut(packets, truth.endMs)
    expect(isWhole.every(Boolean)).toBe(true)
    expect(Math.abs(samples.length / PER_MS - truth.endMs)).toBeLessThanOrEqual(20)
    const afterMs = truth.speech.at(-1)!.endMs + 1000
    expect(level(samples, afterMs, afterMs + 500)).toBeGreaterThan(-56)
    expect(level(samples, afterMs, afterMs + 500)).toBeLessThan(-44)
  })
})

function digestOf({ truth, packets }: RenderedCall): string {
  const hash = createHash('sha256').update(JSON.stringify(truth))
  for (const { payload, ...head } of packets) hash.update(JSON.stringify(head)).update(payload)
  return hash.digest('hex')
}

function isSame(one: Int16Array, other: Int16Array): boolean {
  return one.length === other.length && one.every((sample, i) => sample === other[i])
}

function needsPrograms(index: number): boolean {
  try {
    return renderCall({ stratum: 'X', split: 'dev', seed: 7, index }, material).truth.channel.secondCodec !== undefined
  } catch {
    return true
  }
}

function expectQuietElsewhere({ speech, tones, answeredAtMs, endMs }: Truth, samples: Int16Array): void {
  const sounding = [...speech, ...tones].sort((a, b) => a.startMs - b.startMs)
  // Music before the answer is no tone.
  let quietSinceMs = answeredAtMs
  for (const span of [...sounding, { startMs: endMs, endMs }]) {
    if (span.startMs - quietSinceMs > 200)
      expect(level(samples, quietSinceMs + 60, span.startMs - 60)).toBeLessThan(-50)
    quietSinceMs = Math.max(quietSinceMs, span.endMs)
  }
}
