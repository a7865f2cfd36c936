import { describe, expect, test } from 'vitest'
import type { FarEndEvent } from '../../media/index.ts'
import { type PhoneKind, phones } from '../../testing/index.ts'
import type { Channel } from '../index.ts'
import { call, MACHINE, PERSON, run, type World } from './detected-call.ts'
import { verdict } from './scripted-detection.ts'

const at = (ms: number) => ({ startedAtMs: ms, atMs: ms + 100 })
const speech = (from: number, to: number): FarEndEvent[] => [
  { type: 'speechStarted', ...at(from) },
  { type: 'speechEnded', startedAtMs: from, endedAtMs: to, atMs: to + 100 },
]
const beep = (from: number, to: number): FarEndEvent[] => [
  { type: 'beepStarted', frequencyHz: 1000, ...at(from) },
  { type: 'beepEnded', startedAtMs: from, endedAtMs: to, atMs: to + 100 },
]

describe('waitForAnswerMachine', () => {
  /** What a machine says after its verdict, and when it was taken for over, after the answer. */
  async function waited(events: FarEndEvent[], options = {}): Promise<readonly [isOver: boolean, atMs: number]> {
    let outcome: readonly [boolean, number] = [false, 0]
    await run(
      async (channel, { pbx }) => {
        await call(channel)
        const isOver = await channel.waitForAnswerMachine(options)
        outcome = [isOver, pbx.sim.now]
      },
      async ({ pbx, detection }) => {
        const { session } = detection
        session.say(MACHINE)
        // The sound began with the simulation, but for some milliseconds.
        for (const event of events) {
          const waitMs = ('atMs' in event ? event.atMs : 0) - pbx.sim.now
          if (waitMs > 0) await pbx.sleep(waitMs)
          session.say(event)
        }
      },
    )
    return outcome
  }

  test('a beep, and a second of quiet after it', async () => {
    const [isOver, atMs] = await waited([...speech(500, 4000), ...beep(4500, 5000)])
    expect(isOver).toBe(true)
    expect(atMs).toBeGreaterThan(5950)
    expect(atMs).toBeLessThan(6150)
  })

  test('no beep: four seconds of quiet', async () => {
    const [isOver, atMs] = await waited(speech(500, 4000))
    expect(isOver).toBe(true)
    expect(atMs).toBeGreaterThan(7950)
    expect(atMs).toBeLessThan(8150)
  })

  test('what is too short is no beep; speech after a beep is not the end of it', async () => {
    const [, short] = await waited([...speech(500, 4000), ...beep(4500, 4600)])
    expect(short).toBeGreaterThan(8500)
    const [, resumed] = await waited([...beep(600, 1000), ...speech(1500, 4000)])
    expect(resumed).toBeGreaterThan(7950)
  })

  test('it speaks on and on: false when the time is over', async () => {
    const [isOver, atMs] = await waited([{ type: 'speechStarted', ...at(600) }], { timeoutMs: 3000 })
    expect(isOver).toBe(false)
    expect(atMs).toBeGreaterThan(3400)
    expect(atMs).toBeLessThan(3700)
  })

  test('works long after the verdict, when nobody listened any more', async () => {
    let isOver = false
    const { detection } = await run(
      async (channel) => {
        await call(channel)
        await channel.waitForIdle({ timeoutMs: 60_000 })
        isOver = await channel.waitForAnswerMachine()
      },
      async ({ detection }) => detection.session.say(PERSON),
    )
    expect(isOver).toBe(true)
    expect(detection.sessions.map(({ isClosed }) => isClosed)).toEqual([true, true])
    expect(detection.session.wanted.before).toEqual([{ signal: 'answered', atMs: 0 }])
  })

  test('works on a call that was placed without detection', async () => {
    let isOver = false
    const { detection } = await run(
      async (channel) => {
        await channel.call('sip:far@far')
        isOver = await channel.waitForAnswerMachine()
      },
      async ({ pbx, detection }) => {
        await pbx.sleep(1000)
        detection.session.say(...speech(500, 1000))
      },
    )
    expect(isOver).toBe(true)
    expect(detection.session.wanted.options).toEqual({})
  })
})

describe('leaveMessage', () => {
  const ready = (by: 'beep' | 'silence', atMs: number): FarEndEvent => ({ type: 'readyForMessage', by, atMs })
  const TEXT = 'Your parcel has arrived. Please call us back.'

  /** Leaves a message while `meanwhile` plays the machine. */
  async function left(meanwhile: (world: World) => Promise<void>, kind?: PhoneKind, options = {}) {
    let report: Awaited<ReturnType<Channel['leaveMessage']>> | undefined
    const { pbx } = await run(
      async (channel) => {
        await call(channel)
        report = await channel.leaveMessage({ textToSay: TEXT }, options)
        // What was said arrives.
        if (channel.state() === 'ANSWERED') await channel.waitForIdle({ timeoutMs: 200 })
      },
      async (world) => {
        world.detection.session.say(MACHINE)
        await meanwhile(world)
      },
      kind,
    )
    const said = pbx.phones[0]?.ears.speech.map(({ heardMs, utterance }) => heardMs / utterance.lengthMs) ?? []
    return { report, said }
  }

  test('after the beep, once: delivered', async () => {
    const { report, said } = await left(async ({ pbx, detection }) => {
      await pbx.sleep(3000)
      detection.session.say(...beep(3000, 3400), ready('beep', 3600))
    })
    expect(report).toMatchObject({
      outcome: 'delivered',
      after: 'beep',
      attempts: 1,
      cause: 'NORMAL',
      isPickedUp: false,
    })
    expect(said).toHaveLength(1)
    expect(said[0]).toBeGreaterThan(0.95)
  })

  test('the greeting goes on: begins anew when it is over', async () => {
    const { report, said } = await left(async ({ pbx, detection }) => {
      const { session } = detection
      session.say(ready('silence', 2000))
      await pbx.sleep(1000)
      session.say(...speech(3000, 4000))
      await pbx.sleep(4000)
      session.say(...beep(8000, 8300), ready('beep', 8500))
    })
    expect(report).toMatchObject({ outcome: 'delivered', after: 'beep', attempts: 2 })
    expect(said).toHaveLength(2)
    expect(said[0]).toBeLessThan(0.5)
    expect(said[1]).toBeGreaterThan(0.95)
  })

  test('two beeps: begins anew after the second', async () => {
    const { report, said } = await left(async ({ pbx, detection }) => {
      const { session } = detection
      session.say(...beep(1500, 1800), ready('beep', 2000))
      await pbx.sleep(1000)
      session.say(...beep(3000, 3400))
      await pbx.sleep(500)
      session.say(ready('beep', 3600))
    })
    expect(report).toMatchObject({ outcome: 'delivered', after: 'beep', attempts: 2 })
    expect(said[1]).toBeGreaterThan(0.95)
  })

  test('the greeting goes on and has no beep: begins anew when it is quiet again', async () => {
    const { report } = await left(async ({ pbx, detection }) => {
      const { session } = detection
      session.say(ready('silence', 2000))
      await pbx.sleep(1000)
      session.say(...speech(3000, 4000))
      await pbx.sleep(4000)
      session.say(ready('silence', 8000))
    })
    expect(report).toMatchObject({ outcome: 'delivered', after: 'silence', attempts: 2 })
  })

  test('a person takes the telephone in the middle of it: falls silent, truncated', async () => {
    const { report, said } = await left(async ({ pbx, detection }) => {
      detection.session.say(ready('beep', 2000))
      await pbx.sleep(1000)
      detection.session.say(...speech(2500, 3000), verdict('revised', 'person', 'person'))
    })
    expect(report).toMatchObject({ outcome: 'truncated', attempts: 1, isPickedUp: true })
    expect(said[0]).toBeLessThan(0.8)
  })

  test('is disturbed again and again: spoken, and unknown whether it was recorded', async () => {
    const { report } = await left(
      async ({ pbx, detection }) => {
        for (let i = 0; i < 2; i++) {
          detection.session.say(ready('silence', 2000 + 2000 * i))
          await pbx.sleep(1000)
          detection.session.say(...beep(3000 + 2000 * i, 3300 + 2000 * i))
          await pbx.sleep(1000)
        }
      },
      undefined,
      { mostAttempts: 2 },
    )
    expect(report).toMatchObject({ outcome: 'unknown', attempts: 2, cause: 'NORMAL' })
  })

  test('nobody says that the greeting is over: spoken after all, and unknown', async () => {
    const { report } = await left(async () => {}, undefined, { timeoutMs: 3000 })
    expect(report).toMatchObject({ outcome: 'unknown', after: 'timeout', attempts: 1, cause: 'NORMAL' })
  })

  test('hangs up in the middle of it: truncated', async () => {
    const { report } = await left(
      async ({ detection }) => detection.session.say(ready('beep', 2000)),
      phones.person({ rings: 0, says: [], hangsUpAfterMs: 2000 }),
    )
    expect(report).toMatchObject({ outcome: 'truncated', attempts: 1, cause: 'HANGUP' })
  })

  test('a person picks up: nothing more is spoken', async () => {
    const { report, said } = await left(async ({ pbx, detection }) => {
      await pbx.sleep(1000)
      detection.session.say(verdict('revised', 'person', 'person'))
    })
    expect(report).toMatchObject({ outcome: 'truncated', attempts: 0, isPickedUp: true, cause: 'NONE' })
    expect(said).toEqual([])
  })
})
