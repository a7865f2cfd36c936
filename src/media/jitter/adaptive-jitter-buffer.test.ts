import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RtpPacket } from '../rtp/packet.ts'
import { AdaptiveJitterBuffer } from './adaptive-jitter-buffer.ts'
import { emptyPlayout, type JitterCounts } from './jitter-buffer.ts'
import { type Heard, runScript, type ScriptOptions } from './test/script.ts'

interface Scenario {
  readonly name: string
  readonly script: string
  readonly options?: ScriptOptions
  /** The whole timeline, or its numbers. */
  readonly timeline?: string
  readonly heard?: Partial<Heard>
  readonly counts?: Partial<JitterCounts>
}

const upTo = (count: number, without: readonly number[] = []): number[] =>
  Array.from({ length: count }, (_, i) => i).filter((i) => !without.includes(i))

const calm: JitterCounts = { late: 0, duplicates: 0, movedBack: 0, restarts: 0, underruns: 0 }

/** The depth is 40 ms in all of them: two plays pass before the first packet. */
const scenarios: readonly Scenario[] = [
  { name: 'a perfect line', script: '(PG)8', timeline: '..pppppp', heard: { maxWaitMs: 40 }, counts: calm },
  { name: 'plays before any packet', script: 'GGG(PG)4', timeline: '.....pp', counts: calm },
  { name: '10 ms packets', script: '(PPG)6', options: { packetSamples: 80 }, timeline: '..ppppppppp', counts: calm },
  { name: '30 ms packets', script: '(PGPGG)3', options: { packetSamples: 240 }, timeline: '..ppppp', counts: calm },
  { name: '40 ms packets', script: '(PGG)4', options: { packetSamples: 320 }, timeline: '..ppp', counts: calm },
  { name: '60 ms packets', script: '(PGGG)3', options: { packetSamples: 480 }, timeline: '..ppp', counts: calm },
  { name: 'one lost', script: 'PGPGPGLGPGPGPG', timeline: '..pppm' + 'p', heard: { order: [0, 1, 2, 4] } },
  // The 40 ms in store are gone when the third is missed, so at first nobody can tell loss from silence.
  {
    name: 'three lost in a row',
    script: '(PG)4(LG)3(PG)4',
    timeline: '..ppppummpp',
    counts: { ...calm, underruns: 1 },
  },
  { name: 'two swapped', script: 'PGPG HPR GG (PG)3', heard: { missing: 0, underrun: 0, order: [0, 1, 2, 3, 4] } },
  { name: 'a packet 40 ms behind its turn', script: 'PGPG HGPGRPG(PG)3', timeline: '..pppppp', counts: calm },
  { name: 'each packet twice', script: '(PDG)8', timeline: '..pppppp', counts: { ...calm, duplicates: 8 } },
  {
    name: 'overtaken by one that was played: dropped',
    script: '(PG)4 H (PG)4 R (PG)3',
    heard: { order: upTo(9, [4]), missing: 1 },
    counts: { ...calm, late: 1 },
  },
  {
    name: 'a burst after 80 ms of nothing: one gap, everything heard, no second gap',
    script: '(PG)5 GGGG PPPP G (PG)50',
    heard: { order: upTo(56) },
    counts: { ...calm, movedBack: 1, underruns: 2 },
  },
  {
    name: 'jitter of up to 40 ms',
    script: '(PG)4 (GGPPPG)20 ',
    heard: { missing: 0 },
    counts: { ...calm, underruns: 0 },
  },
  {
    name: 'silence by DTX is no loss',
    script: '(PG)4 (TG)10 (PG)4',
    timeline: '..ppppuuuuuuuu..pp',
    heard: { missing: 0 },
  },
  {
    name: 'the wrap of both numbers',
    script: '(PG)9',
    options: { firstSequence: 65_533, firstTimestamp: 0xffffff00 },
    timeline: '..ppppppp',
    counts: calm,
  },
  {
    name: 'silence that was announced is no underrun, however long it lasts',
    script: '(PG)4 C (TG)200 (PG)4',
    timeline: `..ppppn${'.'.repeat(198)}..pp`,
    counts: calm,
  },
  {
    name: 'a key press takes sequence numbers: a pause, no loss',
    script: '(PG)4 (TEG)8 (PG)4',
    timeline: '..pppp........pp',
    counts: calm,
  },
  {
    name: 'what is quiet has its turn as everything else',
    script: '(PG)4 (QG)3 LG (QG)2 (PG)3',
    timeline: '..ppppqqqmqqp',
    counts: calm,
  },
  { name: 'another SSRC', script: '(PG)4 S (PG)4', heard: { order: [0, 1, 4, 5] }, counts: { ...calm, restarts: 1 } },
  {
    name: 'a leap of the sender',
    script: '(PG)4 J (PG)4',
    heard: { order: [0, 1, 4, 5] },
    counts: { ...calm, restarts: 1 },
  },
  {
    name: 'the path becomes 160 ms longer for good: one gap, nothing lost',
    script: '(PG)10 (HG)8 (HRG)50',
    heard: { order: upTo(60), missing: 0, underrun: 6, maxWaitMs: 20 + 20 },
    counts: { ...calm, underruns: 6, movedBack: 1 },
  },
  {
    name: 'the path becomes 400 ms longer for good: longer than we wait, so a fresh start',
    script: '(PG)10 (HG)20 (HRG)50',
    heard: { missing: 0, maxWaitMs: 40 },
    counts: { ...calm, underruns: 20, late: 2, restarts: 1 },
  },
  {
    name: 'the sender stops: underruns for a second, then rest, then a fresh start',
    script: '(PG)5 (G)100 (PG)5',
    counts: { ...calm, underruns: 50 },
    heard: { order: [0, 1, 2, 3, 4, 5, 6, 7] },
  },
  {
    name: 'a sender 0.2 % fast: the surplus is cut, nothing runs over',
    script: '((PG)499PPG)10 (PG)500',
    heard: { underrun: 0 },
    counts: { late: 0, restarts: 0 },
  },
]

/** What the buffer wants to wait after a network has been like this for a while. */
const learnt: readonly { name: string; script: string; targetMs: number; late: number }[] = [
  { name: 'perfect', script: '(PG)100', targetMs: 20, late: 0 },
  { name: 'one visit later now and then', script: '((PG)9 GPPG)20', targetMs: 30, late: 0 },
  { name: 'pairs', script: '(PPGG)100', targetMs: 30, late: 0 },
  { name: 'four at once', script: '(GGGGPPPP)50', targetMs: 70, late: 0 },
  { name: 'twelve at once', script: '((G)12(P)12)30', targetMs: 200, late: 0 },
  { name: 'one in 200 very late', script: '((PG)199 HG(PG)4RPG)3', targetMs: 20, late: 3 },
  { name: 'late only because we are', script: '((PG)9 WGPPG)20', targetMs: 20, late: 0 },
]

describe('AdaptiveJitterBuffer', () => {
  it.each(learnt)('wants to wait $targetMs ms on a network that is $name', ({ script, targetMs, late }) => {
    const buffer = new AdaptiveJitterBuffer()
    runScript(buffer, script)
    expect({ targetMs: buffer.target / 8, late: buffer.counts.late }).toEqual({ targetMs, late })
  })

  it.each(scenarios)('$name', ({ script, options, timeline, heard, counts }) => {
    const buffer = new AdaptiveJitterBuffer()
    const result = runScript(buffer, script, options)
    if (timeline !== undefined) expect(result.timeline).toBe(timeline)
    if (heard !== undefined) expect(result).toMatchObject(heard)
    if (counts !== undefined) expect(buffer.counts).toMatchObject(counts)
  })

  it('plays in order, and never throws or hangs, whatever arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...'PPPPGGGGLDTJSCEW', 'HGR', 'HPR', 'HGGGPPPR'), { maxLength: 400 }),
        (letters) => {
          const { timeline } = runScript(new AdaptiveJitterBuffer(), `P${letters.join('')}`)
          expect(timeline.length).toBeGreaterThanOrEqual(letters.join('').replace(/[^G]/g, '').length)
        },
      ),
    )
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 12, maxLength: 40 }), { maxLength: 100 }), (datagrams) => {
        const buffer = new AdaptiveJitterBuffer()
        const view = new RtpPacket()
        const playout = emptyPlayout()
        for (const bytes of datagrams) {
          bytes[0] = 0x80
          const content = (['audio', 'noise', 'event'] as const)[bytes[1] % 3]
          if (view.parse(bytes)) buffer.put(view, content, view.payloadLength)
          buffer.elapse(bytes[2], bytes[3] % 2 === 0)
          buffer.take(playout)
          expect(playout.ticks).toBeGreaterThanOrEqual(playout.kind === 'noise' ? 0 : 1)
        }
      }),
    )
  })
})
