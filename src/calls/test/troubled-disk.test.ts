import { describe, expect, test } from 'vitest'
import { MediaFileError } from '../../kit/index.ts'
import { createAudioStream, StreamWriter } from '../../media/index.ts'
import { MemoryMediaStore, type Simulation, withSimulation } from '../../testing/index.ts'
import { type Channel, inbound, outbound, type Playable, type RecordingFormat, type RecordingSink } from '../index.ts'

/** Whatever is wrong with the disk, what ends a job ends it, with its own cause; the call goes on and no file stays open. */

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** What is wrong with the disk. */
const TROUBLES = ['opens late', 'never comes', 'closes late', 'is full', 'cannot be closed'] as const
type Trouble = (typeof TROUBLES)[number]

/** Files of a second and recordings on a disk in trouble. */
class TroubledStore extends MemoryMediaStore {
  open = 0
  readonly #sim: Simulation
  readonly #trouble: Trouble

  constructor(sim: Simulation, trouble: Trouble) {
    super()
    this.#sim = sim
    this.#trouble = trouble
  }

  override async read(name: string): Promise<Playable> {
    await this.#begin()
    const stream = createAudioStream('pcm16', 65_536)
    // What follows never comes.
    new StreamWriter(stream).write(new Int16Array(8000).fill(1000), 0, this.#trouble === 'never comes' ? 800 : 8000)
    return { source: { kind: 'stream', stream }, close: () => this.#end(name) }
  }

  override async write(name: string, _format: RecordingFormat): Promise<RecordingSink> {
    await this.#begin()
    let room = this.#trouble === 'is full' ? 1600 : 1e9
    return {
      write: (samples) => {
        room -= samples.length
        return room > 0
      },
      close: () => this.#end(name),
    }
  }

  async #begin(): Promise<void> {
    this.open++
    if (this.#trouble === 'opens late') await this.#sim.clock.sleep(3000)
  }

  async #end(name: string): Promise<void> {
    if (this.#trouble === 'closes late') await this.#sim.clock.sleep(3000)
    this.open--
    if (this.#trouble === 'cannot be closed' || this.#trouble === 'is full') throw new MediaFileError(`${name}: EIO`)
  }
}

interface Job {
  cause(): string
  stop(): Promise<string>
  waitUntilFinished(): Promise<string>
}

const JOBS: Record<string, (channel: Channel) => Job> = {
  play: ({ filePlayer }) => {
    filePlayer.start('a.wav', { bargeIn: true })
    return filePlayer
  },
  playList: ({ filePlayer }) => {
    filePlayer.startPlayList(['a.wav', 'b.wav'], { bargeIn: true })
    return filePlayer
  },
  fileRecorder: ({ fileRecorder }) => {
    fileRecorder.start('rec.wav', { bargeIn: true })
    return fileRecorder
  },
  wholeCallRecorder: ({ wholeCallRecorder }) => {
    wholeCallRecorder.start('rec.wav', { mode: 'stereo' })
    return wholeCallRecorder
  },
}

/** What the far end, or the application, does half a second after the job has begun. */
const ENDINGS = ['BARGEIN', 'ABORTED', 'HANGUP'] as const

describe.each(Object.keys(JOBS))('%s', (name) => {
  const isRecorder = name.endsWith('Recorder')
  for (const trouble of TROUBLES)
    for (const ending of ENDINGS) {
      if (name === 'wholeCallRecorder' && ending === 'BARGEIN') continue
      // A recording that is lost is an ERROR, whoever ended it; what was played is of no interest to who wanted no more of it.
      const isLost = isRecorder && (trouble === 'is full' || trouble === 'cannot be closed')
      const expected = isLost ? 'ERROR' : ending
      test(
        `on a disk that ${trouble}: ${ending} is ${expected}`,
        withSimulation({}, async (sim) => {
          const files = new TroubledStore(sim, trouble)
          const them = inbound(async (channel) => {
            await channel.answer()
            await sim.clock.sleep(500)
            if (ending === 'BARGEIN') await channel.dtmfPlayer.play('5')
            if (ending === 'HANGUP') await channel.hangUp()
            await channel.waitForIdle()
          })
          const theirs = sim.exchange(THEM, { services: { app: them } })
          const ours = sim.exchange(US, { files })
          const record = await ours.startOutbound(
            outbound(async (channel) => {
              expect(await channel.call(`sip:app@${THEM}`)).toBe('ANSWERED')
              const job = JOBS[name]?.(channel) as Job
              expect(job.cause()).toBe('NONE')
              if (ending === 'ABORTED') {
                await sim.clock.sleep(500)
                await job.stop()
              }
              expect(await job.waitUntilFinished()).toBe(expected)
              if (ending === 'HANGUP') await channel.waitForIdle()
              expect(channel.state()).toBe(ending === 'HANGUP' ? 'IDLE' : 'ANSWERED')
              if (ending !== 'HANGUP') expect(await channel.tonePlayer.play('BEEP')).toBe('NORMAL')
            }),
          )
          await sim.clock.runUntilIdle()
          expect(record.error).toBeUndefined()
          expect([ours.alive, theirs.alive, files.open]).toEqual([0, 0, 0])
        }),
      )
    }
})
