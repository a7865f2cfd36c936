import { describe, expect, it } from 'vitest'
import { correlationAt } from '../src/media/test/signals.ts'
import type { RecordsParameters } from './apps/records.ts'
import type { Report } from './apps/report.ts'
import { correlate } from './harness/correlate.ts'
import { ANSWERED, channelsIn, records, SAID } from './harness/recorded-calls.ts'
import { asSent } from './harness/skipped-slots.ts'

/** In its first five seconds a recorder learns how fast packets can be (src/media/node/track.ts), and moves what it hears. */
const LEARNING_SAMPLES = 40_000

/** How far each second of `sent` is from where its middle puts it, in samples, and how alike the two are there. */
function perSecond(sent: Int16Array, heard: Int16Array, within = 20): { offsets: number[]; correlations: number[] } {
  const offsets: number[] = []
  const correlations: number[] = []
  const { offset } = correlate(sent, heard)
  // The last second is at the edge of what was recorded.
  for (let at = 8000; at + 16_000 <= sent.length; at += 8000) {
    const piece = sent.subarray(at, at + 8000)
    let best = { offset: 0, correlation: -1 }
    for (let off = -within; off <= within; off++) {
      const correlation = correlationAt(heard, piece, at + offset + off)
      if (correlation > best.correlation) best = { offset: off, correlation }
    }
    offsets.push(best.offset)
    correlations.push(best.correlation)
  }
  return { offsets, correlations }
}

describe('what is recorded of a real call', () => {
  // A machine that is too busy to send in time skips whole slots, and counts them; the file goes on after that. One so busy that no
  // packet is in time for five seconds gets another attempt.
  it('is the file that was played, second by second, but for the slots that its sender counted as skipped', {
    retry: 2,
    timeout: 90_000,
  }, async () => {
    const both = (codec: string): RecordsParameters => ({
      file: `both-${codec}.wav`,
      recorder: 'wholeCallRecorder',
      options: { mode: 'stereo' },
      also: `far-${codec}.wav`,
      play: 'answered.wav',
    })
    const { callee, caller } = await records({ PCMU: both('PCMU'), PCMA: both('PCMA') })
    const call = async (codec: 'PCMU' | 'PCMA') => {
      const recordBoth = `own-${codec}.wav`
      const to = `sip:${codec}@${callee.address}`
      const ours = await caller.dial({ to, codecs: [codec], play: 'said.wav', recordBoth, talkMs: 500 })
      const theirs = await callee.report('records', ({ details }) => details?.target.includes(codec) === true)
      expect([ours.details?.codec, theirs.details?.codec]).toEqual([codec, codec])
      expect([ours.found.played, theirs.found.cause, theirs.found.stateThen]).toEqual(['NORMAL', 'HANGUP', 'IDLE'])
      return { codec, ours, theirs, recordBoth }
    }
    for (const { codec, ours, theirs, recordBoth } of await Promise.all([call('PCMU'), call('PCMA')])) {
      const [heardByCallee] = channelsIn(callee.file(`both-${codec}.wav`))
      const [heardByCaller] = channelsIn(caller.file(recordBoth))
      const said = expectRecorded(`what ${codec} brought the callee`, SAID, heardByCallee, slotsSkipped(ours))
      expectRecorded(`what ${codec} brought the caller`, ANSWERED, heardByCaller, slotsSkipped(theirs))
      // The recording of one side goes through the jitter buffer, which may follow the network by a few pitch periods.
      const [far] = channelsIn(callee.file(`far-${codec}.wav`))
      const alone = perSecond(said, far, 320).correlations.sort((a, b) => a - b)
      expect(alone[6], JSON.stringify(alone)).toBeGreaterThan(0.99)
    }
  })
})

/** Each second of a file that was played is in a recording, where it belongs. Returns the file as it was sent. */
function expectRecorded(name: string, file: Int16Array, recorded: Int16Array, slotsSkipped: number): Int16Array {
  const { samples, skipped } = asSent(file.subarray(LEARNING_SAMPLES), recorded, slotsSkipped)
  const { offsets, correlations } = perSecond(samples, recorded)
  const steps = offsets.slice(1).map((offset, i) => Math.abs(offset - offsets[i]))
  const what = JSON.stringify({ name, skipped, slotsSkipped, offsets, correlations })
  expect(skipped, what).toBeLessThanOrEqual(slotsSkipped)
  expect(offsets.length, what).toBeGreaterThanOrEqual(13)
  expect(Math.max(...steps), what).toBeLessThanOrEqual(1)
  expect(Math.min(...correlations), what).toBeGreaterThan(0.99)
  return samples
}

function slotsSkipped({ details }: Report): number {
  if (details?.media === undefined) throw new Error('nothing was counted')
  return details.media.slotsSkipped
}
