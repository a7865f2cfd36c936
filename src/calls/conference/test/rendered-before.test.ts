import { describe, expect, test } from 'vitest'
import { exchange, type TestExchange, type TestExchangeOptions } from '../../../testing/index.ts'
import { type AppDefinition, ConferencePartyMediaSettings, conferenceService, inbound, outbound } from '../../index.ts'
import { SlowSpeech } from '../../test/slow-speech.ts'

const TAKES_MS = 1500
const AT_ONCE_MS = 100

function announced(): { conferencePartyMediaSettings: ConferencePartyMediaSettings } {
  const media = new ConferencePartyMediaSettings({ beepOnEntry: false })
  media.prefixMedia.textToSay('george')
  media.onEntryMedia.textToSay('has joined')
  return { conferencePartyMediaSettings: media }
}

/** A room in which bob waits, on an exchange whose speech takes its time. */
async function roomWithBob(service: AppDefinition, takesMs = TAKES_MS, options: TestExchangeOptions = {}) {
  const speech = new SlowSpeech(takesMs)
  const quiet = { conferencePartyMediaSettings: new ConferencePartyMediaSettings({ beepOnEntry: false }) }
  const pbx = exchange({ apps: { bob: conferenceService('r', quiet), '*': service }, speech, ...options })
  speech.pbx = pbx
  const bob = pbx.phone('bob')
  await bob.call('bob')
  await pbx.sleep(500)
  const over = async () => {
    for (const phone of pbx.phones) if (phone.state === 'ANSWERED') await phone.hangUp()
    await pbx.done()
    expect(pbx.runs.flatMap(({ error }) => error ?? [])).toEqual([])
    expect([pbx.exchange.alive, pbx.exchange.exchange.sizes().timers]).toEqual([0, 0])
  }
  return { pbx, bob, over }
}

/** Of a call that is answered, how long it rang and how late the room hears of it. */
async function ringsAndIsLateMs(
  { pbx, bob }: { pbx: TestExchange; bob: ReturnType<TestExchange['phone']> },
  afterwards: () => Promise<unknown> = async () => {},
): Promise<{ rangMs: number; lateMs: number }> {
  const alice = pbx.phone('alice')
  const dialledAt = pbx.sim.now
  expect(await alice.call('1000')).toBe(200)
  const answeredAt = pbx.sim.now
  await afterwards()
  const insideAt = pbx.sim.now
  await bob.expectSpeech(/has joined/)
  const [prefix, entry] = bob.ears.speech
  expect([prefix?.utterance.text, entry?.utterance.text]).toEqual(['george', 'has joined'])
  return { rangMs: answeredAt - dialledAt, lateMs: (prefix?.startedAt ?? 0) - insideAt }
}

describe('what a room hears of who comes is rendered before he is in', () => {
  test('while his call rings, by an application that prepares it; and late by one that does not', async () => {
    const service = (prepares: boolean) =>
      inbound(async (channel, { rooms }) => {
        if (prepares) expect(await rooms.prepare(announced(), { timeoutMs: 0 })).toBe(false)
        await channel.ring({ ringTimeMs: 3000 })
        await channel.answer()
        await channel.joinConferenceRoom('r', announced())
      })
    const prepared = await roomWithBob(service(true))
    expect((await ringsAndIsLateMs(prepared)).lateMs).toBeLessThan(AT_ONCE_MS)
    await prepared.over()
    const late = await roomWithBob(service(false))
    expect((await ringsAndIsLateMs(late)).lateMs).toBeGreaterThan(TAKES_MS - AT_ONCE_MS)
    await late.over()
  })

  test('by a number that leads into a room, which rings until it is, and the next time not', async () => {
    const room = await roomWithBob(conferenceService('r', announced()))
    const { rangMs, lateMs } = await ringsAndIsLateMs(room)
    expect([rangMs > TAKES_MS - AT_ONCE_MS, rangMs < TAKES_MS + AT_ONCE_MS, lateMs < AT_ONCE_MS]).toEqual([
      true,
      true,
      true,
    ])
    const dialledAt = room.pbx.sim.now
    await room.pbx.phone('carol').call('1000')
    expect(room.pbx.sim.now - dialledAt).toBeLessThan(AT_ONCE_MS)
    await room.over()
  })

  test('but rings no longer than two seconds for it', async () => {
    const room = await roomWithBob(conferenceService('r', announced()), 5000)
    const { rangMs, lateMs } = await ringsAndIsLateMs(room)
    expect(rangMs).toBeLessThan(2000 + 2 * AT_ONCE_MS)
    expect(lateMs).toBeGreaterThan(2500)
    await room.over()
  })

  test('while he is asked for a PIN, for which he is answered at once', async () => {
    const room = await roomWithBob(conferenceService('r', announced(), { pin: '47' }))
    const { rangMs, lateMs } = await ringsAndIsLateMs(room, async () => {
      await room.pbx.sleep(TAKES_MS)
      await room.pbx.phones.at(-1)?.press('47')
    })
    expect(rangMs).toBeLessThan(AT_ONCE_MS)
    expect(lateMs).toBeLessThan(AT_ONCE_MS)
    await room.over()
  })

  test('by callConferenceRoom, before it says ANSWERED', async () => {
    const room = await roomWithBob(conferenceService('r'))
    let answeredAt = 0
    const running = room.pbx.start(
      outbound(async (channel) => {
        expect(await channel.callConferenceRoom('r', announced())).toBe('ANSWERED')
        answeredAt = room.pbx.sim.now
        await channel.waitForIdle({ timeoutMs: 3000 })
      }),
    )
    await running
    expect(room.bob.ears.speech[0]?.startedAt).toBeLessThan(answeredAt + AT_ONCE_MS)
    await room.over()
  })

  test.each([true, false])(
    'at a rate that suits whoever is in the room on an exchange with wideband codecs: somebody who has one, %s',
    async (isWide) => {
      const room = await roomWithBob(conferenceService('r', announced()), TAKES_MS, {
        exchange: { codecs: ['G722', 'PCMU'] },
      })
      const running = room.pbx.start(
        outbound(async (channel) => {
          if (!isWide) return
          const media = new ConferencePartyMediaSettings({ beepOnEntry: false })
          await channel.callConferenceRoom('r', { conferencePartyMediaSettings: media })
          expect(channel.details?.codec).toBe('G722')
          await channel.waitForIdle({ timeoutMs: 6000 })
        }),
      )
      await room.pbx.sleep(100)
      expect((await ringsAndIsLateMs(room)).lateMs).toBeLessThan(AT_ONCE_MS)
      await running
      await room.over()
    },
  )

  test('and what cannot be is refused at once', async () => {
    const room = await roomWithBob(
      inbound(async (channel, { rooms }) => {
        await expect(rooms.prepare({}, { timeoutMs: -1 })).rejects.toThrow(/timeoutMs must be above 0/)
        const media = new ConferencePartyMediaSettings({ ringbackTone: 'NOISE' })
        await expect(rooms.prepare({ conferencePartyMediaSettings: media })).rejects.toThrow(
          /no tone is called "NOISE"/,
        )
        expect(await rooms.prepare(announced())).toBe(true)
        await channel.reject()
      }),
    )
    expect(await room.pbx.phone('alice').call('1000')).toBe(603)
    await room.over()
  })

  test('within half of the time that callConferenceRoom may take', async () => {
    const room = await roomWithBob(conferenceService('r'))
    let state: string | undefined
    await room.pbx.start(
      outbound(async (channel) => {
        state = await channel.callConferenceRoom('r', { ...announced(), timeoutMs: 1000 })
      }),
    )
    expect(state).toBe('ANSWERED')
    await room.over()
  })
})
