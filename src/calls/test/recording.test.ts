import { expect, test } from 'vitest'
import { MediaFileError } from '../../kit/index.ts'
import { levelDbm0, toneLevelDbm0 } from '../../media/index.ts'
import { MemoryMediaStore, type Simulation, withSimulation } from '../../testing/index.ts'
import {
  type AppFunction,
  type Channel,
  inbound,
  outbound,
  type RecordingFormat,
  type RecordingSink,
} from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** Remembers how files were begun, and has no room for those whose name says so. */
class WatchedStore extends MemoryMediaStore {
  readonly begun: unknown[] = []
  open = 0

  override async write(
    name: string,
    format: RecordingFormat,
    sampleRateHz?: 8000 | 16_000,
    channels?: 1 | 2,
  ): Promise<RecordingSink> {
    if (name.startsWith('unwritable')) throw new MediaFileError(`${name} cannot be written: EACCES`)
    this.begun.push([name, format, sampleRateHz, channels])
    this.open++
    const sink = await super.write(name, format, sampleRateHz, channels)
    let room = name.startsWith('full') ? 4000 : Number.POSITIVE_INFINITY
    return {
      write: (samples) => {
        room -= samples.length
        return room > 0 && sink.write(samples)
      },
      close: async () => {
        this.open--
        await sink.close()
        if (room <= 0) throw new MediaFileError(`${name} could not be recorded: ENOSPC`)
      },
    }
  }
}

function store(): WatchedStore {
  const files = new WatchedStore()
  for (const hz of [500, 700, 1300]) {
    const data = Int16Array.from({ length: 16_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * hz * i) / 8000))
    files.put(`${hz}.wav`, { encoding: 'pcm16', sampleRateHz: 8000, data })
  }
  return files
}

const plays =
  (...names: string[]): AppFunction =>
  async (channel) => {
    for (const name of names) await channel.filePlayer.play(name)
    await channel.waitForIdle()
  }

/** Runs `us` on the answered channel of a call to somebody who does `them`; `elsewhere` another one can be called. */
async function call(
  sim: Simulation,
  us: (channel: Channel, other: Channel) => Promise<void>,
  them: AppFunction = plays(),
): Promise<WatchedStore> {
  const answering = (app: AppFunction) =>
    inbound(async (channel, context) => {
      await channel.answer()
      return app(channel, context)
    })
  const services = { app: answering(them), elsewhere: answering(plays('500.wav')) }
  const theirs = sim.exchange(THEM, { services, files: store() })
  const files = store()
  const ours = sim.exchange(US, { files })
  const record = await ours.startOutbound(
    outbound(async (channel, { extraChannels }) => {
      await channel.call(`sip:app@${THEM}`)
      await us(channel, extraChannels[0] as Channel)
    }),
  )
  await sim.clock.runUntilIdle()
  expect([record.error, theirs.instances[0]?.error]).toEqual([undefined, undefined])
  // Whatever happened, no call and no file is left.
  expect([ours.alive, theirs.alive, files.open]).toEqual([0, 0, 0])
  return files
}

function sidesOf(files: WatchedStore, name: string): readonly [left: Int16Array, right: Int16Array] {
  const sides = files.stereoRecording(name)
  if (sides === undefined) throw new Error(`there is no stereo recording ${name}`)
  return sides
}

const hears = (samples: Int16Array, frequencyHz: number): boolean => toneLevelDbm0(samples, frequencyHz) > -20

test(
  'a whole call in stereo: the far end on the left, what it is sent on the right',
  withSimulation({}, async (sim) => {
    const files = await call(
      sim,
      async ({ wholeCallRecorder, filePlayer }) => {
        expect(wholeCallRecorder.cause()).toBe('NONE')
        wholeCallRecorder.start('a.wav', { mode: 'stereo' })
        expect(wholeCallRecorder.state()).toBe('RUNNING')
        await filePlayer.play('700.wav')
        expect(await wholeCallRecorder.stop()).toBe('ABORTED')
        expect(wholeCallRecorder.audioDetectedInRecording()).toBe(true)
      },
      plays('1300.wav'),
    )
    const [left, right] = sidesOf(files, 'a.wav').map((side) => side.subarray(4000, 12_000)) as [Int16Array, Int16Array]
    expect([hears(left, 1300), hears(left, 700), hears(right, 700), hears(right, 1300)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(files.begun).toEqual([['a.wav', 'pcm16', 8000, 2]])
  }),
)

test(
  'a whole call goes on through connect, disconnect, hold and retrieve, until the hang-up',
  withSimulation({}, async (sim) => {
    let begun = 0
    let playedAt = 0
    let ended = 0
    const files = await call(sim, async (channel, other) => {
      begun = sim.now
      channel.wholeCallRecorder.start('a.wav', { mode: 'stereo' })
      expect(await other.call(`sip:elsewhere@${THEM}`)).toBe('ANSWERED')
      expect(await channel.connect(other)).toBe(true)
      await sim.clock.sleep(1500)
      await channel.disconnect()
      await other.hangUp()
      expect(await channel.hold()).toBe('HOLDING')
      await sim.clock.sleep(1000)
      expect(await channel.retrieve()).toBe('ANSWERED')
      playedAt = sim.now - begun
      await channel.filePlayer.play('700.wav')
      ended = sim.now
      await channel.hangUp()
      expect(await channel.wholeCallRecorder.waitUntilFinished()).toBe('HANGUP')
    })
    const [left, right] = sidesOf(files, 'a.wav')
    expect(Math.abs(right.length / 8 - (ended - begun))).toBeLessThan(60)
    expect(left.length).toBe(right.length)
    expect(hears(right.subarray(4000, 10_000), 500)).toBe(true)
    expect(hears(right.subarray(8 * (playedAt + 200), 8 * (playedAt + 1800)), 700)).toBe(true)
  }),
)

test(
  'each cause of both recorders',
  withSimulation({}, async (sim) => {
    const causes: unknown[] = []
    await call(
      sim,
      async (channel) => {
        for (const recorder of [channel.fileRecorder, channel.wholeCallRecorder] as const) {
          const found = [recorder.cause()] as string[]
          found.push(await recorder.record('a.wav', { timeoutMs: 500 }))
          found.push(await recorder.record('a.wav', { maxBytes: 4000 }))
          found.push(await recorder.record('a.wav', { initialSilenceMs: 500 }))
          found.push(await recorder.record('full.wav'))
          expect(recorder.error()?.message).toMatch(/full\.wav could not be recorded: ENOSPC/)
          found.push(await recorder.record('unwritable.wav'))
          expect(recorder.error()?.message).toMatch(/EACCES/)
          recorder.start('a.wav')
          found.push(recorder.cause())
          await sim.clock.sleep(100)
          found.push(await recorder.stop())
          causes.push(found)
        }
        causes.push(await channel.fileRecorder.record('a.wav', { bargeIn: true }))
        channel.fileRecorder.start('a.wav')
        channel.wholeCallRecorder.start('b.wav')
        // Whatever became of recordings, the call is there.
        expect(channel.state()).toBe('ANSWERED')
        await channel.waitForIdle()
        causes.push(await channel.fileRecorder.waitUntilFinished(), await channel.wholeCallRecorder.waitUntilFinished())
        expect(() => channel.wholeCallRecorder.start('c.wav')).toThrow(/the call has ended/)
      },
      async (channel) => {
        await sim.clock.sleep(8000)
        await channel.dtmfPlayer.play('1')
        await sim.clock.sleep(1000)
      },
    )
    const all = ['NONE', 'TIMEOUT', 'SIZE', 'SILENCE', 'ERROR', 'ERROR', 'NONE', 'ABORTED']
    expect(causes).toEqual([all, all, 'BARGEIN', 'HANGUP', 'HANGUP'])
  }),
)

test(
  'what cannot be is said at once',
  withSimulation({}, async (sim) => {
    const files = await call(sim, async ({ wholeCallRecorder, fileRecorder }) => {
      const start = (name: string, options: object) => () => wholeCallRecorder.start(name, options)
      expect(start('a.ul', { mode: 'stereo' })).toThrow(/a\.ul is raw pcmu by its ending, which is mono; stereo needs/)
      expect(start('a.wav', { mode: 'both' })).toThrow(/mode must be 'mixed' or 'stereo', not "both"/)
      expect(start('a.wav', { format: 'mp3' })).toThrow(/wholeCallRecorder\.record: format must be one of/)
      expect(start('a.wav', { maxSilenceMs: -1 })).toThrow(/maxSilenceMs must be above 0, not -1/)
      expect(start('a.wav', { beepOnStart: 'yes' })).toThrow(/beepOnStart must be true or false, not "yes"/)
      expect(start('../a.wav', {})).toThrow(/is not a media file name/)
      expect(() => fileRecorder.start('a.wav', { dtmfElimination: 1 as unknown as boolean })).toThrow(/dtmfElimination/)
      expect(() => fileRecorder.pause({ cut: 1 as unknown as boolean })).toThrow(/cut must be true or false, not 1/)
      wholeCallRecorder.start('a.ul')
      expect(start('b.wav', {})).toThrow(/wholeCallRecorder is already running/)
      await sim.clock.sleep(100)
    })
    expect(files.begun).toEqual([['a.ul', 'pcmu', 8000, 1]])
  }),
)

test(
  'the size of a stereo recording is that of both sides',
  withSimulation({}, async (sim) => {
    const files = await call(sim, async ({ wholeCallRecorder }) => {
      expect(await wholeCallRecorder.record('a.wav', { mode: 'stereo', maxBytes: 8000 })).toBe('SIZE')
      expect(await wholeCallRecorder.record('b.wav', { mode: 'stereo', format: 'pcmu', maxBytes: 8000 })).toBe('SIZE')
    })
    expect(['a.wav', 'b.wav'].map((name) => files.recording(name)?.length)).toEqual([4000, 8000])
  }),
)

test(
  'the beep has the place of the transmitter for as long as it lasts',
  withSimulation({}, async (sim) => {
    const files = await call(sim, async (channel) => {
      for (const [recorder, name] of [
        [channel.fileRecorder, 'a.wav'],
        [channel.wholeCallRecorder, 'b.wav'],
      ] as const) {
        channel.filePlayer.start('700.wav')
        expect(() => recorder.start(name, { beepOnStart: true })).toThrow(/filePlayer is still playing to this channel/)
        await channel.filePlayer.stop()
        recorder.start(name, { beepOnStart: true })
        expect(() => channel.filePlayer.start('700.wav')).toThrow(/Recorder is still playing to this channel/)
        expect(await recorder.waitUntilBegun()).toBe(true)
        expect(await channel.filePlayer.play('700.wav')).toBe('NORMAL')
        expect(await recorder.stop()).toBe('ABORTED')
        // A beep that is cut short gives the place back as well.
        expect(await recorder.waitUntilBegun()).toBe(false)
        recorder.start('c.wav', { beepOnStart: true })
        const begun = recorder.waitUntilBegun()
        expect(await recorder.stop()).toBe('ABORTED')
        expect(await begun).toBe(false)
        expect(await recorder.record('unwritable.wav', { beepOnStart: true })).toBe('ERROR')
        await sim.clock.sleep(300)
        channel.filePlayer.start('700.wav')
        await channel.filePlayer.stop()
      }
    })
    // Only a recording of both sides has the beep in it, and what is played to the far end.
    expect(levelDbm0(files.recording('a.wav') as Int16Array)).toBeLessThan(-60)
    const both = files.recording('b.wav') as Int16Array
    expect(levelDbm0(both.subarray(400, 1200))).toBeGreaterThan(-20)
    expect(hears(both.subarray(10_000, 18_000), 700)).toBe(true)
  }),
)

test.each([true, false])('a recording is paused while a card number is said; cut: %s', async (cut) => {
  await withSimulation({}, async (sim) => {
    let pausedAt = 0
    const files = await call(
      sim,
      async (channel) => {
        const begun = sim.now
        for (const recorder of [channel.fileRecorder, channel.wholeCallRecorder]) {
          expect([recorder.pause(), recorder.resume(), recorder.isPaused()]).toEqual([false, false, false])
          recorder.start(recorder === channel.fileRecorder ? 'a.wav' : 'b.wav', {
            maxSilenceMs: 1500,
            ...(recorder === channel.fileRecorder && { bargeIn: true }),
          })
        }
        await sim.clock.sleep(1900)
        pausedAt = sim.now - begun
        for (const recorder of [channel.fileRecorder, channel.wholeCallRecorder])
          expect([recorder.pause({ cut }), recorder.pause(), recorder.isPaused()]).toEqual([true, false, true])
        // A key in the pause ends nothing.
        expect(await channel.dtmfDetector.getDigits({ count: 1 })).toBe('4')
        await sim.clock.sleep(2500)
        for (const recorder of [channel.fileRecorder, channel.wholeCallRecorder]) {
          expect([recorder.resume(), recorder.isPaused(), recorder.state()]).toEqual([true, false, 'RUNNING'])
          expect(await recorder.waitUntilFinished()).toBe(recorder === channel.fileRecorder ? 'BARGEIN' : 'HANGUP')
        }
      },
      async (channel) => {
        await channel.filePlayer.play('500.wav')
        await channel.dtmfPlayer.play('4')
        await channel.filePlayer.play('1300.wav')
        await sim.clock.sleep(1000)
        await channel.dtmfPlayer.play('5')
        await sim.clock.sleep(200)
      },
    )
    for (const name of ['a.wav', 'b.wav']) {
      const samples = files.recording(name) as Int16Array
      expect(hears(samples.subarray(4000, 12_000), 500)).toBe(true)
      const frames = Array.from({ length: Math.floor(samples.length / 160) }, (_, i) =>
        hears(samples.subarray(160 * i, 160 * i + 160), 1300),
      )
      expect(frames.slice(Math.floor(pausedAt / 20))).not.toContain(true)
      const lengthMs = samples.length / 8
      if (cut) expect(lengthMs).toBeLessThan(3500)
      else expect(lengthMs).toBeGreaterThan(5000)
    }
  })()
})

test(
  'a recording that is paused before its beep is over begins paused',
  withSimulation({}, async (sim) => {
    const files = await call(
      sim,
      async ({ fileRecorder }) => {
        fileRecorder.start('a.wav', { beepOnStart: true })
        expect(fileRecorder.pause()).toBe(true)
        await sim.clock.sleep(1500)
        await fileRecorder.stop()
        expect([fileRecorder.isPaused(), fileRecorder.audioDetectedInRecording()]).toEqual([false, false])
      },
      plays('1300.wav'),
    )
    expect(levelDbm0(files.recording('a.wav') as Int16Array)).toBe(Number.NEGATIVE_INFINITY)
  }),
)
