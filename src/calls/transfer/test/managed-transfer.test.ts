import { describe, expect, test } from 'vitest'
import { type PhoneKind, phones, type SimulatedExchange } from '../../../testing/index.ts'
import type { Channel, ManagedTransferOptions } from '../../index.ts'
import { desk } from './desk.ts'

/** What the application sees of a transfer that did not come to pass. */
function seenOf(channel: Channel, isThere: boolean) {
  const { rawCause } = channel.details?.transfer ?? {}
  return { isThere, state: channel.state(), cause: channel.transferCause(), rawCause }
}

test('the caller hears ringback until the target answers; then the two hear each other, and the call outlives the application', async () => {
  const { pbx, alice, states, expectClean } = await desk(
    async (channel) => {
      expect(await channel.managedTransfer('sip:bob@bob')).toBe(true)
      expect([channel.state(), channel.transferCause()]).toEqual(['TRANSFERRED', 'NORMAL'])
      expect(channel.details?.connectedId).toBe(channel.details?.transfer?.callId)
    },
    (pbx) => pbx.phone('bob'),
  )
  const bob = pbx.phones[0]!
  await bob.expectCall()
  bob.ring()
  await alice.hears.tone('ringback')
  // Two seconds on and four off, from the first packet to the answer.
  const second = await alice.hears.tone('ringback')
  expect(second.startedAt).toBeGreaterThan(5000)
  await bob.answer()
  const answeredAt = pbx.sim.now
  await bob.say('Bob speaking.')
  await alice.expectSpeech(/bob speaking/i)
  await alice.say('Alice here.')
  await bob.expectSpeech(/alice here/i)
  expect(bob.hasHeard(/bob/i)).toBe(false)
  expect(alice.ears.tones.every(({ startedAt }) => startedAt < answeredAt + 200)).toBe(true)
  await alice.hangUp()
  await bob.expectHangUp()
  await expectClean()
  expect(states).toEqual(['TRANSFERRING', 'TRANSFERRED', 'IDLE'])
  expect(pbx.runs[0]?.callIds).toHaveLength(2)
})

test('ringback runs without a gap from the transfer on, whatever the target says meanwhile', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      await channel.managedTransfer('sip:bob@bob', { media: { fileToPlay: 'music.wav' } })
    },
    (pbx) => pbx.phone('bob'),
    { files: { 'music.wav': { encoding: 'pcm16', sampleRateHz: 8000, data: sine(8_000) } } },
  )
  const bob = pbx.phones[0]!
  await bob.expectCall()
  await pbx.sleep(100)
  const gaps: number[] = []
  for (let i = 0; i < 500; i++) {
    if (i === 100) bob.ring()
    if (i === 200) bob.earlyMedia()
    await pbx.sleep(20)
    gaps.push(pbx.sim.now - alice.ears.lastSoundAt)
  }
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60)
  await bob.answer()
  await bob.hangUp()
  await alice.expectHangUp()
  await expectClean()
})

describe('a target that does not take the call: the caller is back within a second', () => {
  const kinds: readonly [what: string, kind: PhoneKind | undefined, options: ManagedTransferOptions, seen: object][] = [
    ['busy', phones.busy(), {}, { cause: 'TARGETREJECT', rawCause: 486 }],
    ['rejects', phones.rejects(), {}, { cause: 'TARGETREJECT', rawCause: 603 }],
    ['does not exist', phones.unobtainable(), {}, { cause: 'TARGETREJECT', rawCause: 404 }],
    ['cannot be found', undefined, {}, { cause: 'FAIL' }],
    ['has another number', phones.rejects(410), {}, { cause: 'TARGETREJECT', rawCause: 410 }],
    ['its network fails', phones.rejects(503), {}, { cause: 'FAIL', rawCause: 503 }],
    ['rings and rings', phones.noAnswer(), { timeoutMs: 10_000 }, { cause: 'TIMEOUT' }],
    [
      'hangs up at once',
      phones.scripted(async (phone) => {
        await phone.answer()
        await phone.hangUp()
      }),
      { announce: { textToSay: 'A call for you from Alice.' } },
      { cause: 'TARGETHANGUP' },
    ],
    ['does not press the key', phones.person(), { acceptDigit: '1', acceptTimeoutMs: 5000 }, { cause: 'TARGETREJECT' }],
  ]
  test.each(kinds)('%s', async (_, kind, options, seen) => {
    let result: object = {}
    let endedAt = 0
    const { pbx, alice, states, expectClean } = await desk(
      async (channel) => {
        const isThere = await channel.managedTransfer('sip:bob@bob', options)
        result = seenOf(channel, isThere)
        endedAt = pbx.sim.now
        await channel.filePlayer.say('Nobody is there.')
      },
      (pbx) => kind && pbx.phone('bob', kind),
    )
    await alice.expectSpeech(/nobody is there/i, { withinMs: 60_000 })
    const bob = pbx.phones.find(({ name }) => name === 'bob')
    expect(result).toEqual({ isThere: false, state: 'ANSWERED', rawCause: undefined, ...seen })
    if (bob?.ended !== undefined) expect(endedAt - bob.ended.at).toBeLessThan(1000)
    await expectClean()
    expect(states).toEqual(['TRANSFERRING', 'ANSWERED', 'IDLE'])
    if (bob !== undefined) expect(bob.state).toBe('IDLE')
  })
})

test('scenario 11: the caller hangs up while the target rings, which is cancelled at once', async () => {
  let seen: object = {}
  const { pbx, alice, states, expectClean } = await desk(
    async (channel) => {
      const isThere = await channel.managedTransfer('sip:bob@bob')
      seen = seenOf(channel, isThere)
    },
    (pbx) => pbx.phone('bob'),
  )
  const bob = pbx.phones[0]!
  await bob.expectCall()
  bob.ring()
  await pbx.sleep(3000)
  await alice.hangUp()
  const hungUpAt = pbx.sim.now
  await bob.untilEnded()
  expect(pbx.sim.now - hungUpAt).toBeLessThan(200)
  await expectClean()
  expect(seen).toEqual({ isThere: false, state: 'IDLE', cause: 'HANGUP', rawCause: undefined })
  expect(states).toEqual(['TRANSFERRING', 'IDLE'])
})

test('the target hears the announcement, the caller goes on hearing ringback, and a key takes the call', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      const announce = { textToSay: 'Alice wants to talk to you. Press 1.' }
      expect(await channel.managedTransfer('sip:bob@bob', { announce, acceptDigit: '1' })).toBe(true)
    },
    (pbx) => pbx.phone('bob'),
  )
  const bob = pbx.phones[0]!
  await bob.expectCall()
  await bob.answer()
  await bob.expectSpeech(/press 1/i)
  await bob.press('5')
  await pbx.sleep(7000)
  await alice.hears.tone('ringback')
  await bob.say('Who is that?')
  expect(alice.hasHeard(/who is that/i)).toBe(false)
  await bob.press('1')
  await bob.say('Hello Alice.')
  await alice.expectSpeech(/hello alice/i)
  expect(alice.hasHeard(/press 1/i)).toBe(false)
  expect(alice.ears.digits).toEqual([])
  await bob.hangUp()
  await alice.expectHangUp()
  await expectClean()
})

test('serial targets: the next is called when one does not take it', async () => {
  let target: string | undefined
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      const list = ['sip:busy@busy', 'sip:shy@shy', 'sip:late@late', 'sip:bob@bob', 'sip:never@never']
      expect(await channel.managedTransfer(list, { acceptDigit: '1', acceptTimeoutMs: 3000, timeoutMs: 5000 })).toBe(
        true,
      )
      target = channel.details?.transfer?.target
    },
    (pbx) => {
      pbx.phone('busy', phones.busy())
      pbx.phone('shy', phones.person())
      pbx.phone('late', phones.noAnswer())
      pbx.phone('bob')
      pbx.phone('never', phones.person())
    },
  )
  const bob = pbx.phones[3]!
  await bob.expectCall()
  await bob.answer()
  await bob.press('1')
  await alice.say('At last.')
  await bob.expectSpeech(/at last/i)
  await bob.hangUp()
  await alice.expectHangUp()
  await expectClean()
  expect(target).toBe('sip:bob@bob')
  expect(pbx.phones[4]?.callCount).toBe(0)
})

test('serial targets: when one who has answered cannot be connected, or is gone before he is, the next is called', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      expect(await channel.managedTransfer(['sip:ann@ann', 'sip:bob@bob'])).toBe(true)
    },
    (pbx) => {
      refuseToBridge(pbx.exchange)
      pbx.phone('ann', phones.person())
      pbx.phone('bob')
    },
  )
  const bob = pbx.phones[1]!
  await bob.expectCall()
  expect(pbx.phones[0]?.callCount).toBe(1)
  // He who was to be connected waits again.
  await alice.hears.tone('ringback')
  await bob.answer()
  await bob.say('Bob speaking.')
  await alice.expectSpeech(/bob speaking/i)
  await alice.hangUp()
  await bob.expectHangUp()
  await expectClean()
})

test('what cannot be played to who waits gives way to ringback', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      await channel.managedTransfer('sip:bob@bob', { media: { fileToPlay: 'there-is-none.wav' }, timeoutMs: 9000 })
    },
    (pbx) => pbx.phone('bob', phones.noAnswer()),
  )
  await alice.hears.tone('ringback')
  await alice.hears.tone('ringback')
  await expectClean()
  expect(pbx.phones[0]?.callCount).toBe(1)
})

test('parallel targets: the first that answers has it, the others see no missed call', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      const list = ['sip:ann@192.0.2.77', 'sip:bob@bob', 'sip:busy@busy']
      expect(await channel.managedTransfer(list, { strategy: 'parallel' })).toBe(true)
    },
    (pbx) => {
      pbx.phone('bob')
      pbx.phone('busy', phones.busy())
    },
  )
  const bob = pbx.phones[0]!
  const ann = pbx.sim.peer('192.0.2.77', { name: 'ann', retransmits: true })
  const call = await pbx.sim.clock.pull('ann is called', ann.expectCall())
  call.respond(180)
  await bob.expectCall()
  bob.ring()
  await pbx.sleep(2000)
  await bob.answer()
  const cancel = await pbx.sim.clock.pull('ann is given up on', call.expect('CANCEL'))
  expect(cancel.headers.get('reason')).toContain('Call completed elsewhere')
  call.acceptCancel(cancel)
  await alice.say('Hello Bob.')
  await bob.expectSpeech(/hello bob/i)
  await alice.hangUp()
  await bob.expectHangUp()
  await expectClean()
})

test('two that answer at the same moment: one has it, the other is hung up on', async () => {
  const { pbx, alice, expectClean } = await desk(
    async (channel) => {
      await channel.managedTransfer(['sip:ann@ann', 'sip:bob@bob'], { strategy: 'parallel' })
    },
    (pbx) => {
      pbx.phone('ann', phones.person({ says: 'Ann.' }))
      pbx.phone('bob', phones.person({ says: 'Bob.' }))
    },
  )
  await alice.expectSpeech(/ann|bob/i)
  await pbx.sleep(5000)
  const states = pbx.phones.map(({ state }) => state)
  expect(states.filter((state) => state === 'ANSWERED')).toHaveLength(2)
  await alice.hangUp()
  await expectClean()
})

describe('what cannot be is said at once, and the caller stays', () => {
  const wrong: readonly [to: string | string[], options: ManagedTransferOptions, error: RegExp][] = [
    [[], {}, /list of 1 to 20/],
    ['nonsense:', {}, /cannot call/],
    ['sip:bob@bob', { acceptDigit: '11' }, /acceptDigit must be one of/],
    ['sip:bob@bob', { timeoutMs: 0 }, /timeoutMs must be above 0/],
    ['sip:bob@bob', { acceptTimeoutMs: -1 }, /acceptTimeoutMs must be above 0/],
    ['sip:bob@bob', { ringbackTone: 'NO SUCH TONE' }, /NO SUCH TONE/],
    ['sip:bob@bob', { ringbackTone: 'RINGBACK', media: { fileToPlay: 'a.wav' } }, /not both/],
    ['sip:bob@bob', { strategy: 'random' as 'serial' }, /'serial' or 'parallel'/],
  ]
  test.each(wrong)('%j %j', async (to, options, error) => {
    const { alice, expectClean } = await desk(async (channel) => {
      await expect(channel.managedTransfer(to, options)).rejects.toThrow(error)
      await channel.filePlayer.say('Still here.')
    })
    await alice.expectSpeech(/still here/i)
    await expectClean()
  })
})

function sine(length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => 8000 * Math.sin((2 * Math.PI * 500 * i) / 8000))
}

/** The media engine does not bridge the first two whom it is to. */
function refuseToBridge({ engine }: SimulatedExchange): void {
  const [handle, poll] = [engine.handle.bind(engine), engine.poll.bind(engine)]
  engine.handle = (command, now) => {
    if (command.type !== 'bridge') {
      handle(command, now)
      return
    }
    engine.handle = handle
    engine.poll = () => {
      engine.poll = poll
      return { ...command, type: 'bridgeFailed', reason: 'the test wants it' }
    }
  }
}
