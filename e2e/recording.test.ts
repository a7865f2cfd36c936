import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { parseWav, samplesOfWav, wavHeader } from '../src/media/index.ts'
import { correlationAt, speechLike } from '../src/media/test/signals.ts'
import type { RecordsParameters } from './apps/records.ts'
import type { Report } from './apps/report.ts'
import { correlate } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { asSent } from './harness/skipped-slots.ts'
import { waitFor } from './harness/wait.ts'

const network = new LoopbackNetwork()
const exchanges: TestExchange[] = []
afterEach(async () => {
  for (const exchange of exchanges.splice(0)) await exchange.stop()
})

const SAID = speechLike(20_000, 1)
const ANSWERED = speechLike(20_000, 2)

function wavFile(samples: Int16Array): Uint8Array {
  return Buffer.concat([wavHeader('pcm16', samples.length * 2), new Uint8Array(samples.buffer)])
}

/** The channels of a file that is whole: its header counts what is there, no more and no less. */
function channelsIn(path: string): Int16Array[] {
  const bytes = readFileSync(path)
  const wav = parseWav(bytes)
  if (!wav.ok) throw new Error(`${path}: ${wav.error}`)
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
  expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44)
  const samples = samplesOfWav(wav.value)
  const { channels } = wav.value
  return Array.from({ length: channels }, (_, channel) => samples.filter((_, i) => i % channels === channel))
}

/** A callee that records, by services of that name, and a caller. */
async function records(
  services: Readonly<Record<string, RecordsParameters>>,
  directory?: string,
): Promise<{ callee: TestExchange; caller: TestExchange; fileOf: (name: string) => string }> {
  const callee = await TestExchange.start({
    address: network.next(),
    services: Object.fromEntries(
      Object.entries(services).map(([name, parameters]) => [name, { app: 'records', parameters: { ...parameters } }]),
    ),
    ...(directory !== undefined && { files: { directory } }),
  })
  exchanges.push(callee)
  const caller = await TestExchange.start({ address: network.next() })
  exchanges.push(caller)
  const fileOf = (name: string): string => (directory === undefined ? callee.file(name) : join(directory, name))
  writeFileSync(fileOf('short.wav'), wavFile(speechLike(300)))
  writeFileSync(fileOf('answered.wav'), wavFile(ANSWERED))
  writeFileSync(caller.file('said.wav'), wavFile(SAID))
  return { callee, caller, fileOf }
}

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

/** Files below a folder that a process has open. */
function openIn(pid: number, folder: string): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })
}

async function expectNothingOpen(callee: TestExchange, folder: string): Promise<void> {
  await waitFor('no recording is open', () =>
    openIn(callee.pid, folder).every((path) => !basename(path).startsWith('rec')),
  )
  expect((await callee.sizes()).recordings ?? 0).toBe(0)
}

describe('a recording ends', () => {
  const limits = { maxBytes: 16_000 }
  it.each(['fileRecorder', 'wholeCallRecorder'] as const)(
    'as it should, with a file that is whole, and the call goes on: %s',
    { timeout: 60_000 },
    async (recorder) => {
      const jobs: Record<string, RecordsParameters> = {
        size: { file: 'rec-size.wav', recorder, options: limits },
        timeout: { file: 'rec-timeout.wav', recorder, options: { timeoutMs: 1000 } },
        silence: { file: 'rec-silence.wav', recorder, options: { initialSilenceMs: 600 } },
        abort: { file: 'rec-abort.wav', recorder, stopAfterMs: 1000 },
        hangup: { file: 'rec-hangup.wav', recorder },
        barge: { file: 'rec-barge.wav', recorder: 'fileRecorder', options: { bargeIn: true } },
      }
      const { callee, caller } = await records(jobs)
      const run = async (name: string, dial: object): Promise<readonly unknown[]> => {
        await caller.dial({ to: `sip:${name}@${callee.address}`, talkMs: 20_000, ...dial })
        const { found } = await callee.report('records')
        const samples = channelsIn(callee.file(jobs[name].file))[0].length
        return [found.cause, found.stateThen, found.played, samples]
      }
      expect(await run('size', {})).toEqual(['SIZE', 'ANSWERED', 'NORMAL', 8000])
      expect(await run('timeout', {})).toEqual(['TIMEOUT', 'ANSWERED', 'NORMAL', 8000])
      expect(await run('silence', {})).toEqual(['SILENCE', 'ANSWERED', 'NORMAL', 4800])
      const [cause, state, played, samples] = await run('abort', {})
      expect([cause, state, played]).toEqual(['ABORTED', 'ANSWERED', 'NORMAL'])
      expect(Math.abs((samples as number) - 8000)).toBeLessThan(3000)
      expect((await run('hangup', { talkMs: 1000 })).slice(0, 3)).toEqual(['HANGUP', 'IDLE', undefined])
      expect((await run('barge', { press: '5' })).slice(0, 3)).toEqual(['BARGEIN', 'ANSWERED', 'NORMAL'])
      await expectNothingOpen(callee, callee.folder)
    },
  )

  it('with ERROR where its folder cannot be written to, or vanishes; the call goes on', {
    timeout: 60_000,
  }, async () => {
    const { callee, caller } = await records({
      file: { file: 'no-folder/rec.wav' },
      vanishes: { file: 'calls/rec.wav', recorder: 'wholeCallRecorder', stopAfterMs: 2500 },
    })
    writeFileSync(callee.file('no-folder'), 'a file')
    await caller.dial({ to: `sip:file@${callee.address}`, talkMs: 5000 })
    const refused = (await callee.report('records')).found
    expect(refused).toMatchObject({ cause: 'ERROR', stateThen: 'ANSWERED', played: 'NORMAL' })
    expect(refused.error).toMatch(/no-folder\/rec\.wav cannot be written/)
    const call = caller.dial({ to: `sip:vanishes@${callee.address}`, talkMs: 10_000 })
    await waitFor('it records', () => existsSync(callee.file('calls/rec.wav.part')))
    rmSync(callee.file('calls'), { recursive: true })
    await call
    const lost = (await callee.report('records')).found
    expect(lost).toMatchObject({ cause: 'ERROR', stateThen: 'ANSWERED', played: 'NORMAL' })
    expect(lost.error).toMatch(/rec\.wav could not be recorded/)
    expect((await callee.counters()).recordingsFailed).toBe(2)
    await expectNothingOpen(callee, callee.folder)
  })
})

/** A file system of 128 KiB, where we may make one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-e2e-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
}

describe('a disk that is full', () => {
  const disk = smallDisk()
  afterAll(() => {
    if (disk === undefined) return
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })

  it.skipIf(disk === undefined)(
    'ends the recording with ERROR; what was written is kept and can be played, and the call goes on',
    { timeout: 60_000 },
    async () => {
      const directory = disk as string
      mkdirSync(join(directory, 'calls'))
      const callee = await TestExchange.start({
        address: network.next(),
        services: {
          full: {
            app: 'records',
            parameters: { file: 'calls/rec.wav', recorder: 'wholeCallRecorder', options: { mode: 'stereo' } },
          },
        },
        files: { directory },
      })
      exchanges.push(callee)
      const caller = await TestExchange.start({ address: network.next() })
      exchanges.push(caller)
      writeFileSync(join(directory, 'short.wav'), wavFile(speechLike(300)))
      writeFileSync(caller.file('said.wav'), wavFile(SAID))
      await caller.dial({ to: `sip:full@${callee.address}`, play: 'said.wav', talkMs: 20_000 })
      const { found } = await callee.report('records')
      expect(found).toMatchObject({ cause: 'ERROR', stateThen: 'ANSWERED', played: 'NORMAL' })
      expect(found.error).toMatch(/rec\.wav could not be recorded: ENOSPC.*what was written is rec\.cut\.wav/)
      expect(readdirSync(join(directory, 'calls'))).toEqual(['rec.cut.wav'])
      const [left, right] = channelsIn(join(directory, 'calls/rec.cut.wav'))
      expect(left.length).toBe(right.length)
      expect(left.length).toBeGreaterThan(16_000)
      expect(correlate(SAID.subarray(0, 8000), left).correlation).toBeGreaterThan(0.98)
      await expectNothingOpen(callee, directory)
    },
  )
})
