import { describe, expect, test } from 'vitest'
import { codecNamed, levelDbm0, toneLevelDbm0 } from '../../media/index.ts'
import { exchange } from '../../testing/index.ts'
import { type AppFunction, type Channel, inbound, type LiveAudioStream } from '../index.ts'

/** Runs `app` on an answered call from alice; she speaks and hears by `script`. */
function called(app: AppFunction) {
  const pbx = exchange(
    inbound(async (channel, context) => {
      await channel.answer()
      await app(channel, context)
    }),
  )
  const alice = pbx.phone('alice')
  return { pbx, alice }
}

const tone = (ms: number, sampleRateHz = 8000): Int16Array =>
  Int16Array.from(
    { length: (ms * sampleRateHz) / 1000 },
    (_, i) => 8000 * Math.sin((2 * Math.PI * 1000 * i) / sampleRateHz),
  )

async function expectClean({ pbx }: ReturnType<typeof called>): Promise<void> {
  await pbx.done()
  expect(pbx.runs.map(({ error }) => error)).toEqual([undefined])
  expect(pbx.exchange.alive).toBe(0)
}

describe('audioStream', () => {
  test('an echo: what the caller says comes back, and the loop ends with the call', async () => {
    let blocks = 0
    let cause: string | undefined
    const world = called(async (channel) => {
      const stream = channel.audioStream()
      for await (const block of stream) {
        blocks++
        expect(block).toHaveLength(160)
        await stream.write(block)
      }
      cause = stream.cause()
    })
    const { alice } = world
    await alice.call('1000')
    await alice.say('Is anybody there?')
    await alice.hears.sound()
    await alice.hangUp()
    await expectClean(world)
    expect(cause).toBe('HANGUP')
    expect(blocks).toBeGreaterThan(50)
  })

  test('hears the caller in the format that was asked for, while digits are collected', async () => {
    const heard: Record<string, number> = {}
    let digits = ''
    const world = called(async (channel) => {
      const collecting = channel.dtmfDetector.getDigits({ count: 2 })
      const loudest = async (name: string, stream: LiveAudioStream<Int16Array>) => {
        for await (const block of stream) {
          heard[`${name} samples`] = block.length
          heard[name] = Math.max(heard[name] ?? -100, Math.round(levelDbm0(block)))
        }
      }
      const octets = async () => {
        for await (const block of channel.audioStream({ encoding: 'pcma' })) {
          const samples = new Int16Array(160)
          codecNamed('PCMA').decodeInto(block, 0, 160, samples, 0)
          heard.pcma = Math.max(heard.pcma ?? -100, Math.round(levelDbm0(samples)))
        }
      }
      const streams = [
        loudest('narrow', channel.audioStream()),
        loudest('wide', channel.audioStream({ sampleRateHz: 16_000 })),
        octets(),
      ]
      digits = await collecting
      await channel.hangUp()
      await Promise.all(streams)
    })
    const { alice } = world
    await alice.call('1000')
    await alice.say('Hello there')
    await alice.press('42')
    await alice.expectHangUp()
    await expectClean(world)
    expect(digits).toBe('42')
    expect(heard).toMatchObject({ 'narrow samples': 160, 'wide samples': 320 })
    for (const name of ['narrow', 'wide', 'pcma']) expect(heard[name]).toBeGreaterThan(-25)
  })

  test('plays what is written, tells when it was played, waits while much is to be played', async () => {
    const times: Record<string, number> = {}
    const world = called(async (channel) => {
      await using stream = channel.audioStream({ sampleRateHz: 16_000, maxBufferedMs: 500 })
      const begun = performance.now()
      expect(await stream.write(tone(400, 16_000))).toBe(true)
      times.first = performance.now() - begun
      expect(stream.bufferedMs).toBe(400)
      expect(await stream.write(tone(600, 16_000))).toBe(true)
      times.second = performance.now() - begun
      expect(await stream.mark()).toBe('PLAYED')
      times.played = performance.now() - begun
      // A minute at once: more than the ring of the media thread holds.
      const writing = stream.write(tone(60_000, 16_000))
      await expect(stream.write(tone(20, 16_000))).rejects.toThrow('await each write before the next')
      expect(await writing).toBe(true)
      times.minute = performance.now() - begun
      expect(await stream.mark()).toBe('PLAYED')
    })
    const { alice } = world
    await alice.call('1000')
    await alice.hears.tone([1000], { withinMs: 90_000 })
    await alice.expectHangUp({ withinMs: 90_000 })
    await expectClean(world)
    expect(times.first).toBe(0)
    expect(times.second).toBeGreaterThanOrEqual(480)
    expect(times.second).toBeLessThanOrEqual(560)
    expect(times.played).toBeGreaterThanOrEqual(1000)
    expect(times.played).toBeLessThanOrEqual(1060)
    expect((times.minute as number) - (times.played as number)).toBeGreaterThanOrEqual(59_400)
  })

  test('clear empties what was written within 40 ms; marks and writes that wait learn of it', async () => {
    let clearedAt = 0
    const outcomes: unknown[] = []
    const world = called(async (channel) => {
      const stream = channel.audioStream({ maxBufferedMs: 1000 })
      const writing = stream.write(tone(5000))
      const marked = stream.mark()
      await new Promise((resolve) => setTimeout(resolve, 800))
      clearedAt = performance.now()
      stream.clear()
      outcomes.push(await writing, await marked, stream.bufferedMs)
      await new Promise((resolve) => setTimeout(resolve, 500))
      await stream.write(tone(100))
      outcomes.push(await stream.mark(), await stream.close(), await stream.write(tone(20)), await stream.mark())
    })
    const { alice } = world
    await alice.call('1000')
    await alice.hears.tone([1000])
    await alice.expectHangUp()
    await expectClean(world)
    expect(outcomes).toEqual([true, 'CLEARED', 0, 'PLAYED', 'NORMAL', false, 'ENDED'])
    const [first] = alice.ears.tones
    const begun = (first?.startedAt ?? 0) + (first?.durationMs ?? 0)
    // One way on the network and a packet are between the two.
    expect(begun - clearedAt).toBeLessThanOrEqual(40 + 25)
  })

  test('bargeIn: a digit of the caller clears', async () => {
    let outcome: string | undefined
    const world = called(async (channel) => {
      const stream = channel.audioStream({ bargeIn: true, maxBufferedMs: 60_000 })
      await stream.write(tone(30_000))
      outcome = await stream.mark()
      await stream.close()
    })
    const { alice } = world
    await alice.call('1000')
    await alice.hears.sound()
    await alice.press('5')
    await alice.expectHangUp({ withinMs: 2000 })
    await expectClean(world)
    expect(outcome).toBe('CLEARED')
  })

  test.each([
    ['speech', 'CLEARED', 'ENDED'],
    ['both', 'CLEARED', 'CLEARED'],
    ['digit', 'ENDED', 'CLEARED'],
  ] as const)("bargeIn '%s': speech of the caller makes it %s, a digit %s", async (bargeIn, bySpeech, byDigit) => {
    const outcomes: string[] = []
    const world = called(async (channel) => {
      for (let times = 0; times < 2; times++) {
        const stream = channel.audioStream({ bargeIn, maxBufferedMs: 60_000 })
        await stream.write(tone(30_000))
        const marked = stream.mark()
        await channel.waitForIdle({ timeoutMs: 4000 })
        await stream.close()
        outcomes.push(await marked)
      }
    })
    const { alice } = world
    await alice.call('1000')
    await alice.hears.sound()
    await alice.say('Enough of this, thank you.')
    await alice.sleep(3000)
    await alice.press('5')
    await alice.expectHangUp({ withinMs: 10_000 })
    await expectClean(world)
    expect(outcomes).toEqual([bySpeech, byDigit])
  })

  test('has the place of the transmitter from its first write until it is left', async () => {
    const errors: string[] = []
    const note = (error: unknown): number => errors.push((error as Error).message)
    const world = called(async (channel) => {
      const stream = channel.audioStream()
      channel.tonePlayer.start('DIAL', { loop: true })
      await stream.write(tone(20)).catch(note)
      await channel.tonePlayer.stop()
      await stream.write(tone(20))
      await channel.tonePlayer.play('BEEP').catch(note)
      for await (const _ of stream) break
      errors.push(stream.cause())
      errors.push(await channel.tonePlayer.play('BEEP'))
    })
    const { alice } = world
    await alice.call('1000')
    await alice.expectHangUp()
    await expectClean(world)
    expect(errors).toEqual([
      'audioStream cannot start: tonePlayer is still playing to this channel; stop it first',
      'tonePlayer cannot start: audioStream is still playing to this channel; stop it first',
      'NORMAL',
      'NORMAL',
    ])
  })

  test('keeps the last second for one who reads too late, and counts what was lost', async () => {
    let read = 0
    let lostMs = 0
    const world = called(async (channel) => {
      const stream = channel.audioStream()
      await new Promise((resolve) => setTimeout(resolve, 5000))
      await channel.hangUp()
      for await (const _ of stream) read++
      lostMs = stream.lostMs
    })
    const { alice, pbx } = world
    await alice.call('1000')
    await alice.expectHangUp()
    await expectClean(world)
    expect(read).toBe(63)
    expect(20 * read + lostMs).toBeGreaterThanOrEqual(4960)
    expect(pbx.exchange.exchange.counters.snapshot().liveAudioLostMs).toBeGreaterThan(3500)
  })

  test('says what is wrong with options and samples, and that the call has gone', async () => {
    const errors: string[] = []
    const world = called(async (channel: Channel) => {
      const attempts = [
        () => channel.audioStream({ encoding: 'opus' as 'pcm16' }),
        () => channel.audioStream({ sampleRateHz: 44_100 as 8000 }),
        () => channel.audioStream({ encoding: 'pcmu', sampleRateHz: 16_000 }),
        () => channel.audioStream({ maxBufferedMs: 0 }),
        () => channel.audioStream().write(new Uint8Array(160) as unknown as Int16Array),
        async () => {
          const stream = channel.audioStream()
          void stream[Symbol.asyncIterator]().next()
          stream[Symbol.asyncIterator]()
        },
        async () => {
          await channel.hangUp()
          channel.audioStream()
        },
      ]
      for (const attempt of attempts)
        await (async () => attempt())().catch((error: Error) => errors.push(`${error.name}: ${error.message}`))
    })
    const { alice } = world
    await alice.call('1000')
    await alice.expectHangUp()
    await expectClean(world)
    expect(errors).toEqual([
      `UsageError: audioStream: encoding must be 'pcm16', 'pcmu' or 'pcma', not "opus"`,
      'UsageError: audioStream: sampleRateHz must be 8000 or 16000, not 44100',
      "UsageError: audioStream: G.711 has 8000 Hz; use encoding 'pcm16' for 16000",
      'UsageError: audioStream: maxBufferedMs must be 20 to 60000, not 0',
      'UsageError: audioStream.write takes an Int16Array, as its encoding is pcm16',
      'UsageError: audioStream is being read already; open another one',
      'Hangup: channel.audioStream: the call has ended',
    ])
  })

  test('what is heard is the sound itself', async () => {
    let level = 0
    const world = called(async (channel) => {
      const blocks: Int16Array[] = []
      for await (const block of channel.audioStream()) if (blocks.push(block) === 100) break
      const heard = Int16Array.from(blocks.slice(50).flatMap((block) => [...block]))
      level = toneLevelDbm0(heard, 1000)
    })
    const { alice } = world
    await alice.call('1000')
    await alice.say({ encoding: 'pcm16', sampleRateHz: 8000, data: tone(3000) })
    await alice.expectHangUp()
    await expectClean(world)
    expect(level).toBeGreaterThan(-12)
  })
})
