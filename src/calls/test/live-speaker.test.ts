import { describe, expect, test } from 'vitest'
import type { FarEndEvent } from '../../media/index.ts'
import { exchange, type PhoneKind, phones } from '../../testing/index.ts'
import { type CallOptions, Channel, outbound } from '../index.ts'
import { call, MACHINE, PERSON, run } from './detected-call.ts'
import { verdict } from './scripted-detection.ts'

const { DEFAULT, TIMEOUT_FROM_ANSWER_DETECT } = Channel.LiveSpeakerDetectionSettings

describe('call({ liveSpeakerDetect })', () => {
  test('resolves when it is known who has picked up, and the details say so', async () => {
    let tookMs = 0
    const { details, detection } = await run(
      async (channel, { pbx }) => {
        const before = pbx.sim.now
        expect(await call(channel)).toBe(channel.State.ANSWERED)
        tookMs = pbx.sim.now - before
        expect(channel.details?.farEndType).toBe(channel.CallFarEndType.LIVE)
      },
      async ({ pbx, detection, channel }) => {
        await pbx.sleep(1500)
        expect(channel.state()).toBe('ANSWERED')
        expect(channel.details).not.toHaveProperty('farEndType')
        detection.session.say(PERSON)
      },
    )
    expect(tookMs).toBeGreaterThanOrEqual(2000)
    expect(detection.session.wanted.options).toMatchObject({ start: DEFAULT, timeoutMs: 6900, decidesEarly: false })
    expect(details.farEnd).toMatchObject({ isFinal: true, verdict: { kind: 'person', confidence: 0.9 } })
    const { evidence = [], decidedAt = 0 } = details.farEnd?.verdict ?? {}
    const answeredAt = details.times.ANSWERED ?? 0
    expect(decidedAt - answeredAt).toBeGreaterThan(1000)
    expect(decidedAt - answeredAt).toBeLessThan(1300)
    expect(evidence[0]).toMatchObject({ clue: 'speech', weight: -2, at: decidedAt - 500 })
  })

  test.each([
    ['machine', 'voicemail', 'ANSWER_MACHINE'],
    ['screening', 'screening', 'ANSWER_MACHINE'],
    ['announcement', 'networkAnnouncement', 'ANSWER_MACHINE'],
    ['fax', 'fax', 'FAX_MACHINE'],
    ['signal', 'busy', 'UNKNOWN'],
    ['unknown', 'silence', 'UNKNOWN'],
  ] as const)('%s is %s is %s', async (kind, fineKind, farEndType) => {
    const { details } = await run(
      async (channel) => void (await call(channel)),
      async ({ detection }) => detection.session.say(verdict('final', kind, fineKind)),
    )
    expect(details.farEndType).toBe(farEndType)
  })

  test('the reference has it so: 7 s, and UNKNOWN at the deadline though detection says nothing', async () => {
    let tookMs = 0
    const { details, pbx } = await run(async (channel, { pbx }) => {
      const before = pbx.sim.now
      await call(channel)
      tookMs = pbx.sim.now - before
    })
    expect(details.farEndType).toBe('UNKNOWN')
    expect(details.farEnd?.verdict).toMatchObject({ reason: 'deadline', confidence: 0, kind: 'unknown' })
    expect(tookMs).toBeGreaterThanOrEqual(7000)
    expect(tookMs).toBeLessThan(7100)
    expect(pbx.exchange.exchange.counters.snapshot()).toMatchObject({ farEndsListenedTo: 1, farEndsLate: 1 })
  })

  test('what was thought last holds at the deadline', async () => {
    const { details } = await run(
      async (channel) => void (await call(channel, { lsdTimeoutMs: 1000 })),
      async ({ detection }) => detection.session.say(verdict('provisional', 'machine', 'voicemail')),
    )
    expect(details.farEndType).toBe('ANSWER_MACHINE')
    expect(details.farEnd?.verdicts.map(({ stage }) => stage)).toEqual(['provisional', 'final'])
  })

  test('detection dies: UNKNOWN at once, and the call goes on', async () => {
    const { details, pbx } = await run(
      async (channel, { pbx }) => {
        const before = pbx.sim.now
        expect(await call(channel)).toBe('ANSWERED')
        expect(pbx.sim.now - before).toBeLessThan(600)
        await channel.waitForIdle({ timeoutMs: 1000 })
        expect(channel.state()).toBe('ANSWERED')
      },
      async ({ detection }) => detection.session.fail(),
    )
    expect(details.farEndType).toBe('UNKNOWN')
    expect(details.farEnd?.verdict?.reason).toBe('failed')
    expect(pbx.exchange.exchange.counters.snapshot()).toMatchObject({ farEndsFailed: 1 })
  })

  test('ringing that is heard after the answer does not count when it waits for the real one', async () => {
    const ringback: FarEndEvent = { type: 'tone', tone: 'ringback', startedAtMs: 100, atMs: 1500 }
    const took = async (settings: CallOptions): Promise<number> => {
      let tookMs = 0
      await run(
        async (channel, { pbx }) => {
          const before = pbx.sim.now
          await call(channel, { lsdTimeoutMs: 3000, ...settings })
          tookMs = pbx.sim.now - before
        },
        async ({ pbx, detection }) => {
          detection.session.say(ringback)
          await pbx.sleep(20_000)
          detection.session.say({ type: 'ringingStopped', atMs: 20_500 })
        },
      )
      return tookMs
    }
    expect(await took({})).toBeLessThan(3100)
    const patient = await took({ liveSpeakerDetect: TIMEOUT_FROM_ANSWER_DETECT })
    expect(patient).toBeGreaterThanOrEqual(23_500)
    expect(patient).toBeLessThan(23_600)
  })

  test('it rings on after the answer for ever: it is not waited for for ever', async () => {
    const ringback: FarEndEvent = { type: 'tone', tone: 'ringback', startedAtMs: 100, atMs: 1500 }
    const { details } = await run(
      async (channel) => void (await call(channel, { liveSpeakerDetect: TIMEOUT_FROM_ANSWER_DETECT })),
      async ({ detection }) => detection.session.say(ringback),
    )
    expect(details.farEndType).toBe('UNKNOWN')
  })

  test('asynchronous: resolves with the answer, and events tell the rest, revisions among them', async () => {
    const told: string[] = []
    const { details } = await run(
      async (channel) => {
        for (const type of ['farEnd', 'revised'] as const)
          channel.on(type, ({ verdict }) => told.push(`${type} ${verdict.stage} ${verdict.farEndType}`))
        await call(channel, { lsdAsync: true })
        expect(channel.details?.farEndType).toBeUndefined()
        await channel.filePlayer.say('Hello, this is a message.')
        await channel.waitForIdle({ timeoutMs: 10_000 })
      },
      async ({ pbx, detection }) => {
        await pbx.sleep(300)
        const { session } = detection
        session.say(verdict('provisional', 'person', 'person'))
        session.say(PERSON)
        session.say(MACHINE)
        await pbx.sleep(5000)
        session.say(verdict('revised', 'machine', 'voicemail', { reason: 'monologue' }))
        expect(session.signals).toEqual(['answered', 'promptStarted', 'promptEnded'])
      },
    )
    expect(told).toEqual(['farEnd provisional LIVE', 'farEnd final LIVE', 'revised revised ANSWER_MACHINE'])
    expect(details.farEndType).toBe('ANSWER_MACHINE')
  })

  test('listens for half a minute after the verdict, then no more', async () => {
    const { detection } = await run(
      async (channel) => {
        await call(channel)
        await channel.waitForIdle({ timeoutMs: 40_000 })
      },
      async ({ pbx, detection }) => {
        const { session } = detection
        session.say(PERSON)
        await pbx.sleep(29_900)
        expect(session.isClosed).toBe(false)
        const { tappedCount } = session
        expect(tappedCount).toBeGreaterThan(0)
        await pbx.sleep(200)
        expect(session.isClosed).toBe(true)
      },
    )
    expect(detection.sessions).toHaveLength(1)
  })

  test('hangs up before anything is known: UNKNOWN', async () => {
    const { details } = await run(
      async (channel) => expect(await call(channel)).toBe('IDLE'),
      undefined,
      phones.person({ rings: 0, says: [], hangsUpAfterMs: 2000 }),
    )
    expect(details).toMatchObject({ farEndType: 'UNKNOWN', farEnd: { verdict: { reason: 'ended' } } })
  })

  test('nobody asked: nobody listens, and the type is UNKNOWN', async () => {
    const { details, detection } = await run(async (channel) => void (await channel.call('sip:far@far')))
    expect(details.farEndType).toBe('UNKNOWN')
    expect(details).not.toHaveProperty('farEnd')
    expect(detection.sessions).toEqual([])
  })

  test('refuses what is no setting, and an exchange that cannot detect', async () => {
    await run(async (channel) => {
      for (const [options, message] of [
        [{ lsdTimeoutMs: 499 }, /lsdTimeoutMs must be 500 to 10000, not 499/],
        [{ lsdTimeoutMs: 10_001 }, /not 10001/],
        [{ lsdSensitivity: 2 }, /lsdSensitivity must be 0 to 1, not 2/],
        [{ liveSpeakerDetect: 'sometimes' as never }, /not sometimes/],
      ] as const)
        await expect(call(channel, options)).rejects.toThrow(message)
    })
    const pbx = exchange({ farEnd: null })
    const record = await pbx.start(outbound(async (channel) => void (await call(channel))))
    expect(record.error).toMatch(/without what detects who picks up/)
  })
})

describe('before the answer', () => {
  /** Speaks in 183, answers after 3 s, or says 480. */
  const early = (answers: boolean): PhoneKind =>
    phones.scripted(async (phone) => {
      phone.earlyMedia()
      await phone.sleep(3000)
      if (answers) await phone.answer()
      else phone.reject(480)
      await phone.untilEnded()
    })

  test('is listened to, and what it says is no verdict before the answer', async () => {
    const { details, detection } = await run(
      async (channel) => {
        expect(await call(channel)).toBe('ANSWERED')
      },
      async ({ pbx, detection, channel }) => {
        const { session } = detection
        expect(session.signals).toEqual(['earlyMedia'])
        session.say(verdict('provisional', 'person', 'person'))
        session.say(verdict('provisional', 'machine', 'voicemail'))
        await pbx.sleep(1000)
        expect(channel.details).not.toHaveProperty('farEndType')
        expect(channel.details?.farEnd?.verdicts.map(({ kind }) => kind)).toEqual(['machine'])
        await pbx.sleep(2500)
        expect(session.signals).toEqual(['earlyMedia', 'answered'])
        session.say(PERSON)
      },
      early(true),
    )
    expect(details.farEndType).toBe('LIVE')
    expect(detection.sessions).toHaveLength(1)
  })

  test('was all there was: what was thought of it holds when the call has ended', async () => {
    const { details } = await run(
      async (channel) => expect(await call(channel)).toBe('IDLE'),
      async ({ detection }) => detection.session.say(verdict('provisional', 'machine', 'voicemail')),
      early(false),
    )
    expect(details.farEndType).toBe('ANSWER_MACHINE')
  })

  test('another codec after the answer is told as another source, and the same again is not', async () => {
    const { detection } = await run(
      async (channel) => {
        await call(channel, { lsdAsync: true })
        await channel.waitForIdle({ timeoutMs: 6000 })
      },
      async ({ detection }) => detection.session.say(PERSON),
      phones.scripted(async (phone) => {
        await phone.answer()
        await phone.sleep(2000)
        await phone.reinvite('sendrecv')
        await phone.sleep(1000)
        const sdp = { address: phone.sip.address, port: 40_000, codecs: ['PCMA'], version: 7 } as const
        phone.sip.latestCall.reinvite({ sdp })
        await phone.untilEnded()
      }),
    )
    expect(detection.session.signals).toEqual(['answered', 'sourceChanged'])
  })

  test('signalling is told, with its time, also where no sound comes with it', async () => {
    const { detection } = await run(
      async (channel) => void (await call(channel)),
      async ({ pbx, detection }) => {
        await pbx.sleep(8000)
        detection.session.say(PERSON)
      },
      phones.scripted(async (phone) => {
        phone.ring()
        await phone.sleep(4000)
        phone.respond(181)
        await phone.sleep(2000)
        await phone.answer()
        await phone.untilEnded()
      }),
    )
    const { before } = detection.session.wanted
    expect(before.map(({ signal }) => signal)).toEqual(['ringing', 'forwarded', 'answered'])
    expect(before.map(({ atMs }) => Math.round(atMs / 100) * 100)).toEqual([-6000, -2000, 0])
  })
})
