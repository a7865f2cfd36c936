import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LiveAudio, LiveReader } from '../../media/index.ts'
import { LiveOutput, type MarkOutcome } from './live-output.ts'

/** Takes samples as the player of the media thread does. */
class Player {
  readonly #audio: LiveAudio
  readonly #reader: LiveReader
  readonly #onReached: () => void

  constructor(audio: LiveAudio, onReached: () => void) {
    this.#audio = audio
    this.#reader = new LiveReader(audio)
    this.#onReached = onReached
  }

  /** Up to so many samples. */
  play(most: number): number[] {
    const reader = this.#reader
    reader.skipCleared()
    if (reader.takeTell()) this.#onReached()
    const played: number[] = []
    for (let left = Math.min(most, reader.available); left > 0; left--) {
      played.push(this.#audio.data[reader.at] as number)
      reader.advance(1)
    }
    return played
  }
}

/** An output and the media thread at its other end. */
function setUp() {
  const output = new LiveOutput({ encoding: 'pcm16', sampleRateHz: 8000 })
  const player = new Player(output.audio, () => output.onReached())
  return { output, player }
}

const numbered = (from: number, count: number): Int16Array => Int16Array.from({ length: count }, (_, i) => from + i)

describe('LiveOutput', () => {
  it('holds minutes, and gives the media thread a second or two of it at a time', () => {
    const { output, player } = setUp()
    const minute = numbered(0, 480_000)
    output.push(minute)
    expect(output.bufferedMs).toBe(60_000)
    const played = Array.from({ length: 3000 }, () => player.play(160)).flat()
    expect(Int16Array.from(played)).toEqual(minute)
    expect(output.bufferedMs).toBe(0)
  })

  it('passes marks in order, when what was pushed before them was played, or at once', () => {
    const { output, player } = setUp()
    const passed: string[] = []
    output.mark((outcome) => passed.push(`first ${outcome}`))
    expect(passed).toEqual(['first PLAYED'])
    output.push(numbered(0, 20_000))
    output.mark((outcome) => passed.push(`second ${outcome}`))
    output.push(numbered(0, 160))
    output.mark((outcome) => passed.push(`third ${outcome}`))
    for (let i = 0; i < 125; i++) player.play(160)
    expect(passed).toHaveLength(1)
    player.play(160)
    expect(passed.slice(1)).toEqual(['second PLAYED'])
    output.clear()
    expect(passed.slice(2)).toEqual(['third CLEARED'])
    output.push(numbered(0, 160))
    output.mark((outcome) => passed.push(`fourth ${outcome}`))
    output.end()
    expect(passed.slice(3)).toEqual(['fourth ENDED'])
  })

  it('plays everything that was pushed and not cleared, once and in order, whatever the order of things', () => {
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 30_000 }) }) },
      { weight: 8, arbitrary: fc.record({ play: fc.integer({ min: 1, max: 100 }) }) },
      { weight: 2, arbitrary: fc.constant('mark' as const) },
      { weight: 1, arbitrary: fc.constant('clear' as const) },
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const { output, player } = setUp()
        const expected: number[] = []
        const outcomes: { wanted: MarkOutcome | undefined; had: MarkOutcome | undefined }[] = []
        let next = 0
        for (const each of operations) {
          if (each === 'clear') {
            expected.length = 0
            for (const mark of outcomes) mark.wanted ??= mark.had ?? 'CLEARED'
            output.clear()
          } else if (each === 'mark') {
            const mark: (typeof outcomes)[number] = { wanted: undefined, had: undefined }
            outcomes.push(mark)
            output.mark((outcome) => {
              expect(mark.had).toBeUndefined()
              mark.had = outcome
            })
          } else if ('push' in each) {
            const samples = numbered(next, each.push)
            next += each.push
            expected.push(...samples)
            output.push(samples)
          } else
            for (let i = 0; i < each.play; i++) {
              const played = player.play(160)
              expect(played).toEqual(expected.splice(0, played.length))
            }
        }
        for (let i = 0; expected.length > 0 && i < 10_000; i++) {
          const played = player.play(160)
          expect(played).toEqual(expected.splice(0, played.length))
        }
        player.play(160)
        expect(expected).toEqual([])
        expect(output.bufferedMs).toBe(0)
        for (const { wanted, had } of outcomes) expect(had).toBe(wanted ?? 'PLAYED')
      }),
      { numRuns: 60 },
    )
  })
})
