import { describe, expect, test } from 'vitest'
import { exchange, type PeerCall, phones, type Simulation, withSimulation } from '../../testing/index.ts'
import { type Channel, DtmfDetectorCause, type GetDigitsOptions, inbound } from '../index.ts'
import { answeredCall, hangsUp } from './answered-call.ts'
import { breakMedia } from './broken-media.ts'

/** What somebody does: keys that wait already, keys after so many ms, and perhaps the end of the call. */
interface Script {
  readonly buffered: string
  readonly presses: readonly (readonly [afterMs: number, key: string])[]
  readonly hangsUpAfterMs?: number
}

interface Outcome {
  readonly digits: string
  readonly cause: DtmfDetectorCause
  readonly afterMs: number
  /** What waits for whoever asks next. */
  readonly left: string
}

/**
 * What `getDigits` is to do, as a story: every key is looked at in the order in which it comes, and before each whether
 * the time until it was too long.
 */
function expected(options: GetDigitsOptions, { buffered, presses, hangsUpAfterMs }: Script): Outcome {
  const {
    clear = false,
    count = 0,
    end = '',
    predigitsTimeoutMs = 0,
    interdigitTimeoutMs = 5000,
    timeoutMs = 0,
  } = options
  const waiting = clear ? [] : [...buffered].map((key) => [0, key] as const)
  const keys = [...waiting, ...presses.map(([afterMs, key]) => [afterMs, key] as const)]
  let digits = ''
  let since = 0
  for (let n = 0; ; n++) {
    const patience = n === 0 ? predigitsTimeoutMs : interdigitTimeoutMs
    const overAt = Math.min(patience > 0 ? since + patience : Infinity, timeoutMs > 0 ? timeoutMs : Infinity)
    const goneAt = hangsUpAfterMs ?? Infinity
    const [atMs, key] = keys[n] ?? [Infinity, '']
    // After the call nobody asks.
    const left = (from: number) =>
      (hangsUpAfterMs === undefined ? keys : [])
        .slice(from)
        .map(([, each]) => each)
        .join('')
    // What waits already needs no time.
    if (atMs > 0 && Math.min(overAt, goneAt) < atMs)
      return overAt < goneAt
        ? { digits, cause: 'TIMEOUT', afterMs: overAt, left: left(n) }
        : { digits, cause: 'HANGUP', afterMs: goneAt, left: '' }
    if (key === '') throw new Error('nobody would ever end this')
    if (end.includes(key)) return { digits, cause: 'END', afterMs: atMs, left: left(n + 1) }
    digits += key
    since = atMs
    if (digits.length === count) return { digits, cause: 'COUNT', afterMs: atMs, left: left(n + 1) }
  }
}

const SCRIPTS: readonly Script[] = [
  { buffered: '', presses: [] },
  { buffered: '', presses: [[501, '1']] },
  {
    buffered: '',
    presses: [
      [1501, '1'],
      [1801, '2'],
      [2101, '#'],
    ],
  },
  {
    buffered: '',
    presses: [
      [301, '1'],
      [601, '2'],
      [901, '3'],
      [1201, '4'],
      [1501, '#'],
    ],
  },
  {
    buffered: '',
    presses: [
      [301, '1'],
      [1701, '2'],
      [2001, '*'],
    ],
  },
  {
    buffered: '',
    presses: [
      [301, '#'],
      [601, '*'],
      [901, '5'],
    ],
  },
  {
    buffered: '',
    presses: [
      [701, '1'],
      [1401, '1'],
      [2101, '1'],
      [2801, '1'],
      [3501, '1'],
    ],
  },
  {
    buffered: '12',
    presses: [
      [401, '3'],
      [701, '#'],
    ],
  },
  { buffered: '12#4', presses: [[401, '5']] },
  { buffered: '123456', presses: [] },
  { buffered: '#', presses: [[401, '7']] },
  { buffered: '*9', presses: [[2601, '8']] },
  { buffered: '', presses: [], hangsUpAfterMs: 451 },
  { buffered: '7', presses: [[401, '8']], hangsUpAfterMs: 901 },
]

/** Every combination of the options. */
const COMBINATIONS: GetDigitsOptions[] = [false, true].flatMap((clear) =>
  [0, 1, 3].flatMap((count) =>
    ['', '#', '*#'].flatMap((end) =>
      [0, 1000].flatMap((predigitsTimeoutMs) =>
        [undefined, 0, 800].flatMap((interdigitTimeoutMs) =>
          [undefined, 2500].map(
            (timeoutMs): GetDigitsOptions => ({
              clear,
              count,
              end,
              predigitsTimeoutMs,
              ...(interdigitTimeoutMs !== undefined && { interdigitTimeoutMs }),
              ...(timeoutMs !== undefined && { timeoutMs }),
            }),
          ),
        ),
      ),
    ),
  ),
)

/** What nothing would end is ended by the caller. */
function ended(options: GetDigitsOptions, script: Script): Script {
  try {
    expected(options, script)
    return script
  } catch {
    return { ...script, hangsUpAfterMs: 20_001 }
  }
}

/** On its way for a millisecond. */
const WAY_MS = 1

/** Runs one script after the other on one call; one in which the caller hangs up has to be the last. */
async function run(sim: Simulation, options: GetDigitsOptions, scripts: readonly Script[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let call: PeerCall | undefined
  const press = (key: string): void => {
    call?.request('INFO', { body: `Signal=${key}`, contentType: 'application/dtmf-relay' })
  }
  const line = await answeredCall(sim, async (channel) => {
    const { dtmfDetector } = channel
    await sim.clock.sleep(10)
    for (const { buffered, presses, hangsUpAfterMs } of scripts) {
      for (const key of buffered) {
        press(key)
        await sim.clock.sleep(200)
      }
      const begun = sim.now
      const typing = (async () => {
        let at = 0
        for (const [afterMs, key] of presses) {
          await sim.clock.sleep(afterMs - WAY_MS - at)
          at = afterMs - WAY_MS
          press(key)
        }
        if (hangsUpAfterMs === undefined) return
        await sim.clock.sleep(hangsUpAfterMs - WAY_MS - at)
        call?.bye()
      })()
      const digits = await dtmfDetector.getDigits(options)
      const afterMs = sim.now - begun
      const cause = dtmfDetector.cause()
      await typing
      await sim.clock.sleep(5)
      const left = hangsUpAfterMs !== undefined ? '' : await dtmfDetector.getDigits({ timeoutMs: 1 })
      outcomes.push({ digits, cause, afterMs: Math.round(afterMs), left })
    }
  })
  call = line.call
  await sim.clock.runUntil(() => outcomes.length === scripts.length, { maxVirtualMs: 10 * 60_000 })
  if (scripts.at(-1)?.hangsUpAfterMs === undefined) await hangsUp(line)
  await line.expectClean()
  return outcomes
}

/** Scripts that go on one call. */
function calls(options: GetDigitsOptions): Script[][] {
  const groups: Script[][] = [[]]
  for (const script of SCRIPTS.map((each) => ended(options, each))) {
    groups.at(-1)?.push(script)
    if (script.hangsUpAfterMs !== undefined) groups.push([])
  }
  return groups.filter((group) => group.length > 0)
}

describe('getDigits', () => {
  test('there are 216 combinations of its options, and each meets every script', () => {
    expect(new Set(COMBINATIONS.map((options) => JSON.stringify(options))).size).toBe(216)
    const causes = new Set(
      COMBINATIONS.flatMap((options) => SCRIPTS.map((script) => expected(options, ended(options, script)).cause)),
    )
    expect([...causes].sort()).toEqual(['COUNT', 'END', 'HANGUP', 'TIMEOUT'])
  })

  for (const clear of [false, true])
    for (const count of [0, 1, 3])
      test(`does what the story says: clear ${clear}, count ${count}, all else in combination`, async () => {
        for (const options of COMBINATIONS.filter((each) => each.clear === clear && each.count === count))
          for (const scripts of calls(options))
            await withSimulation({}, async (sim) => {
              const outcomes = await run(sim, options, scripts)
              for (const [i, script] of scripts.entries())
                expect(outcomes[i], JSON.stringify({ options, script })).toEqual(expected(options, script))
            })()
      })
})

describe('keys and what is being played', () => {
  /** Plays to a caller, and tells how that ended and which digits there were. */
  const heard = async (gateway: Parameters<typeof phones.gateway>[0], early: boolean) => {
    const seen: string[] = []
    const pbx = exchange({
      apps: {
        '*': inbound(async (channel) => {
          await channel.answer()
          let pressed = () => {}
          const isPressed = new Promise<void>((resolve) => {
            pressed = resolve
          })
          channel.on('digit', () => pressed())
          if (early) await isPressed
          seen.push(await channel.filePlayer.play('long.wav', { bargeIn: true }))
          seen.push(await channel.dtmfDetector.getDigits({ count: 1, timeoutMs: 100 }))
        }),
      },
      files: { 'long.wav': 'A prompt that takes its time until its end.' },
    })
    const alice = pbx.phone('alice', phones.gateway(gateway))
    await alice.call('1')
    await alice.sleep(100)
    await alice.press('5')
    await alice.expectHangUp()
    await pbx.done()
    return seen
  }

  test.each(['noMarker', 'noEnds', 'longKeys', 'movingTimestamp', 'inband', 'info'] as const)(
    'a key that is there already interrupts nothing, also while it is still held; a new one does: %s',
    async (gateway) => {
      expect(await heard(gateway, true)).toEqual(['NORMAL', '5'])
      expect(await heard(gateway, false)).toEqual(['BARGEIN', '5'])
    },
  )
})

test('a media engine that fails ends it with ERROR, and a far end that hangs up with HANGUP', () =>
  withSimulation({}, async (sim) => {
    let waiting: Promise<string> | undefined
    let channel: Channel | undefined
    const line = await answeredCall(sim, async (its) => {
      channel = its
      waiting = its.dtmfDetector.getDigits()
      await waiting
      await its.waitForIdle()
    })
    breakMedia(line.ringdown)
    await sim.clock.sleep(50)
    expect(await waiting).toBe('')
    expect(channel?.dtmfDetector.cause()).toBe(DtmfDetectorCause.ERROR)
    await hangsUp(line)
    await line.expectClean()
  })())
