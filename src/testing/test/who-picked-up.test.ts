import { describe, expect, test } from 'vitest'
import { type CallDetails, type CallOptions, Channel, outbound } from '../../calls/index.ts'
import { exchange, InlineDetection, type Phone, type PhoneKind, phones, type TestExchange } from '../index.ts'
import { voiceOf } from '../truth/voice.ts'

// The first nine of the calls that broke other telephony systems: who has picked up, with the detector that servers have.

const { DEFAULT, TIMEOUT_FROM_ANSWER_DETECT } = Channel.LiveSpeakerDetectionSettings

/** A greeting of some nine seconds. */
const GREETING = [
  'Hello, you have reached the voicemail of Anna Berger. I am sorry that I cannot take your call right now.',
  'Please leave your name and your number after the tone, and I will call you back.',
]

interface Outcome {
  readonly details: CallDetails
  /** What events have told, each with its time since the answer, ms. */
  readonly told: readonly { readonly what: string; readonly atMs: number }[]
  /** Since the answer, ms. */
  readonly decidedAtMs: number
  readonly pbx: TestExchange
}

interface Scene {
  readonly options?: CallOptions
  /** What the application does once the call is answered and judged. Default: it listens for 20 s. */
  readonly act?: (channel: Channel) => Promise<unknown>
  readonly meanwhile?: (pbx: TestExchange, detection: InlineDetection) => void
}

/** Calls a phone of that kind, and tells what came of it. */
async function calling(kind: PhoneKind, { options = {}, act, meanwhile }: Scene = {}): Promise<Outcome> {
  const detection = new InlineDetection()
  const pbx = exchange({ farEnd: detection })
  pbx.phone('far', kind)
  const told: { what: string; at: number }[] = []
  let line: Channel | undefined
  const running = pbx.start(
    outbound(async (channel) => {
      line = channel
      const note = (what: string, at: number) => told.push({ what, at })
      channel.on('farEnd', ({ verdict, at }) => note(`${verdict.stage} ${verdict.farEndType}`, at))
      channel.on('revised', ({ verdict, at }) => note(`revised ${verdict.farEndType}`, at))
      channel.on('beep', ({ at }) => note('beep', at))
      const state = await channel.call('sip:far@far', { liveSpeakerDetect: DEFAULT, ...options })
      if (state !== channel.State.ANSWERED) return
      if (act === undefined) await channel.waitForIdle({ timeoutMs: 20_000 })
      else await act(channel)
      await channel.hangUp()
    }),
  )
  meanwhile?.(pbx, detection)
  const record = await running
  expect(record.error).toBeUndefined()
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
  const details = (line as Channel).details as CallDetails
  const answeredAt = details.times.ANSWERED ?? 0
  return {
    details,
    told: told.map(({ what, at }) => ({ what, atMs: at - answeredAt })),
    decidedAtMs: (details.farEnd?.verdicts.find(({ stage }) => stage === 'final')?.decidedAt ?? 0) - answeredAt,
    pbx,
  }
}

const beeps = ({ told }: Outcome) => told.filter(({ what }) => what === 'beep').map(({ atMs }) => atMs)

/** Rings in its own early media. */
async function ringEarly(phone: Phone, rings: number): Promise<void> {
  phone.earlyMedia()
  for (let i = 0; i < rings && phone.state === 'CALLED'; i++) await phone.hum('RINGBACK')
}

async function greet(phone: Phone): Promise<void> {
  await phone.sleep(600)
  for (const part of GREETING) {
    if (phone.state !== 'ANSWERED') return
    await phone.say(part)
    await phone.sleep(500)
  }
}

/** A tone of a second, long enough to be missed by nobody. */
async function beep(phone: Phone): Promise<void> {
  if (phone.state === 'ANSWERED')
    await phone.hum([{ tone1: { frequencyHz: 1000, amplitude: 12 }, durationMs: 500, add: 'summation' }])
}

describe('who has picked up', () => {
  test('1: 25 s of ringback in early media, then a mailbox: nothing before the answer, a machine after it', async () => {
    const outcome = await calling(
      phones.scripted(async (phone) => {
        await ringEarly(phone, 4)
        await phone.answer()
        await greet(phone)
        await beep(phone)
        await phone.untilEnded()
      }),
    )
    expect(outcome.details.farEndType).toBe('ANSWER_MACHINE')
    expect(outcome.told.filter(({ atMs }) => atMs < 0)).toEqual([])
    expect(outcome.decidedAtMs).toBeGreaterThan(500)
    expect(outcome.decidedAtMs).toBeLessThan(7000)
    expect(outcome.details.farEnd?.tones.map(({ tone }) => tone)).toContain('ringback')
  })

  test('2: a greeting wholly in 183, and no answer: a machine, also while it is said', async () => {
    const kind = phones.earlyMediaVoicemail({ rings: 1, greeting: GREETING, answers: false })
    const { details, told } = await calling(kind, { options: { lsdEarlyMedia: true } })
    expect([details.wasAnswered, details.farEndType]).toEqual([false, 'ANSWER_MACHINE'])
    expect(told.map(({ what }) => what)).toContain('final ANSWER_MACHINE')
    // Without that, it is known when the call has ended.
    const later = await calling(kind)
    expect(later.details.farEndType).toBe('ANSWER_MACHINE')
  })

  test('3: 7.5 s of digital silence after the answer, then "hello": silence at the deadline, and no person before', async () => {
    const hello = phones.person({ rings: 0, pauseMs: 7500, says: 'Hello?' })
    const outcome = await calling(hello)
    expect(outcome.details.farEnd?.verdicts.find(({ stage }) => stage === 'final')).toMatchObject({
      farEndType: 'UNKNOWN',
      fineKind: 'silence',
    })
    expect(outcome.decidedAtMs).toBeLessThanOrEqual(7000)
    const live = outcome.told.filter(({ what, atMs }) => what.includes('LIVE') && atMs < 7500)
    expect(live).toEqual([])
  })

  test('4: 2.33 s of speech, 0.53 s of pause, more greeting: a person perhaps, and in the end a machine', async () => {
    const first = voiceOf('Hello, this is Anna Bergers mailbox.')
    const outcome = await calling(
      phones.scripted(async (phone) => {
        await phone.answer()
        await phone.sleep(600)
        await phone.say({ ...first, data: first.data.subarray(0, 8 * 2330) as Int16Array } as typeof first)
        await phone.sleep(530)
        for (const part of GREETING) await phone.say(part)
        await phone.untilEnded()
      }),
    )
    expect(outcome.details.farEndType).toBe('ANSWER_MACHINE')
  })

  test('5: it rings after the answer: no beep, and the clock waits for the real one', async () => {
    const outcome = await calling(
      phones.scripted(async (phone) => {
        await phone.answer()
        for (let i = 0; i < 3 && phone.state === 'ANSWERED'; i++) await phone.hum('RINGBACK')
        await phone.say('Hello?')
        await phone.untilEnded()
      }),
      { options: { liveSpeakerDetect: TIMEOUT_FROM_ANSWER_DETECT } },
    )
    expect(beeps(outcome)).toEqual([])
    expect(outcome.details.farEndType).toBe('LIVE')
    expect(outcome.decidedAtMs).toBeGreaterThan(18_000)
  })

  test('6: a beep 4 s after the greeting: it is told of all the same', async () => {
    const outcome = await calling(
      phones.scripted(async (phone) => {
        await phone.answer()
        await greet(phone)
        await phone.sleep(3500)
        await beep(phone)
        await phone.untilEnded()
      }),
    )
    expect(beeps(outcome)).toHaveLength(1)
    expect(outcome.details.farEnd?.beeps[0]?.frequencyHz).toBeCloseTo(1000, -2)
  })

  test('7: a beep while we play: it is told of, and the application stops what it plays', async () => {
    let cause: string | undefined
    const outcome = await calling(
      phones.scripted(async (phone) => {
        await phone.answer()
        await phone.sleep(600)
        await phone.say(GREETING[0] as string)
        await phone.sleep(3000)
        await beep(phone)
        await phone.untilEnded()
      }),
      {
        options: { lsdAsync: true },
        act: async (channel) => {
          channel.on('beep', () => void channel.filePlayer.stop())
          cause = await channel.filePlayer.say('This is our own announcement, and it is a long one. '.repeat(8))
        },
      },
    )
    expect(beeps(outcome)).toHaveLength(1)
    expect(cause).toBe('ABORTED')
  })

  test('8: a greeting under our own prompt: it is heard', async () => {
    const outcome = await calling(
      phones.scripted(async (phone) => {
        await phone.answer()
        await greet(phone)
        await beep(phone)
        await phone.untilEnded()
      }),
      {
        options: { lsdAsync: true },
        act: async (channel) => {
          await channel.filePlayer.say('Welcome, this is a call from Acme about your parcel. '.repeat(3))
          await channel.waitForIdle({ timeoutMs: 8000 })
        },
      },
    )
    expect(outcome.details.farEndType).toBe('ANSWER_MACHINE')
    expect(outcome.decidedAtMs).toBeLessThanOrEqual(7000)
  })

  test.each([false, true])(
    '9: detection dies (hangs: %s): UNKNOWN by the deadline, and the sound goes on',
    async (hangs) => {
      const said = 'You can hear me all the time, whatever happens to those who listen.'
      const outcome = await calling(phones.person({ rings: 0, pauseMs: 3000, says: 'Hello?' }), {
        options: { lsdAsync: true },
        act: async (channel) => {
          await channel.filePlayer.say(said)
          await channel.waitForIdle({ timeoutMs: 8000 })
        },
        meanwhile: ({ sim }, detection) => sim.clock.after(1500, () => detection.die({ hangs }), 'detection dies'),
      })
      expect(outcome.details.farEndType).toBe('UNKNOWN')
      expect(outcome.decidedAtMs).toBeLessThanOrEqual(7000)
      const [piece] = outcome.pbx.phones[0]?.ears.speech ?? []
      expect(piece?.utterance.text).toBe(said)
      expect(piece?.heardMs).toBeCloseTo(piece?.utterance.lengthMs ?? 0, -2)
    },
  )

  test('a call is screened, and taken: a machine, and then the person who has taken it', async () => {
    const question = `${GREETING[0]} Please say your name, and why you are calling, and hold the line.`
    const outcome = await calling(phones.screening({ rings: 0, question }), {
      options: { lsdAsync: true },
      act: async (channel) => {
        await channel.waitForIdle({ timeoutMs: 12_000 })
        await channel.filePlayer.say('This is Acme, about your parcel.')
        await channel.waitForIdle({ timeoutMs: 14_000 })
      },
    })
    const { farEnd, farEndType } = outcome.details
    expect(farEndType).toBe('LIVE')
    expect(farEnd?.verdicts.slice(-3).map(({ stage, fineKind }) => `${stage} ${fineKind}`)).toEqual([
      'final voicemail',
      'revised screening',
      'revised person',
    ])
    expect(outcome.told.map(({ what }) => what).slice(-3)).toEqual([
      'final ANSWER_MACHINE',
      'revised ANSWER_MACHINE',
      'revised LIVE',
    ])
  })

  test('a fax machine, a person, somebody silent, a mailbox: each by its name', async () => {
    const kindOf = async (kind: PhoneKind) => (await calling(kind)).details.farEnd?.verdict?.kind
    expect(await kindOf(phones.fax({ rings: 0 }))).toBe('fax')
    expect(await kindOf(phones.person({ rings: 0, says: 'Hello?' }))).toBe('person')
    expect(await kindOf(phones.silent({ rings: 0 }))).toBe('unknown')
    expect(await kindOf(phones.voicemail({ rings: 1, greeting: GREETING }))).toBe('machine')
  })
})
