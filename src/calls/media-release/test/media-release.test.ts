import { expect, test } from 'vitest'
import { type PhoneKind, phones, type TestExchange } from '../../../testing/index.ts'
import type { Channel } from '../../index.ts'
import { desk } from '../../transfer/test/desk.ts'
import type { MediaObstacle } from '../media-news.ts'

/** Where a phone is told to send its sound: to us, or to whom. */
function sendsTo(pbx: TestExchange, name: string): string {
  const to = pbx.phones.find((each) => each.name === name)?.mediaPeer?.address
  return to === US ? 'us' : (pbx.phones.find(({ sip }) => sip.address === to)?.name ?? `nobody: ${to}`)
}

function places(pbx: TestExchange): string {
  return `alice to ${sendsTo(pbx, 'alice')}, bob to ${sendsTo(pbx, 'bob')}`
}

const US = '192.0.2.1'
const PAST_US = 'alice to bob, bob to alice'
const WITH_US = 'alice to us, bob to us'
const SPEAKS = phones.person({ says: ['Bob speaking.', 'What is it about?', 'Still here.'], pauseMs: 1500 })

/** Says something soon, and stays. */
const LONG_WINDED = phones.person({ says: 'Bob speaking.', pauseMs: 500 })

interface Connected {
  readonly pbx: TestExchange
  readonly channel: Channel
  readonly other: Channel
  sleep(ms: number): Promise<void>
}

/** Alice calls, Bob is called, and both are connected; `app` runs some seconds later. */
async function connected(
  app: (ends: Connected) => Promise<void>,
  bob: PhoneKind = SPEAKS,
  options = {},
  kind: PhoneKind = {},
) {
  const news: string[] = []
  const heard: number[] = []
  const { pbx, alice, expectClean } = await desk(
    async (channel, other) => {
      expect(await other.call('sip:bob@bob')).toBe('ANSWERED')
      channel.on('mediaReleased', () => news.push('released'))
      channel.on('mediaReturned', ({ reason }) => news.push(`returned: ${reason}`))
      channel.on('mediaStays', ({ reason }) => news.push(`stays: ${reason}`))
      expect(await channel.connect(other, { mediaRelease: true })).toBe(true)
      const sleep = (ms: number) => pbx.sim.clock.sleep(ms)
      await sleep(4000)
      await app({ pbx, channel, other, sleep })
      await other.hangUp()
      await channel.hangUp()
      await sleep(1000)
      for (const { details } of [channel, other]) heard.push(details?.media?.packetsReceived ?? 0)
    },
    (pbx) => pbx.phone('bob', bob),
    options,
    { kind },
  )
  const end = async () => {
    await expectClean()
    const { counters } = pbx.exchange.exchange
    return { news, heard, counters }
  }
  return { pbx, alice, end }
}

test('the sound of two connected calls goes past us, and comes back with the end of the connection', async () => {
  const seen: string[] = []
  const { pbx, alice, end } = await connected(async ({ channel, other, sleep }) => {
    seen.push(places(pbx))
    await sleep(8000)
    await channel.disconnect()
    seen.push(places(pbx))
    await Promise.all([channel.filePlayer.say('Here again.'), other.filePlayer.say('You too.')])
  })
  await alice.expectSpeech(/what is it about/i)
  await alice.expectSpeech(/here again/i)
  const { news, heard, counters } = await end()
  expect(seen).toEqual([PAST_US, WITH_US])
  expect(news).toEqual(['released', 'returned: over'])
  expect(pbx.phones.find(({ name }) => name === 'bob')?.hasHeard(/you too/i)).toBe(true)
  expect(counters.get('mediaReleases')).toBe(1)
  // What Bob has sent in the two seconds before and in the two after, of fourteen.
  expect(heard[1]).toBeLessThan(300)
})

test('a recording that begins has the sound again, and lets it go when it is over', async () => {
  const seen: string[] = []
  const { pbx, alice, end } = await connected(async ({ channel, sleep }) => {
    seen.push(places(pbx))
    const recording = channel.fileRecorder.start('middle.wav', { timeoutMs: 3000 })
    await sleep(500)
    seen.push(places(pbx))
    void alice.say('This is recorded.')
    await recording
    await channel.fileRecorder.waitUntilFinished()
    seen.push(`audio: ${channel.fileRecorder.audioDetectedInRecording()}`)
    await sleep(3000)
    seen.push(places(pbx))
  }, LONG_WINDED)
  const { news } = await end()
  expect(seen).toEqual([PAST_US, WITH_US, 'audio: true', PAST_US])
  expect(news).toEqual(['released', 'returned: inUse', 'released', 'returned: over'])
  expect(alice.ended?.by).toBe('far end')
})

test('keys are heard while somebody waits for them', async () => {
  const seen: string[] = []
  const { pbx, alice, end } = await connected(async ({ channel, sleep }) => {
    const digits = channel.dtmfDetector.getDigits({ count: 2, timeoutMs: 5000 })
    await sleep(500)
    void alice.press('42')
    seen.push(await digits, places(pbx))
    await sleep(3000)
    seen.push(places(pbx))
  }, LONG_WINDED)
  await end()
  expect(seen).toEqual(['42', WITH_US, PAST_US])
})

test('a far end that holds the other is with us until it takes it back', async () => {
  const seen: string[] = []
  const { pbx, alice, end } = await connected(async ({ sleep }) => {
    seen.push(places(pbx))
    await alice.hold()
    await sleep(500)
    seen.push(places(pbx))
    await alice.resume()
    await sleep(4000)
    seen.push(places(pbx))
  }, LONG_WINDED)
  await end()
  expect(seen).toEqual([PAST_US, WITH_US, PAST_US])
})

test('a session refresh of a far end changes nothing', async () => {
  const seen: string[] = []
  const { pbx, alice, end } = await connected(async ({ sleep }) => {
    for (let i = 0; i < 3; i++) {
      await alice.reinvite('sendrecv')
      await sleep(500)
      seen.push(places(pbx))
    }
  }, LONG_WINDED)
  const { news } = await end()
  expect(seen).toEqual([PAST_US, PAST_US, PAST_US])
  expect(news).toEqual(['released', 'returned: over'])
})

test.each([488, 491, 500, 603])(
  'a far end that refuses with %i leaves both with us, and nobody is lost',
  async (status) => {
    const seen: string[] = []
    const { pbx, alice, end } = await connected(
      async ({ channel, sleep }) => {
        await sleep(20_000)
        seen.push(places(pbx))
        await channel.disconnect()
        await channel.filePlayer.say('Still with us.')
      },
      { ...LONG_WINDED, set: { refusesReinvites: status } },
    )
    await alice.expectSpeech(/still with us/i, { withinMs: 60_000 })
    const { news, counters } = await end()
    expect(seen).toEqual([WITH_US])
    expect(news).toEqual(['stays: refused'])
    expect([counters.get('mediaReleasesRefused'), counters.get('mediaReturnsRefused')]).toEqual([1, 0])
  },
)

test('a far end that would not send to us again is asked three times, and the calls go on', async () => {
  const seen: string[] = []
  const { pbx, alice, end } = await connected(
    async ({ channel, sleep }) => {
      await channel.disconnect()
      await sleep(20_000)
      seen.push(places(pbx))
      await channel.filePlayer.say('Here I am.')
    },
    { ...LONG_WINDED, set: { refusesReinvites: { status: 488, after: 1 } } },
    { exchange: { rtpTimeoutMs: 5000 } },
  )
  await alice.expectSpeech(/here i am/i, { withinMs: 60_000 })
  const { counters } = await end()
  expect(seen).toEqual(['alice to us, bob to alice'])
  expect(counters.get('mediaReturnsRefused')).toBe(3)
})

test('released calls do not end because nothing is heard of them', async () => {
  const seen: string[] = []
  const { pbx, end } = await connected(
    async ({ channel, other, sleep }) => {
      await sleep(30_000)
      seen.push(places(pbx), channel.state(), other.state())
    },
    LONG_WINDED,
    { exchange: { rtpTimeoutMs: 5000 } },
  )
  await end()
  expect(seen).toEqual([PAST_US, 'ANSWERED', 'ANSWERED'])
})

test('the end of one gives the other back', async () => {
  const { alice, end } = await connected(
    async ({ channel, other }) => {
      await other.waitForIdle()
      await channel.filePlayer.say('Your partner has gone.')
    },
    phones.person({ says: ['Bob speaking.', 'Bye.'], pauseMs: 1500, hangsUpAfterMs: 9000 }),
  )
  await alice.expectSpeech(/partner has gone/i)
  const { news } = await end()
  expect(news).toEqual(['released', 'returned: over'])
})

test.each([
  ['one has only the other codec', 'codec', { set: { codecs: ['PCMA'] } }],
  ['the keys of one are not events', 'keys', phones.gateway('info')],
  ['one is behind a NAT', 'network', phones.behindNat('port-restricted-cone')],
  ['one describes itself in a private network', 'network', { set: { claimedMediaAddress: '10.1.2.3' } }],
] satisfies [string, MediaObstacle, PhoneKind][])(
  '%s: the sound stays with us, and why is told once',
  async (_, why, kind) => {
    const { end } = await connected(async () => {}, LONG_WINDED, {}, kind)
    const { news, counters } = await end()
    expect([news, counters.get('mediaReleases')]).toEqual([[`stays: ${why}`], 0])
  },
)

test('a transferred call is released, and taken back', async () => {
  const seen: unknown[] = []
  const { pbx, alice, expectClean } = await desk(
    async (channel, other) => {
      seen.push(await channel.retrievableTransfer(other, { to: 'sip:bob@bob', mediaRelease: true }))
      await pbx.sim.clock.sleep(4000)
      seen.push(places(pbx), await channel.retrieveTransfer(), sendsTo(pbx, 'alice'))
      await channel.filePlayer.say('Welcome back.')
    },
    (pbx) => pbx.phone('bob', SPEAKS),
  )
  await alice.expectSpeech(/bob speaking/i)
  await alice.expectSpeech(/welcome back/i)
  await expectClean()
  expect(seen).toEqual(['TRANSFERRED', PAST_US, 'ANSWERED', 'us'])
})

test('a call that was transferred for good is released when its application has ended', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      expect(await channel.managedTransfer('sip:bob@bob', { mediaRelease: true })).toBe(true)
    },
    (pbx) => pbx.phone('bob', SPEAKS),
  )
  await alice.expectSpeech(/what is it about/i)
  await alice.expectSpeech(/still here/i)
  expect(places(pbx)).toBe(PAST_US)
  await alice.hangUp()
  await expectClean()
  expect(pbx.phones.map(({ state }) => state)).toEqual(['IDLE', 'IDLE'])
})
