import { describe, expect, test } from 'vitest'
import { toneLevelDbm0 } from '../../../media/index.ts'
import type { Phone } from '../../../testing/index.ts'
import { type Meeting, meeting, settings } from './meeting.ts'

function meet(): Meeting {
  return meeting((_, channel) => ({ conferencePartyMediaSettings: settings(channel) }))
}

const hum = (frequencyHz: number, durationMs = 600) =>
  [{ tone1: { frequencyHz, amplitude: 13 }, durationMs, add: 'summation' }] as const

/** From when to when a tone is heard in a recording of 8 kHz, in tenths of a second. */
function when(samples: Int16Array, frequencyHz: number): [number, number] | undefined {
  const tenths = Array.from({ length: Math.floor(samples.length / 800) }, (_, i) => i)
  const heard = tenths.filter((i) => toneLevelDbm0(samples.subarray(800 * i, 800 * i + 800), frequencyHz) > -20)
  return heard.length === 0 ? undefined : [heard[0] as number, (heard.at(-1) as number) + 1]
}

describe('a room that is recorded', () => {
  test('mixed: everybody at his time, until it is destroyed', async () => {
    const here = meet()
    const [alice, bob] = [await here.join('alice'), await here.join('bob')]
    const { recorder } = here.room
    expect([recorder.state(), recorder.cause()]).toEqual(['IDLE', 'NONE'])
    const recording = recorder.record('meeting.wav')
    const begunAt = here.pbx.sim.now
    expect(recorder.state()).toBe('RUNNING')
    await alice.hum(hum(620))
    await bob.hum(hum(950))
    expect(() => recorder.start('other.wav')).toThrow(/room.recorder is already running/)
    expect(await here.until(here.room.destroy())).toBe(true)
    expect(await here.until(recording)).toBe('HANGUP')
    const { samples, durationMs } = here.pbx.recording('meeting.wav')
    expect(durationMs / 1000).toBeCloseTo((here.pbx.sim.now - begunAt) / 1000, 0)
    expect([when(samples, 620), when(samples, 950)]).toEqual([
      [expect.closeTo(0, -0.5), expect.closeTo(6, -0.5)],
      [expect.closeTo(6, -0.5), expect.closeTo(12, -0.5)],
    ])
    expect([recorder.audioDetectedInRecording(), recorder.tracks]).toEqual([true, []])
    await here.over()
  })

  test('in tracks: one for each who was heard, in step, whoever comes and goes', async () => {
    const here = meet()
    const [alice, bob] = [await here.join('alice'), await here.join('bob')]
    const { recorder, parties } = here.room
    recorder.start('folder/meeting.wav', { mode: 'tracks' })
    await here.pbx.sleep(1000)
    await alice.hum(hum(620))
    const carol = await here.join('carol')
    await carol.hum(hum(950))
    await carol.hangUp()
    await here.pbx.sleep(1000)
    await alice.hum(hum(620))
    expect(await here.until(recorder.stop())).toBe('ABORTED')
    const names = recorder.tracks.map(({ file, who }) => `${file} ${/sip:(\w+)/.exec(who)?.[1]}`)
    expect(names).toEqual(['folder/meeting-1.wav alice', 'folder/meeting-2.wav carol'])
    expect(recorder.tracks[0]).toMatchObject({ party: parties[0]?.id, callId: parties[0]?.callId })
    expect(recorder.tracks[1]?.heardFromMs).toBeCloseTo(1750, -2)
    const [first, second] = ['folder/meeting-1.wav', 'folder/meeting-2.wav'].map((name) => here.pbx.recording(name))
    expect(when(first?.samples.subarray(0, 8 * 2000) ?? new Int16Array(), 620)).toEqual(
      [10, 17].map((at) => expect.closeTo(at, -0.5)),
    )
    expect(when(first?.samples ?? new Int16Array(), 620)?.[1]).toBeCloseTo(40, -0.5)
    expect(when(second?.samples ?? new Int16Array(), 950)).toEqual([17, 24].map((at) => expect.closeTo(at, -0.5)))
    expect([when(first?.samples ?? new Int16Array(), 950), when(second?.samples ?? new Int16Array(), 620)]).toEqual([
      undefined,
      undefined,
    ])
    expect(second?.durationMs).toBeLessThan(3000)
    expect(here.pbx.recordings).toEqual(expect.arrayContaining(['folder/meeting-1.wav', 'folder/meeting-2.wav']))
    await bob.hangUp()
    await here.over()
  })

  test('pauses and goes on, ends by its limits, and says what cannot be', async () => {
    const here = meet()
    const alice = await here.join('alice')
    await here.join('bob')
    const { recorder } = here.room
    recorder.start('cut.wav')
    await alice.hum(hum(620))
    await here.pbx.sleep(100)
    expect([recorder.pause({ cut: true }), recorder.isPaused()]).toEqual([true, true])
    await alice.hum(hum(950))
    await here.pbx.sleep(100)
    expect(recorder.resume()).toBe(true)
    await here.pbx.sleep(200)
    await alice.hum(hum(1400))
    await here.pbx.sleep(100)
    await here.until(recorder.stop())
    const { samples, durationMs } = here.pbx.recording('cut.wav')
    expect([when(samples, 620), when(samples, 950), when(samples, 1400)]).toEqual([
      [expect.closeTo(0, -0.5), expect.closeTo(6, -0.5)],
      undefined,
      [expect.closeTo(8, -0.5), expect.closeTo(14, -0.5)],
    ])
    expect(durationMs).toBeCloseTo(1550, -2)
    expect(await here.until(recorder.record('short.wav', { timeoutMs: 500 }))).toBe('TIMEOUT')
    expect(await here.until(recorder.record('small.wav', { maxBytes: 8000 }))).toBe('SIZE')
    expect(await here.until(recorder.record('silent.wav', { initialSilenceMs: 700 }))).toBe('SILENCE')
    expect(recorder.audioDetectedInRecording()).toBe(false)
    for (const [name, options, message] of [
      ['a.wav', { mode: 'both' as 'mixed' }, /mode must be 'mixed' or 'tracks', not "both"/],
      ['../a.wav', {}, /not a media file name/],
      ['a.wav', { maxBytes: 0 }, /room.recorder.record: maxBytes must be above 0, not 0/],
    ] as const)
      expect(() => recorder.start(name, options)).toThrow(message)
    await here.over()
  })

  test('begins in a room that has just been made, and is over when it was never more than that', async () => {
    const here = meet()
    const alice = await here.join('alice')
    const first = here.room
    const recording = first.recorder.record('waiting.wav')
    await here.pbx.sleep(500)
    await alice.hangUp()
    expect(await here.until(recording)).toBe('HANGUP')
    expect(here.pbx.recording('waiting.wav').durationMs).toBeCloseTo(500, -2)
    await here.pbx.done()
    const late = await here.until(first.recorder.record('late.wav'))
    expect([late, here.pbx.recording('late.wav').durationMs]).toEqual(['HANGUP', 0])
  })
})

test('a party who is heard for the first time late has a track that begins with silence all the same', async () => {
  const here = meet()
  const phones: Phone[] = [await here.join('alice'), await here.join('bob')]
  here.room.recorder.start('long.wav', { mode: 'tracks' })
  await here.pbx.sleep(90_000)
  await phones[0]?.hum(hum(620, 1000))
  await here.until(here.room.recorder.stop())
  const { samples } = here.pbx.recording('long-1.wav')
  expect(when(samples, 620)).toEqual([900, 910].map((at) => expect.closeTo(at, -0.5)))
  await here.over()
})
