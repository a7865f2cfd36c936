import { describe, expect, test } from 'vitest'
import { MediaFileError } from '../../kit/index.ts'
import { exchange, MemoryMediaStore, type TestExchange, type TestExchangeOptions } from '../../testing/index.ts'
import { type Channel, inbound, type MediaToPlay, type Playable, PlayableMedia, type ReadOptions } from '../index.ts'

const FILES = {
  'one.wav': 'This is the first. ',
  'two.wav': 'And this is the second. ',
  'long.wav': 'one two three four five six seven eight nine ten. ',
}

/** A caller of an application that has answered. */
async function answered(
  app: (channel: Channel, pbx: TestExchange) => Promise<void>,
  options: TestExchangeOptions = {},
) {
  const answering = inbound(async (channel) => {
    await channel.answer()
    await app(channel, pbx)
  })
  const pbx: TestExchange = exchange({ files: FILES, ...options, apps: { '*': answering } })
  const alice = pbx.phone('alice')
  expect(await alice.call('1000')).toBe(200)
  const over = async () => {
    await pbx.done()
    expect(pbx.runs[0]?.error).toBeUndefined()
    expect(pbx.exchange.alive).toBe(0)
  }
  return { pbx, alice, over }
}

/** How long the sound of a text is. */
const lengthMs = (text: string): number => 65 * text.length

describe('a play list', () => {
  test('is files and texts in order, with nothing between', async () => {
    let tookMs = 0
    const { pbx, alice, over } = await answered(async (channel, { sim }) => {
      const begun = sim.now
      const goodbye = new PlayableMedia().textToSay('Goodbye. ')
      const items = ['one.wav', { textToSay: 'In between. ' }, { fileToPlay: 'two.wav' }, goodbye]
      expect(await channel.filePlayer.playList(items)).toBe('NORMAL')
      expect(channel.filePlayer.item()).toBe(3)
      tookMs = sim.now - begun
      await channel.hangUp()
    })
    await alice.expectSpeech('one.wav')
    await alice.expectSpeech(/in between/i)
    await alice.expectSpeech('two.wav')
    await alice.expectSpeech(/goodbye/i)
    await over()
    const soundMs = lengthMs(`${FILES['one.wav']}In between. ${FILES['two.wav']}Goodbye. `)
    // Each is filled up to a whole packet.
    expect(tookMs).toBeGreaterThanOrEqual(soundMs)
    expect(tookMs).toBeLessThan(soundMs + 4 * 20 + 45)
    const { exchange } = pbx.exchange
    const [story] = exchange.explain(exchange.recentCalls()[0]?.id ?? '')
    expect(story?.events.find(({ type }) => type === 'started')).toMatchObject({
      what: 'one.wav, In between. , two.wav, Goodbye. ',
    })
    expect(story?.details?.media).toMatchObject({ playerUnderruns: 0, slotsSkipped: 0 })
  })

  test('in a loop begins again at its first item, until it is stopped', async () => {
    const { alice, over } = await answered(async (channel, { sim }) => {
      channel.filePlayer.startPlayList(['one.wav', 'two.wav'], { loop: true })
      await sim.clock.sleep(2 * lengthMs(FILES['one.wav'] + FILES['two.wav']) + 500)
      expect([channel.filePlayer.state(), channel.filePlayer.item()]).toEqual(['RUNNING', 0])
      expect(await channel.filePlayer.stop()).toBe('ABORTED')
    })
    for (const file of ['one.wav', 'two.wav', 'one.wav', 'two.wav', 'one.wav']) await alice.expectSpeech(file)
    await over()
  })

  test('is cut off by a digit, and tells at which item', async () => {
    const { alice, over } = await answered(async (channel) => {
      const items = ['one.wav', 'two.wav', 'long.wav']
      expect(await channel.filePlayer.playList(items, { bargeIn: true })).toBe('BARGEIN')
      expect(channel.filePlayer.item()).toBe(1)
      expect(await channel.filePlayer.positionMs()).toBeGreaterThan(300)
      expect(await channel.filePlayer.positionMs()).toBeLessThan(lengthMs(FILES['two.wav']))
      expect(await channel.dtmfDetector.getDigits({ count: 1 })).toBe('2')
    })
    await alice.expectSpeech(/this is/i)
    await alice.expectSpeech(/and this/i)
    await alice.press('2')
    await over()
    expect(alice.hasHeard(/second/)).toBe(false)
  })

  test('that cannot be played on ends there with ERROR, after what stands before', async () => {
    const { alice, over } = await answered(async (channel) => {
      expect(await channel.filePlayer.playList(['one.wav', 'none.wav', 'two.wav'])).toBe('ERROR')
      expect(channel.filePlayer.error()).toBeInstanceOf(MediaFileError)
      expect(channel.filePlayer.error()?.message).toMatch(/no media file "none\.wav"/)
      expect(await channel.filePlayer.playList(['none.wav', 'one.wav'])).toBe('ERROR')
      expect(await channel.filePlayer.play('two.wav')).toBe('NORMAL')
    })
    await alice.expectSpeech('This is the first. ')
    await alice.expectSpeech('two.wav')
    await over()
  })

  test('refuses what is no list', async () => {
    const { over } = await answered(async ({ filePlayer }) => {
      for (const [items, message] of [
        [[], /a list of 1 to 1000 items/],
        ['one.wav', /a list of 1 to 1000 items/],
        [new Array(1001).fill('one.wav'), /a list of 1 to 1000 items/],
        [['one.wav', '../two.wav'], /"\.\.\/two\.wav" is not a media file name/],
        [['one.wav', { textToSay: 'a|b' }], /must not contain "\|"/],
        [['one.wav', 7], /expected \{ fileToPlay \} or \{ textToSay \}, not 7/],
      ] as [MediaToPlay[], RegExp][])
        await expect(filePlayer.playList(items)).rejects.toThrow(message)
      await expect(filePlayer.play('one.wav', { timeoutMs: 0 })).rejects.toThrow(/timeoutMs must be above 0, not 0/)
      await expect(filePlayer.play('one.wav', { startMs: -1 })).rejects.toThrow(/startMs must be 0 or more/)
      await expect(filePlayer.seek(Number.NaN)).rejects.toThrow(/must be 0 or more milliseconds, not NaN/)
      await expect(filePlayer.skip(Number.POSITIVE_INFINITY)).rejects.toThrow(/expected milliseconds, not Infinity/)
      expect(filePlayer.cause()).toBe('NONE')
    })
    await over()
  })
})

describe('a place in a file', () => {
  test('is where it can begin', async () => {
    const { pbx, alice, over } = await answered(async (channel, { sim }) => {
      const begun = sim.now
      expect(await channel.filePlayer.play('long.wav', { startMs: 2000 })).toBe('NORMAL')
      expect(sim.now - begun).toBeLessThan(lengthMs(FILES['long.wav']) - 2000 + 65)
      expect(await channel.filePlayer.positionMs()).toBe(lengthMs(FILES['long.wav']))
      expect(await channel.filePlayer.play('long.wav', { startMs: 100_000 })).toBe('NORMAL')
    })
    await alice.expectSpeech(/ten/)
    await over()
    expect(alice.hasHeard(/one|two|three|four|five|six/)).toBe(false)
    expect(pbx.transcript()).toContain('alice hears long.wav “eight nine ten. ”')
  })

  test('is sought while it plays: on, back, and by steps', async () => {
    const { alice, over } = await answered(async (channel, { sim }) => {
      const { filePlayer } = channel
      expect([await filePlayer.seek(500), await filePlayer.skip(-500), await filePlayer.positionMs()]).toEqual([
        false,
        false,
        0,
      ])
      filePlayer.start('long.wav')
      await sim.clock.sleep(500)
      expect(Math.abs((await filePlayer.positionMs()) - 500)).toBeLessThan(25)
      expect(await filePlayer.seek(2400)).toBe(true)
      await sim.clock.sleep(250)
      expect(Math.abs((await filePlayer.positionMs()) - 2650)).toBeLessThan(25)
      expect(await filePlayer.skip(-1000)).toBe(true)
      expect(Math.abs((await filePlayer.positionMs()) - 1650)).toBeLessThan(25)
      expect(await filePlayer.skip(-100_000)).toBe(true)
      expect(await filePlayer.positionMs()).toBeLessThan(25)
      const begun = sim.now
      expect(await filePlayer.skip(2500)).toBe(true)
      expect(await filePlayer.waitUntilFinished()).toBe('NORMAL')
      expect(sim.now - begun).toBeLessThan(lengthMs(FILES['long.wav']) - 2500 + 65)
      filePlayer.start('long.wav')
      await sim.clock.sleep(500)
      expect(await filePlayer.seek(100_000)).toBe(true)
      expect(await filePlayer.waitUntilFinished()).toBe('NORMAL')
    })
    await alice.expectSpeech(/^one/)
    await alice.expectSpeech(/nine/)
    await over()
  })

  test('is one of the item of a list, and what follows stays ready', async () => {
    const { alice, over } = await answered(async (channel, { sim }) => {
      const { filePlayer } = channel
      filePlayer.startPlayList(['one.wav', 'long.wav', 'two.wav'])
      await sim.clock.sleep(lengthMs(FILES['one.wav']) + 300)
      expect(filePlayer.item()).toBe(1)
      expect(await filePlayer.seek(2800)).toBe(true)
      expect(await filePlayer.waitUntilFinished()).toBe('NORMAL')
      expect(filePlayer.item()).toBe(2)
    })
    await alice.expectSpeech('one.wav')
    await alice.expectSpeech('long.wav')
    await alice.expectSpeech(/ten/)
    await alice.expectSpeech('two.wav')
    await over()
    expect(alice.hasHeard(/four/)).toBe(false)
  })

  test('is sought in a loop, which goes on as a loop', async () => {
    const { alice, over } = await answered(async (channel, { sim }) => {
      channel.filePlayer.start('long.wav', { loop: true })
      await sim.clock.sleep(500)
      expect(await channel.filePlayer.seek(2800)).toBe(true)
      await sim.clock.sleep(lengthMs(FILES['long.wav']))
      expect(channel.filePlayer.state()).toBe('RUNNING')
      expect(Math.abs((await channel.filePlayer.positionMs()) - 2800)).toBeLessThan(45)
    })
    await alice.expectSpeech(/ten/)
    await alice.expectSpeech(/one two three/)
    await over()
  })

  test('is none of a text', async () => {
    const { over } = await answered(async (channel, { sim }) => {
      channel.filePlayer.startSay('Nobody looks into what is being said.')
      await sim.clock.sleep(100)
      await expect(channel.filePlayer.seek(100)).rejects.toThrow(/only files can be sought in/)
      expect(channel.filePlayer.state()).toBe('RUNNING')
    })
    await over()
  })
})

/** A store that tells what of it is open, and takes its time. */
class CountingStore extends MemoryMediaStore {
  open = 0
  opened = 0
  /** What opening the nth file, from 1, waits for. */
  wait: (n: number) => Promise<void> = async () => {}
  /** What closing the nth file, from 1, says. */
  closing: (n: number) => Error | undefined = () => undefined

  override async read(name: string, options: ReadOptions): Promise<Playable> {
    const n = ++this.opened
    await this.wait(n)
    const { source } = await super.read(name, options)
    this.open++
    return {
      source,
      close: async () => {
        this.open--
        const error = this.closing(n)
        if (error !== undefined) throw error
      },
    }
  }
}

describe('whatever was opened is closed', () => {
  async function run(app: (channel: Channel, store: CountingStore, pbx: TestExchange) => Promise<void>) {
    const store = new CountingStore()
    for (const [name, text] of Object.entries(FILES)) store.put(name, text)
    const answering = inbound(async (channel) => {
      await channel.answer()
      await app(channel, store, pbx)
    })
    const pbx: TestExchange = exchange({})
    const ringdown = pbx.sim.exchange('192.0.2.9', { services: { '*': answering }, files: store })
    const caller = pbx.phone('alice')
    await caller.call('sip:1000@192.0.2.9')
    await pbx.done()
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
    expect(store.open).toBe(0)
    return store
  }

  test('of a list: at its end, when it is stopped, when it is sought in', async () => {
    await run(async (channel, store, { sim }) => {
      await channel.filePlayer.playList(['one.wav', 'two.wav', 'one.wav'])
      expect([store.open, store.opened]).toEqual([0, 3])
      channel.filePlayer.startPlayList(['one.wav', 'two.wav', 'long.wav'])
      await sim.clock.sleep(300)
      expect(store.open).toBe(2)
      await channel.filePlayer.seek(100)
      expect([store.open, store.opened]).toEqual([2, 6])
      await channel.filePlayer.stop()
      expect(store.open).toBe(0)
    })
  })

  test('when the call ends, when the next is still being opened, and when a seek comes too late', async () => {
    await run(async (channel, store, { sim }) => {
      store.wait = (n) => (n === 2 || n === 5 ? sim.clock.sleep(3000) : Promise.resolve())
      channel.filePlayer.startPlayList(['one.wav', 'two.wav'])
      await sim.clock.sleep(200)
      expect(await channel.filePlayer.stop()).toBe('ABORTED')
      await sim.clock.sleep(5000)
      expect([store.open, store.opened]).toEqual([0, 2])
      channel.filePlayer.startPlayList(['one.wav', 'two.wav'])
      await sim.clock.sleep(200)
      // The first item is over when the file is there for the seek.
      expect(await channel.filePlayer.seek(300)).toBe(false)
      expect(await channel.filePlayer.waitUntilFinished()).toBe('NORMAL')
      expect(store.open).toBe(0)
      channel.filePlayer.startPlayList(['one.wav', 'two.wav'])
      await sim.clock.sleep(200)
      await channel.hangUp()
      expect(await channel.filePlayer.waitUntilFinished()).toBe('HANGUP')
      expect(store.open).toBe(0)
    })
  })

  test('one that comes late is a gap; one that could not be read to its end is an ERROR', async () => {
    const store = await run(async (channel, files, { sim }) => {
      files.wait = (n) => (n === 2 ? sim.clock.sleep(3000) : Promise.resolve())
      const begun = sim.now
      expect(await channel.filePlayer.playList(['one.wav', 'two.wav'])).toBe('NORMAL')
      expect(sim.now - begun).toBeGreaterThanOrEqual(3000 + lengthMs(FILES['two.wav']))
      expect(sim.now - begun).toBeLessThan(3000 + lengthMs(FILES['two.wav']) + 65)
      files.closing = (n) => (n === 3 ? new MediaFileError('one.wav was changed') : undefined)
      expect(await channel.filePlayer.playList(['one.wav', 'two.wav'])).toBe('ERROR')
      expect(channel.filePlayer.error()?.message).toBe('one.wav was changed')
    })
    expect(store.opened).toBe(4)
  })
})

test('a player ends with TIMEOUT when its time is over', async () => {
  const { over } = await answered(async (channel, { sim }) => {
    for (const play of [
      () => channel.filePlayer.play('one.wav', { loop: true, timeoutMs: 3000 }),
      () => channel.filePlayer.say('Never ending. ', { loop: true, timeoutMs: 3000 }),
      () => channel.filePlayer.playList(['one.wav', 'two.wav'], { loop: true, timeoutMs: 3000 }),
      () => channel.tonePlayer.play('RINGBACK', { loop: true, timeoutMs: 3000 }),
      () => channel.dtmfPlayer.play('1,,,,,,,,,,,,,,,,,,2', { timeoutMs: 3000 }),
    ]) {
      const begun = sim.now
      expect(await play()).toBe('TIMEOUT')
      expect(sim.now - begun).toBeGreaterThanOrEqual(3000)
      expect(sim.now - begun).toBeLessThan(3050)
    }
    expect(await channel.filePlayer.play('one.wav', { timeoutMs: 3000 })).toBe('NORMAL')
    await expect(channel.tonePlayer.play('RINGBACK', { timeoutMs: -1 })).rejects.toThrow(/timeoutMs must be above 0/)
    await expect(channel.dtmfPlayer.play('1', { timeoutMs: Number.NaN })).rejects.toThrow(/timeoutMs must be above 0/)
  })
  await over()
})
