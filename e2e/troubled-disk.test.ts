import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wavHeader } from '../src/media/index.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const network = new LoopbackNetwork()
const exchanges: TestExchange[] = []
let disk: string

/** Whether a small disk can be made here: as root, where mounting is permitted. */
const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder])
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
})()

const ulawWav = (seconds: number) =>
  Buffer.concat([wavHeader('pcmu', 8000 * seconds), Buffer.alloc(8000 * seconds, 0x90)])
const openIn = (pid: number) => readdirSync(`/proc/${pid}/fd`).length

describe.runIf(canMount)('a call whose files are on a disk in trouble', () => {
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'ringdown-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk])
  })
  afterEach(async () => {
    for (const exchange of exchanges.splice(0)) await exchange.stop()
    execFileSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true })
  })

  it('goes on, says what is wrong, keeps what was recorded, and leaks no descriptor', async () => {
    const whole = ulawWav(1)
    mkdirSync(join(disk, 'calls'))
    writeFileSync(join(disk, 'good.wav'), ulawWav(0.2))
    writeFileSync(join(disk, 'empty.wav'), '')
    writeFileSync(join(disk, 'text.wav'), 'this is no sound')
    writeFileSync(join(disk, 'cut.wav'), whole.subarray(0, 4000))
    const claims = Buffer.from(ulawWav(0.2))
    claims.writeUInt32LE(3_000_000_000, 54)
    writeFileSync(join(disk, 'claims.wav'), claims)
    const parameters = {
      play: ['missing.wav', 'empty.wav', 'text.wav', 'cut.wav', 'claims.wav'],
      record: 'calls/a.wav',
      kept: 'calls/a.cut.wav',
      after: 'good.wav',
    }
    const callee = await TestExchange.start({
      address: network.next(),
      services: { trouble: { app: 'troubled-files', parameters } },
      files: { directory: disk },
    })
    const caller = await TestExchange.start({ address: network.next() })
    exchanges.push(callee, caller)
    writeFileSync(caller.file('long.wav'), ulawWav(60))
    const dial = () => caller.dial({ to: `sip:trouble@${callee.address}`, play: 'long.wav' }, 90_000)

    await dial()
    const full = (await callee.report('troubled-files')).found
    expect(full.played).toEqual({
      'missing.wav': 'ERROR missing.wav cannot be played: there is no such file in the media store',
      'empty.wav': 'ERROR empty.wav cannot be played: it is empty',
      'text.wav': expect.stringMatching(/^ERROR text\.wav cannot be played: its format is not known/),
      'cut.wav': 'NORMAL ',
      'claims.wav': 'NORMAL ',
    })
    expect(full.recorded).toMatch(/^ERROR a\.wav could not be recorded: ENOSPC.*what was written is a\.cut\.wav$/)
    expect(full.facts).toMatchObject({ format: 'wav', isPlayable: true, problems: [] })
    expect((full.facts as { durationMs: number }).durationMs).toBeGreaterThan(3000)
    expect(full.wrote).toBe('note.txt cannot be written: ENOSPC: the disk is full')
    expect([full.state, full.then]).toEqual(['ANSWERED', 'NORMAL'])
    expect(readdirSync(disk, { recursive: true }).filter((name) => /\.(part|new|copy)$/.test(String(name)))).toEqual([])
    const quiet = async () => (await callee.sizes()).calls === 0
    await waitFor('the call is over', quiet)
    const openAfterOne = openIn(callee.pid)

    execFileSync('mount', ['-o', 'remount,ro', disk])
    await dial()
    const readOnly = (await callee.report('troubled-files')).found
    expect(readOnly.recorded).toBe('ERROR calls/a.wav cannot be written: EROFS: the file system is read-only')
    expect(readOnly.wrote).toBe('note.txt cannot be written: EROFS: the file system is read-only')
    expect([readOnly.state, readOnly.then]).toEqual(['ANSWERED', 'NORMAL'])
    await waitFor('the call is over', quiet)
    await waitFor('nothing more is open than before', () => openIn(callee.pid) <= openAfterOne)
    expect(await callee.counters()).toMatchObject({ recordingsFailed: 2, filesRefused: 6 })
  })

  it('lets a room go on that is recorded in tracks, says why they ended, and keeps what there is of each', async () => {
    const callee = await TestExchange.start({
      address: network.next(),
      services: { hall: { app: 'recorded-hall', parameters: { record: 'hall.wav' } } },
      files: { directory: disk },
    })
    const caller = await TestExchange.start({ address: network.next() })
    exchanges.push(callee, caller)
    // A rectangle of 1 kHz: somebody who is heard.
    const sound = ulawWav(10)
    for (let at = sound.length - 80_000; at < sound.length; at++) if ((at & 4) === 0) sound[at] = 0x10
    writeFileSync(caller.file('sound.wav'), sound)
    const dial = () => caller.dial({ to: `sip:hall@${callee.address}`, play: 'sound.wav', talkMs: 1 }, 60_000)
    const openBefore = openIn(callee.pid)
    const dialled = await Promise.all([dial(), dial()])
    const { found } = await callee.report('recorded-hall')
    // Neither the disk nor the end of its recording ended a call.
    for (const { found: played, states } of dialled)
      expect([played.played, states]).toEqual(['NORMAL', expect.arrayContaining(['ANSWERED'])])
    expect(found).toMatchObject({
      cause: 'ERROR',
      error: expect.stringMatching(/ENOSPC/),
      tracks: ['hall-1.wav', 'hall-2.wav'],
      parties: 2,
    })
    const files = readdirSync(disk)
    expect(files.filter((name) => /\.(part|new|copy)$/.test(name))).toEqual([])
    const kept = files.map((name) => readFileSync(join(disk, name)))
    expect(kept.length).toBe(2)
    for (const wav of kept) expect([wav.toString('latin1', 0, 4), wav.length > 32_000]).toEqual(['RIFF', true])
    await waitFor('the calls are over', async () => (await callee.sizes()).calls === 0)
    await waitFor('no file is open any more', () => openIn(callee.pid) <= openBefore)
    expect(await callee.counters()).toMatchObject({ recordingsFailed: 2 })
  })
})
