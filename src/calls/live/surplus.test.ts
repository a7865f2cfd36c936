import { describe, expect, it } from 'vitest'
import { LiveReader } from '../../media/index.ts'
import type { LiveFormat } from './live-format.ts'
import { LiveOutput } from './live-output.ts'

const SILENCE = new Int16Array(160)
const SPEECH = Int16Array.from({ length: 160 }, (_, i) => 5000 * Math.sin(i))

/** Somebody who writes, and the player, which takes a packet each 20 ms if there is one. */
function setUp(format: LiveFormat = { encoding: 'pcm16', sampleRateHz: 8000 }) {
  const output = new LiveOutput(format)
  const reader = new LiveReader(output.audio)
  return {
    output,
    play: (packets = 1): void => {
      for (let i = 0; i < packets; i++) {
        if (reader.takeTell()) output.onReached()
        reader.advance(Math.min(160, reader.available))
      }
    },
    waiting: (): number => output.bufferedMs,
  }
}

describe('lateness of one who writes as time passes', () => {
  it.each(['pcm16', 'pcmu'] as const)('is taken out of the next pauses, but for a packet (%s)', (encoding) => {
    const { output, play, waiting } = setUp({ encoding, sampleRateHz: 8000 })
    const block = (isLoud: boolean) => {
      if (encoding === 'pcm16') return (isLoud ? SPEECH : SILENCE).slice()
      return new Uint8Array(160).fill(isLoud ? 0x20 : 0xff)
    }
    for (let i = 0; i < 50; i++) {
      output.push(block(true))
      play()
    }
    expect(waiting()).toBe(0)
    // It comes 200 ms late, all at once: ten packets of silence were played in between.
    play(10)
    for (let i = 0; i < 10; i++) output.push(block(true))
    for (let i = 0; i < 100; i++) {
      output.push(block(true))
      play()
    }
    // Nobody cuts into speech.
    expect(waiting()).toBe(200)
    for (let i = 0; i < 60; i++) {
      output.push(block(false))
      play()
    }
    expect(waiting()).toBe(20)
  })

  it('is none of one who writes ahead: his pauses stay', () => {
    const { output, play, waiting } = setUp()
    for (let n = 0; n < 5; n++) {
      for (let i = 0; i < 150; i++) output.push((i % 20 < 10 ? SPEECH : SILENCE).slice())
      play(100)
    }
    expect(waiting()).toBe(5 * 50 * 20)
    // As fast as time passes, but knowing how far it was played.
    for (let i = 0; i < 150; i++) {
      if (i % 40 === 0) output.mark(() => {})
      if (i % 40 === 20) output.waitUntilAtMost(5000, () => {})
      output.push(SILENCE.slice())
      play()
    }
    expect(waiting()).toBe(5000)
    // Twice as fast as time passes, block by block.
    for (let i = 0; i < 200; i++) {
      output.push(SILENCE.slice())
      if (i % 2 === 0) play()
    }
    expect(waiting()).toBe(5000 + 2000)
  })
})
