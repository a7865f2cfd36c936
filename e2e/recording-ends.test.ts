import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { phones } from 'ringdown/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { speechLike } from '../src/media/test/signals.ts'
import type { RecordsParameters } from './apps/records.ts'
import { correlate } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { channelsIn, exchanges, network, records, SAID, wavFile } from './harness/recorded-calls.ts'
import { waitFor } from './harness/wait.ts'

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
      }
      const { callee, caller } = await records(jobs)
      let ran = [0, 0]
      const run = async (name: string, dial: object): Promise<readonly unknown[]> => {
        await caller.dial({ to: `sip:${name}@${callee.address}`, talkMs: 20_000, ...dial })
        const { found } = await callee.report('records')
        ran = [Number(found.atLeastMs), Number(found.atMostMs)]
        const samples = channelsIn(callee.file(jobs[name].file))[0].length
        return [found.cause, found.stateThen, found.played, samples]
      }
      expect(await run('size', {})).toEqual(['SIZE', 'ANSWERED', 'NORMAL', 8000])
      expect(await run('timeout', {})).toEqual(['TIMEOUT', 'ANSWERED', 'NORMAL', 8000])
      expect(await run('silence', {})).toEqual(['SILENCE', 'ANSWERED', 'NORMAL', 4800])
      const [cause, state, played, samples] = await run('abort', {})
      expect([cause, state, played]).toEqual(['ABORTED', 'ANSWERED', 'NORMAL'])
      const recordedMs = Number(samples) / 8
      expect(recordedMs).toBeGreaterThan(ran[0] - 100)
      expect(recordedMs).toBeLessThan(ran[1] + 100)
      expect((await run('hangup', { talkMs: 1000 })).slice(0, 3)).toEqual(['HANGUP', 'IDLE', undefined])
      await expectNothingOpen(callee, callee.folder)
    },
  )

  it('at a key that is pressed once it has begun', async () => {
    const file = 'rec-barge.wav'
    const { callee } = await records({ barge: { file, options: { bargeIn: true } } })
    const real = phones.real({ exchange: `${callee.address}:5060`, address: network.next() })
    try {
      const alice = real.phone('alice')
      expect(await alice.call('barge')).toBe(200)
      await waitFor('it records', () => existsSync(callee.file(`${file}.part`)))
      await alice.press('5')
      const { found } = await callee.report('records')
      expect(found).toMatchObject({ cause: 'BARGEIN', stateThen: 'ANSWERED', played: 'NORMAL' })
      expect(channelsIn(callee.file(file))).toHaveLength(1)
      await expectNothingOpen(callee, callee.folder)
    } finally {
      await real.close()
    }
  })

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
