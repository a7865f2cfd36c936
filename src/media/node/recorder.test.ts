import { describe, expect, it } from 'vitest'
import { sinePeak } from '../dsp/level.ts'
import type { JobCause, RecordLimits } from '../engine/control.ts'
import { Recorder } from './recorder.ts'

const frame = (level: number): Int16Array =>
  Int16Array.from({ length: 160 }, (_, i) => Math.round(sinePeak(level) * Math.sin((Math.PI * i) / 4)))
const SPEECH = frame(-20)
const NOISE = frame(-50)

/** Lets a recorder hear frames as letters: `s` speech, `n` line noise, `.` digital silence. */
function record(
  limits: Partial<RecordLimits>,
  script: string,
): { cause: JobCause | undefined; frames: number; recorder: Recorder; blocks: number[] } {
  const blocks: number[] = []
  const recorder = new Recorder({ bargeIn: false, beepOnStart: false, ...limits }, (samples) =>
    blocks.push(samples.length),
  )
  let frames = 0
  for (const letter of script) {
    frames++
    const cause = recorder.hear(letter === 's' ? SPEECH : letter === 'n' ? NOISE : new Int16Array(160))
    if (cause !== undefined) return { cause, frames, recorder, blocks }
  }
  return { cause: undefined, frames, recorder, blocks }
}

describe('Recorder', () => {
  it('hands over blocks of 160 ms and the rest at the end', () => {
    const { recorder, blocks } = record({}, 's'.repeat(20))
    expect(blocks).toEqual([1280, 1280])
    recorder.flush()
    recorder.flush()
    expect(blocks).toEqual([1280, 1280, 640])
  })

  it('counts milliseconds at 16 kHz, too', () => {
    const blocks: number[] = []
    const limits = { bargeIn: false, beepOnStart: false, sampleRateHz: 16_000, timeoutMs: 500 } as const
    const recorder = new Recorder(limits, (samples) => blocks.push(samples.length))
    const loud = new Int16Array(1280).fill(8000)
    const causes = Array.from({ length: 25 }, () => recorder.hear(loud, 320))
    recorder.flush()
    expect([causes.indexOf('TIMEOUT'), blocks, recorder.audioDetected]).toEqual([24, [2560, 2560, 2560, 320], true])
  })

  it('stops at the exact sample', () => {
    const { cause, recorder, blocks } = record({ maxSamples: 1000 }, 's'.repeat(20))
    recorder.flush()
    expect([cause, blocks]).toEqual(['SIZE', [1000]])
    expect(record({ timeoutMs: 90, maxSamples: 5000 }, 's'.repeat(20))).toMatchObject({ cause: 'TIMEOUT', frames: 5 })
    expect(record({ timeoutMs: 5000, maxSamples: 480 }, 's'.repeat(20))).toMatchObject({ cause: 'SIZE', frames: 3 })
  })

  it('waits for the end of speech, and starts again with each word', () => {
    const limits = { maxSilenceMs: 200 }
    expect(record(limits, `${'n'.repeat(50)}ssss${'n'.repeat(9)}ssss${'n'.repeat(20)}`)).toMatchObject({
      cause: 'SILENCE',
      frames: 50 + 4 + 9 + 4 + 10,
    })
    expect(record(limits, 'n'.repeat(500)).cause).toBeUndefined()
  })

  it('gives up when nothing at all is said', () => {
    const { cause, frames, recorder } = record({ initialSilenceMs: 1000 }, 'n'.repeat(500))
    expect([cause, frames, recorder.audioDetected]).toEqual(['SILENCE', 50, false])
    expect(record({ initialSilenceMs: 1000 }, `sss${'.'.repeat(500)}`).cause).toBeUndefined()
  })

  it('does not take a click for sound', () => {
    expect(record({}, '..s...ss....').recorder.audioDetected).toBe(false)
    expect(record({}, '..sss').recorder.audioDetected).toBe(true)
  })
})
