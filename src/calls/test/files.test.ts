import { expect, test } from 'vitest'
import { MediaFileError } from '../../kit/index.ts'
import { createAudioStream, endStream, StreamWriter } from '../../media/index.ts'
import { MemoryMediaStore, type Simulation, withSimulation } from '../../testing/index.ts'
import { type AppFunction, inbound, outbound, type Playable, type RecordingSink } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** A store whose files are streams of one second, and whose recordings take half a second. */
class OddStore extends MemoryMediaStore {
  readonly formats: string[] = []
  readonly loops: boolean[] = []
  closed = 0
  /** What `close` of a player says. */
  trouble: Error | undefined

  override async read(_name: string, { loop }: { readonly loop: boolean }): Promise<Playable> {
    this.loops.push(loop)
    const stream = createAudioStream('pcm16', 8192)
    new StreamWriter(stream).write(new Int16Array(8000).fill(1000), 0, 8000)
    endStream(stream)
    return {
      source: { kind: 'stream', stream },
      close: async () => {
        this.closed++
        if (this.trouble !== undefined) throw this.trouble
      },
    }
  }

  override async write(name: string, format: string): Promise<RecordingSink> {
    this.formats.push(format)
    let room = name.startsWith('full') ? 4000 : 1e6
    return {
      write: (samples) => {
        room -= samples.length
        return room > 0
      },
      close: async () => {
        if (room <= 0) throw new MediaFileError(`${name} could not be recorded: the disk is too slow`)
      },
    }
  }
}

/** Runs `us` on the answered channel of a call to somebody who says nothing. */
async function run(sim: Simulation, files: OddStore, us: AppFunction): Promise<void> {
  const answer = inbound(async (channel) => {
    await channel.answer()
    await channel.waitForIdle()
  })
  const them = sim.exchange(THEM, { services: { app: answer } })
  const ours = sim.exchange(US, { files })
  const record = await ours.startOutbound(
    outbound(async (channel, app) => {
      await channel.call(`sip:app@${THEM}`)
      return us(channel, app)
    }),
  )
  await sim.clock.runUntilIdle()
  expect([record.error, ours.alive, them.alive]).toEqual([undefined, 0, 0])
}

test(
  'a file that could not be read to its end gives ERROR and says why; one that was not wanted any more does not',
  withSimulation({}, async (sim) => {
    const files = new OddStore()
    await run(sim, files, async (channel) => {
      const begun = sim.now
      expect(await channel.filePlayer.play('a.wav', { loop: true })).toBe('NORMAL')
      expect(sim.now - begun).toBeGreaterThanOrEqual(1000)
      files.trouble = new MediaFileError('a.wav could not be played to its end: it was changed')
      expect(await channel.filePlayer.play('a.wav')).toBe('ERROR')
      expect(channel.filePlayer.error()).toBe(files.trouble)
      channel.filePlayer.start('a.wav')
      await sim.clock.sleep(100)
      expect(await channel.filePlayer.stop()).toBe('ABORTED')
      channel.filePlayer.start('a.wav')
      await channel.hangUp()
      expect(await channel.filePlayer.waitUntilFinished()).toBe('HANGUP')
    })
    expect([files.loops, files.closed]).toEqual([[true, false, false, false], 4])
  }),
)

test(
  'a recording that finds no more room ends there, with ERROR',
  withSimulation({}, async (sim) => {
    await run(sim, new OddStore(), async (channel) => {
      const begun = sim.now
      expect(await channel.fileRecorder.record('full.wav')).toBe('ERROR')
      expect(sim.now - begun).toBeLessThan(1000)
      expect(channel.fileRecorder.error()?.message).toMatch(/full\.wav could not be recorded: the disk is too slow/)
    })
  }),
)

test(
  'the ending of a file says what it holds where it has no header',
  withSimulation({}, async (sim) => {
    const files = new OddStore()
    await run(sim, files, async (channel) => {
      const record = (name: string, format?: 'pcm8' | 'pcma' | 'ima-adpcm') =>
        channel.fileRecorder.record(name, { maxBytes: 1024, ...(format && { format }) })
      const begun = sim.now
      for (const name of ['a.wav', 'a.ul', 'a.al']) expect(await record(name)).toBe('SIZE')
      for (const format of ['pcm8', 'pcma', 'ima-adpcm'] as const) expect(await record('a.wav', format)).toBe('SIZE')
      // 512 samples, four times 1024, and 4 blocks of 505.
      expect(Math.abs(sim.now - begun - (512 + 4 * 1024 + 2020) / 8)).toBeLessThan(6 * 40)
      await expect(record('a.ul', 'pcma')).rejects.toThrow(/a\.ul is raw pcmu by its ending; pcma needs another/)
      await expect(record('a.wav', 'mp3' as 'pcma')).rejects.toThrow(/format must be one of pcm16, .*not mp3/)
    })
    expect(files.formats).toEqual(['pcm16', 'pcmu', 'pcma', 'pcm8', 'pcma', 'ima-adpcm'])
  }),
)
