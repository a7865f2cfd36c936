import { expect, test } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import { codecNamed, toneLevelDbm0 } from '../../media/index.ts'
import { MemoryMediaStore, type SimulatedExchange, type Simulation, withSimulation } from '../../testing/index.ts'
import {
  type AppFunction,
  type Channel,
  type GetDigitsOptions,
  inbound,
  outbound,
  type ReadOptions,
  type RecordingFormat,
} from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** One exchange calls another: `caller` runs on the answered channel of the first, `callee` on that of the second. */
async function connected(
  sim: Simulation,
  caller: AppFunction,
  callee: AppFunction,
): Promise<{ us: SimulatedExchange; them: SimulatedExchange }> {
  const us = sim.exchange(US, { name: 'us', files: store() })
  const answer = inbound(async (channel, app) => {
    await channel.answer()
    return callee(channel, app)
  })
  const them = sim.exchange(THEM, { name: 'them', files: store(), services: { app: answer } })
  const record = await us.startOutbound(
    outbound(async (channel, app) => {
      expect(await channel.call(`sip:app@${THEM}`)).toBe('ANSWERED')
      return caller(channel, app)
    }),
  )
  await sim.clock.runUntilIdle()
  expect([record.error, them.instances[0]?.error]).toEqual([undefined, undefined])
  expect([us.alive, them.alive]).toEqual([0, 0])
  return { us, them }
}

function store(): MemoryMediaStore {
  const files = new MemoryMediaStore()
  files.put('tone.wav', { encoding: 'pcm16', sampleRateHz: 8000, data: sine(1000, 2) })
  const encoded = new Uint8Array(16_000)
  codecNamed('PCMU').encodeInto(sine(1000, 2), 0, 16_000, encoded, 0)
  files.put('tone.ul', { encoding: 'pcmu', sampleRateHz: 8000, data: encoded })
  files.put('silence.wav', { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(80_000) })
  return files
}

function sine(frequencyHz: number, seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * 8000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * frequencyHz * i) / 8000))
}

const untilHangup: AppFunction = async (channel) => {
  await channel.waitForIdle()
}

for (const file of ['tone.wav', 'tone.ul']) {
  test(
    `${file} is played, and what is recorded is what was played`,
    withSimulation({}, async (sim) => {
      const causes: string[] = []
      const { them } = await connected(
        sim,
        async (channel) => {
          causes.push(await channel.filePlayer.play(file), channel.filePlayer.cause(), channel.filePlayer.state())
        },
        async (channel) => {
          causes.push(await channel.fileRecorder.record('r.wav'))
          expect(channel.fileRecorder.audioDetectedInRecording()).toBe(true)
        },
      )
      expect(them.calls[0]?.media).toMatchObject({ packetsLost: 0, packetsRefused: 0 })
      expect(them.calls[0]?.media?.packetsReceived).toBeGreaterThan(99)
      expect(them.calls[0]?.media?.quality?.mos).toBeGreaterThan(4)
      // The far end hung up while recording: the recording is complete all the same.
      expect(causes).toEqual(['NORMAL', 'NORMAL', 'IDLE', 'HANGUP'])
      const recording = them.files.recording('r.wav') as Int16Array
      expect(recording.length).toBeGreaterThan(15_500)
      expect(toneLevelDbm0(recording.subarray(4000, 12_000), 1000)).toBeCloseTo(toneLevelDbm0(sine(1000, 1), 1000), 0)
    }),
  )
}

test(
  'an application adds a tone, plays it by its name and makes it the ringback',
  withSimulation({}, async (sim) => {
    const { us, them } = await connected(
      sim,
      async (channel, { tones }) => {
        tones.createTone('mine', [
          { tone1: { frequency: 850, amplitude: 10 }, how: { durationMs: 500 } },
          { how: { durationMs: 100 } },
        ])
        tones.setDefault('mine')
        expect(await channel.tonePlayer.play('mine')).toBe('NORMAL')
      },
      async (channel) => {
        expect(() => channel.tonePlayer.start('mine')).toThrow(/no tone is called "mine"/)
        await channel.fileRecorder.record('r.wav')
      },
    )
    expect([us.exchange.tones.default, them.exchange.tones.default]).toEqual(['mine', 'RINGBACK'])
    const heard = them.files.recording('r.wav') as Int16Array
    expect(toneLevelDbm0(heard.subarray(2400, 4000), 850)).toBeCloseTo(-10, 0)
  }),
)

/** Calls somebody twice, with a wideband codec and with one that is none. */
async function callWideAndNarrow(
  sim: Simulation,
  files: MemoryMediaStore,
  run: (channel: Channel, codec: 'G722' | 'PCMU') => Promise<void>,
): Promise<void> {
  const us = sim.exchange(US, { name: 'us', files })
  const answer = inbound(async (channel) => {
    await channel.answer({ codecs: ['G722', 'PCMU'] })
    await channel.waitForIdle()
  })
  const them = sim.exchange(THEM, { name: 'them', services: { app: answer } })
  const record = await us.startOutbound(
    outbound(async (channel) => {
      for (const codec of ['G722', 'PCMU'] as const) {
        expect(await channel.call(`sip:app@${THEM}`, { codecs: [codec] })).toBe('ANSWERED')
        await run(channel, codec)
        await channel.hangUp()
      }
    }),
  )
  await sim.clock.runUntilIdle()
  expect([record.error, us.alive, them.alive]).toEqual([undefined, 0, 0])
}

test(
  'a prompt is asked for at 16 kHz where the codec of the call is wideband',
  withSimulation({}, async (sim) => {
    const asked: unknown[] = []
    class AskedStore extends MemoryMediaStore {
      override read(name: string, options: ReadOptions) {
        asked.push(options.mostHz)
        return super.read(name, options)
      }
    }
    const files = new AskedStore()
    files.put('a.wav', { encoding: 'pcm16', sampleRateHz: 16_000, data: new Int16Array(1600) })
    await callWideAndNarrow(sim, files, async (channel) => {
      expect(await channel.filePlayer.play('a.wav')).toBe('NORMAL')
    })
    expect(asked).toEqual([16_000, 8000])
  }),
)

test(
  'a recording has the band of the call, or the rate that was asked for',
  withSimulation({}, async (sim) => {
    const written: unknown[] = []
    class WatchedStore extends MemoryMediaStore {
      override write(name: string, format: RecordingFormat, sampleRateHz?: 8000 | 16_000) {
        written.push([name, format, sampleRateHz])
        return super.write(name, format, sampleRateHz)
      }
    }
    const files = new WatchedStore()
    await callWideAndNarrow(sim, files, async (channel, codec) => {
      await channel.fileRecorder.record(`${codec}.wav`, { timeoutMs: 500 })
      await channel.fileRecorder.record(`${codec}-16.wav`, { timeoutMs: 500, sampleRateHz: 16_000 })
      await channel.fileRecorder.record(`${codec}.ul`, { timeoutMs: 500 })
      const record = channel.fileRecorder
      expect(() => record.start('a.ul', { sampleRateHz: 16_000 })).toThrow(/a\.ul is raw G\.711 by its ending/)
      expect(() => record.start('a.wav', { sampleRateHz: 44_100 as 8000 })).toThrow(/8000 or 16000, not 44100/)
    })
    expect(written).toEqual([
      ['G722.wav', 'pcm16', 16_000],
      ['G722-16.wav', 'pcm16', 16_000],
      ['G722.ul', 'pcmu', 8000],
      ['PCMU.wav', 'pcm16', 8000],
      ['PCMU-16.wav', 'pcm16', 16_000],
      ['PCMU.ul', 'pcmu', 8000],
    ])
    expect(files.recordings.map((name) => files.recording(name)?.length)).toEqual([8000, 8000, 4000, 4000, 8000, 4000])
  }),
)

test(
  'a prompt is interrupted by a new digit, not by one that waits in the buffer',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    await connected(
      sim,
      async (channel) => {
        await sim.clock.sleep(200)
        seen.push(await channel.dtmfPlayer.play('1'))
        await sim.clock.sleep(1500)
        seen.push(await channel.dtmfPlayer.play('2'))
        await channel.waitForIdle()
      },
      async (channel) => {
        await sim.clock.sleep(1000)
        const startedAt = sim.now
        seen.push(await channel.filePlayer.play('silence.wav', { bargeIn: true }))
        seen.push(sim.now - startedAt < 2500)
        seen.push(await channel.dtmfDetector.getDigits({ count: 2 }), channel.dtmfDetector.cause())
        await sim.clock.sleep(500)
      },
    )
    expect(seen.sort()).toEqual(['12', 'BARGEIN', 'COUNT', 'NORMAL', 'NORMAL', true].sort())
  }),
)

const COLLECTIONS: [title: string, pressed: string, options: GetDigitsOptions, digits: string, cause: string][] = [
  ['by count', '12345', { count: 3 }, '123', 'COUNT'],
  ['by an end digit, which is not part of it', '12#', { end: '#' }, '12', 'END'],
  ['by one of several end digits', '7*', { end: '#*' }, '7', 'END'],
  ['nothing but the end digit', '#', { end: '#' }, '', 'END'],
  ['by the interdigit timeout', '12', { interdigitTimeoutMs: 1000 }, '12', 'TIMEOUT'],
  ['no digit before the predigits timeout', '', { predigitsTimeoutMs: 2000 }, '', 'TIMEOUT'],
  ['by the total timeout', '1,,,,2', { timeoutMs: 1500, interdigitTimeoutMs: 0 }, '1', 'TIMEOUT'],
  ['by the hang-up', '12', { interdigitTimeoutMs: 0 }, '12', 'HANGUP'],
  ['all sixteen keys', '0123456789*#ABCD', { count: 16 }, '0123456789*#ABCD', 'COUNT'],
]

for (const [title, pressed, options, digits, cause] of COLLECTIONS) {
  test(
    `digits are collected ${title}`,
    withSimulation({}, async (sim) => {
      const seen: string[] = []
      await connected(
        sim,
        async (channel) => {
          if (pressed !== '') await channel.dtmfPlayer.play(pressed)
          await channel.waitForIdle({ timeoutMs: 3000 })
        },
        async (channel) => {
          expect(channel.dtmfDetector.cause()).toBe('NONE')
          seen.push(await channel.dtmfDetector.getDigits(options), channel.dtmfDetector.cause())
        },
      )
      expect(seen).toEqual([digits, cause])
    }),
  )
}

test(
  'digits wait in the buffer until they are asked for, and can be cleared',
  withSimulation({}, async (sim) => {
    const seen: string[] = []
    await connected(
      sim,
      async (channel) => {
        await channel.dtmfPlayer.play('123')
        await sim.clock.sleep(2000)
        await channel.dtmfPlayer.play('9')
        await channel.waitForIdle()
      },
      async (channel) => {
        await sim.clock.sleep(1500)
        seen.push(await channel.dtmfDetector.getDigits({ count: 1 }))
        seen.push(await channel.dtmfDetector.getDigits({ count: 1, clear: true }))
      },
    )
    expect(seen).toEqual(['1', '9'])
  }),
)

test(
  'SIP INFO feeds the same buffer and interrupts a prompt',
  withSimulation({}, async (sim) => {
    const seen: string[] = []
    const ringdown = sim.exchange(US, {
      files: store(),
      services: {
        app: inbound(async (channel) => {
          await channel.answer()
          seen.push(await channel.filePlayer.play('silence.wav', { bargeIn: true }))
          seen.push(await channel.dtmfDetector.getDigits({ count: 2 }))
          await channel.waitForIdle()
        }),
      },
    })
    const peer = sim.peer(THEM)
    const call = peer.invite(`sip:app@${US}`)
    await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(1000)
    call.request('INFO', { body: 'Signal=5\r\nDuration=160\r\n', contentType: 'application/dtmf-relay' })
    await call.expectResponse(200)
    call.request('INFO', { body: '11', contentType: 'application/dtmf' })
    await call.expectResponse(200)
    call.request('INFO', { body: '<x/>', contentType: 'application/media_control+xml' })
    await call.expectResponse(415)
    call.bye()
    await sim.clock.runUntilIdle()
    expect(seen).toEqual(['BARGEIN', '5#'])
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'a far end that tells of each press in the stream and by INFO presses each key once',
  withSimulation({}, async (sim) => {
    const seen: string[] = []
    sim.exchange(US, {
      services: {
        app: inbound(async (channel) => {
          await channel.answer()
          seen.push(await channel.dtmfDetector.getDigits({ count: 4, interdigitTimeoutMs: 3000 }))
          await channel.waitForIdle()
        }),
      },
    })
    const rtp = sim.host(THEM).bindUdp(4444, { onDatagram() {} })
    const call = sim.peer(THEM).invite(`sip:app@${US}`)
    const answer = await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(100)
    const to = { address: US, port: Number(/m=audio (\d+)/.exec(utf8Decode(answer.body))?.[1]) }
    for (const [i, key] of [5, 5, 1].entries()) {
      // RTP version 2, payload type 101, then the key and a duration of 100 ms (RFC 4733).
      rtp.send(Uint8Array.of(0x80, 101, 0, i, 0, 0, i * 16, 0, 0, 0, 0, 9, key, 0x80, 3, 32), to)
      call.request('INFO', { body: `Signal=${key}`, contentType: 'application/dtmf-relay' })
      await call.expectResponse(200)
      await sim.clock.sleep(200)
    }
    await sim.clock.sleep(4000)
    call.bye()
    await sim.clock.runUntilIdle()
    expect(seen).toEqual(['551'])
  }),
)

test(
  'recordings end by time, size, silence and at a digit; a beep can come first',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const { them } = await connected(
      sim,
      async (channel) => {
        await channel.tonePlayer.play('RINGBACK', { loop: true, bargeIn: true })
        await sim.clock.sleep(3000)
        await channel.dtmfPlayer.play('5')
        await channel.waitForIdle()
      },
      async (channel) => {
        seen.push(await channel.fileRecorder.record('time.wav', { timeoutMs: 500 }))
        seen.push(await channel.fileRecorder.record('size.wav', { maxBytes: 8000 }))
        seen.push(await channel.fileRecorder.record('ulaw.wav', { maxBytes: 8000, format: 'pcmu' }))
        await channel.dtmfPlayer.play('1')
        await sim.clock.sleep(200)
        seen.push(await channel.fileRecorder.record('silence.wav', { initialSilenceMs: 600, beepOnStart: true }))
        seen.push(channel.fileRecorder.audioDetectedInRecording())
        seen.push(await channel.fileRecorder.record('digit.wav', { bargeIn: true }))
      },
    )
    expect(seen).toEqual(['TIMEOUT', 'SIZE', 'SIZE', 'SILENCE', false, 'BARGEIN'])
    const length = (name: string) => them.files.recording(name)?.length
    expect([length('time.wav'), length('size.wav'), length('ulaw.wav')]).toEqual([4000, 4000, 8000])
  }),
)

test(
  'one transmitter at a time, one job of a kind; stop gives ABORTED; a missing file gives ERROR',
  withSimulation({}, async (sim) => {
    await connected(
      sim,
      async (channel) => {
        channel.filePlayer.start('silence.wav')
        expect(channel.filePlayer.state()).toBe('RUNNING')
        await expect(channel.filePlayer.play('tone.wav')).rejects.toThrow(/filePlayer is already running/)
        await expect(channel.tonePlayer.play('BUSY')).rejects.toThrow(/tonePlayer cannot start: filePlayer/)
        expect(() => channel.dtmfPlayer.start('1')).toThrow(/dtmfPlayer cannot start/)
        expect(await channel.filePlayer.stop()).toBe('ABORTED')
        expect(await channel.filePlayer.play('nothing.wav')).toBe('ERROR')
        expect(channel.filePlayer.error()?.message).toContain('nothing.wav')
        expect(await channel.tonePlayer.play('BEEP')).toBe('NORMAL')
        await expect(channel.filePlayer.play('../x')).rejects.toThrow(/not a media file name/)
        await expect(channel.tonePlayer.play('NOPE')).rejects.toThrow(/no tone is called/)
        await expect(channel.dtmfPlayer.play('12x')).rejects.toThrow(/cannot be sent as DTMF/)
        await expect(channel.dtmfPlayer.play('1'.repeat(33))).rejects.toThrow(/1 to 32/)
        await expect(channel.dtmfDetector.getDigits({ end: 'x' })).rejects.toThrow(/end must be digits/)
        await expect(channel.fileRecorder.record('x.wav', { timeoutMs: 0 })).rejects.toThrow(
          /timeoutMs must be above 0/,
        )
        const waiting = channel.dtmfDetector.getDigits()
        await expect(channel.dtmfDetector.getDigits()).rejects.toThrow(/already running/)
        channel.filePlayer.start('silence.wav')
        await channel.hangUp()
        expect(await waiting).toBe('')
        expect(channel.dtmfDetector.cause()).toBe('HANGUP')
        expect(await channel.filePlayer.waitUntilFinished()).toBe('HANGUP')
        await expect(channel.filePlayer.play('tone.wav')).rejects.toMatchObject({ code: 'RINGDOWN_HANGUP' })
        await expect(channel.dtmfDetector.getDigits()).rejects.toMatchObject({ code: 'RINGDOWN_HANGUP' })
      },
      untilHangup,
    )
  }),
)

test(
  'media functions need a connected call',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    let channel: Channel | undefined
    const record = await ringdown.startOutbound(
      outbound(async (idle) => {
        channel = idle
        await idle.filePlayer.play('tone.wav')
      }),
    )
    expect(channel?.state()).toBe('IDLE')
    // On a channel without a call the answer is the same as on one that has gone: Hangup, a normal end.
    expect(record).toMatchObject({ returnCode: 0 })
  }),
)

test(
  'a far end whose packets stop is hung up on when the exchange is told to, with TIMEOUT by the network',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US, {
      exchange: { rtpTimeoutMs: 5000 },
      services: {
        app: inbound(async (channel) => {
          await channel.answer()
          await channel.waitForIdle()
        }),
      },
    })
    const peer = sim.peer(THEM)
    const call = peer.invite(`sip:app@${US}`)
    await call.expectResponse(200)
    call.ack()
    peer.respond(await call.expect('BYE'), 200)
    expect(sim.now).toBeGreaterThan(5000)
    expect(sim.now).toBeLessThan(5200)
    await sim.clock.runUntilIdle()
    expect(ringdown.calls).toMatchObject([
      { cause: 'TIMEOUT', endedBy: 'network', endedIn: 'ANSWERED', reason: { text: 'no RTP for 5000 ms' } },
    ])
  }),
)
