import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Channel, inbound, outbound, type PlayerCause } from '../src/calls/index.ts'
import { wavHeader } from '../src/media/index.ts'
import { type RunningServer, startServer } from '../src/server/main.ts'
import { inProcessMedia } from '../src/server/test/in-process-media.ts'

/**
 * Every way in which playing can end, with files on the disk: the cause is right, the call goes on, and no file stays open.
 * `short` and `long` sound alike; the long one is read while it plays.
 */

let folder: string
const servers: RunningServer[] = []

/** Half a second, or three. */
const audio = (seconds: number): Uint8Array => {
  const samples = Int16Array.from({ length: 8000 * seconds }, (_, i) => 8000 * Math.sin(i / 2))
  return new Uint8Array(samples.buffer)
}
const wav = (bytes: Uint8Array, claimed = bytes.length): Uint8Array =>
  Buffer.concat([wavHeader('pcm16', claimed), bytes])

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-playing-'))
  const files: Record<string, Uint8Array> = {
    'short.wav': wav(audio(0.3)),
    'long.wav': wav(audio(3)),
    'truncated.wav': wav(audio(0.3), 2 * audio(0.3).length),
    'truncated-long.wav': wav(audio(1.5), 2 * audio(1.5).length),
    'claims-3-gigabytes.wav': wav(audio(0.3), 3e9),
    'header-alone.wav': wav(new Uint8Array(0)),
    'cut-in-header.wav': wav(audio(0.3)).subarray(0, 20),
    'wrong-header.wav': Buffer.concat([Buffer.from('RIFX'), wav(audio(0.3)).subarray(4)]),
    'text.wav': Buffer.from('This is no sound at all.'),
    'empty.wav': new Uint8Array(0),
    'empty.mp3': new Uint8Array(0),
    'empty.ul': new Uint8Array(0),
  }
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  mkdirSync(join(folder, 'folder.wav'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ graceMs: 0 })))
  rmSync(folder, { recursive: true })
})

async function start(config: Parameters<typeof startServer>[0] = {}): Promise<RunningServer> {
  const server = await startServer(
    {
      sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port: 0 }] },
      media: { portRange: [40_000, 41_999] },
      log: { level: 'silent' },
      ...config,
    },
    { directory: folder, media: inProcessMedia },
  )
  servers.push(server)
  return server
}

/** Files of the store that this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      // It was the one by which the directory was read.
      return []
    }
  })
}

/** Two channels in one call: ours, which plays, and the one of whoever listens. */
async function inCall(run: (ours: Channel, theirs: Channel) => Promise<void>): Promise<void> {
  let answered: (channel: Channel) => void = () => {}
  const theirs = new Promise<Channel>((resolve) => {
    answered = resolve
  })
  const listen = inbound(async (channel) => {
    await channel.answer()
    answered(channel)
    await channel.waitForIdle()
  })
  const callee = await start({ services: [{ name: 'listen', app: listen }] })
  const caller = await start({ files: { directory: '.', streamLongerThanMs: 1000 } })
  let failure: Error | undefined
  await caller.startOutbound(
    outbound(async (channel) => {
      await channel.call(`sip:listen@127.0.0.1:${callee.sockets[0]?.port}`)
      await run(channel, await theirs).catch((error: Error) => {
        failure = error
      })
      await channel.hangUp()
    }),
  )
  if (failure !== undefined) throw failure
  await expect.poll(() => openFiles()).toEqual([])
  await expect.poll(() => caller.sizes().mediaLegs).toBe(0)
}

type Job = readonly [name: string, start: (channel: Channel) => void, player: 'filePlayer' | 'tonePlayer']

/** Each goes on until something ends it. */
const JOBS: readonly Job[] = [
  [
    'a short file in a loop',
    (channel) => channel.filePlayer.start('short.wav', { bargeIn: true, loop: true }),
    'filePlayer',
  ],
  ['a long file', (channel) => channel.filePlayer.start('long.wav', { bargeIn: true }), 'filePlayer'],
  [
    'a long file from its middle',
    (channel) => channel.filePlayer.start('long.wav', { bargeIn: true, startMs: 500 }),
    'filePlayer',
  ],
  [
    'a long file in a loop',
    (channel) => channel.filePlayer.start('long.wav', { bargeIn: true, loop: true }),
    'filePlayer',
  ],
  [
    'a list',
    (channel) =>
      channel.filePlayer.startPlayList(['short.wav', 'long.wav', 'short.wav'], { bargeIn: true, loop: true }),
    'filePlayer',
  ],
  ['a tone', (channel) => channel.tonePlayer.start('BUSY_DE', { bargeIn: true, loop: true }), 'tonePlayer'],
]

/** Until the far end hears it. */
const isHeard = (theirs: Channel): Promise<unknown> =>
  theirs.fileRecorder.record('heard.wav', { timeoutMs: 100 }).then(() => undefined)

describe.each(JOBS)('%s', (_, begin, player) => {
  it('is stopped, cut off by a key, and ended by the far end, who hangs up', () =>
    inCall(async (ours, theirs) => {
      begin(ours)
      await isHeard(theirs)
      expect(await ours[player].stop()).toBe('ABORTED')
      expect([ours.state(), openFiles()]).toEqual(['ANSWERED', []])
      begin(ours)
      await isHeard(theirs)
      await theirs.dtmfPlayer.play('5')
      expect(await ours[player].waitUntilFinished()).toBe('BARGEIN')
      expect(await ours.dtmfDetector.getDigits({ count: 1 })).toBe('5')
      expect([ours.state(), openFiles()]).toEqual(['ANSWERED', []])
      begin(ours)
      await isHeard(theirs)
      await theirs.hangUp()
      expect(await ours[player].waitUntilFinished()).toBe('HANGUP')
      await expect(ours.filePlayer.play('short.wav')).rejects.toMatchObject({ code: 'RINGDOWN_HANGUP' })
    }))
})

it(
  'files end with what they are, one after the other on one call',
  () =>
    inCall(async (ours) => {
      const { filePlayer } = ours
      const ends: Record<string, PlayerCause> = {}
      const messages: Record<string, string> = {}
      const files = readdirSync(folder).filter((file) => /^\w.*\./.test(file))
      for (const file of [...files, 'none.wav', 'folder/none.wav']) {
        ends[file] = await filePlayer.play(file, { timeoutMs: 2000 })
        const message = filePlayer.error()?.message
        if (message !== undefined) messages[file] = message
        expect([ours.state(), openFiles()], file).toEqual(['ANSWERED', []])
      }
      expect(ends).toEqual({
        'short.wav': 'NORMAL',
        // In two seconds it does not come to its end.
        'long.wav': 'TIMEOUT',
        'truncated.wav': 'NORMAL',
        'truncated-long.wav': 'NORMAL',
        'claims-3-gigabytes.wav': 'NORMAL',
        'header-alone.wav': 'NORMAL',
        'empty.ul': 'NORMAL',
        'cut-in-header.wav': 'ERROR',
        'wrong-header.wav': 'ERROR',
        'text.wav': 'ERROR',
        'empty.wav': 'ERROR',
        'empty.mp3': 'ERROR',
        'folder.wav': 'ERROR',
        'none.wav': 'ERROR',
        'folder/none.wav': 'ERROR',
      })
      for (const [file, message] of Object.entries(messages))
        expect(message, file).toContain(`${file} cannot be played: `)
      expect(Object.keys(messages).sort()).toEqual(
        Object.keys(ends)
          .filter((file) => ends[file] === 'ERROR')
          .sort(),
      )
      expect(await filePlayer.play('short.wav')).toBe('NORMAL')
    }),
  30_000,
)

it(
  'a list ends with what it comes to, and closes what it has made ready',
  () =>
    inCall(async (ours, theirs) => {
      const { filePlayer } = ours
      expect(await filePlayer.playList(['short.wav', 'truncated-long.wav', 'short.wav'])).toBe('NORMAL')
      expect(openFiles()).toEqual([])
      expect(await filePlayer.playList(['short.wav', 'text.wav', 'long.wav'])).toBe('ERROR')
      expect(filePlayer.error()?.message).toMatch(/^text\.wav cannot be played: its format is not known/)
      filePlayer.startPlayList(['short.wav', 'long.wav', 'long.wav'], { timeoutMs: 700 })
      expect(await filePlayer.waitUntilFinished()).toBe('TIMEOUT')
      expect(filePlayer.item()).toBe(1)
      filePlayer.start('long.wav')
      await isHeard(theirs)
      for (const toMs of [2000, 100, 2500]) expect(await filePlayer.seek(toMs)).toBe(true)
      expect(await filePlayer.waitUntilFinished()).toBe('NORMAL')
      expect([ours.state(), openFiles()]).toEqual(['ANSWERED', []])
    }),
  30_000,
)
