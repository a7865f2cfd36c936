import { describe, expect, test } from 'vitest'
import { type Channel, inbound, outbound } from '../../calls/index.ts'
import { exchange, type PhoneKind, phones, type TestExchange } from '../index.ts'

/** Calls a phone of that kind, and does `talk` once it has answered; the exchange afterwards. */
async function calling(
  kind: PhoneKind,
  talk: (channel: Channel, pbx: TestExchange) => Promise<void>,
  files: Readonly<Record<string, string>> = {},
): Promise<TestExchange> {
  const pbx = exchange({ files: { 'hello.wav': 'Hello, this is a call from Acme.', ...files } })
  pbx.phone('far', kind)
  const record = await pbx.start(
    outbound(async (channel) => {
      await channel.call('sip:far@far')
      await talk(channel, pbx)
      await channel.hangUp()
    }),
  )
  expect(record.error).toBeUndefined()
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
  return pbx
}

/** What a far end says, recorded by the application. */
async function record(channel: Channel, ms: number): Promise<void> {
  await channel.fileRecorder.record('heard.wav', { timeoutMs: ms })
}

describe('phones that are called', () => {
  test('a slow person: long ringing, a long silence, then words', async () => {
    const pbx = await calling(phones.slowPerson(), (channel) => record(channel, 10_000))
    const { times } = pbx.calls[0] ?? {}
    expect((times?.ANSWERED ?? 0) - (times?.RING_OUTGOING ?? 0)).toBeCloseTo(30_000, -2)
    expect(pbx.recording('heard.wav').said).toEqual(['Hello ...', 'who is there, please?'])
  })

  test.each<[string, PhoneKind, number]>([
    ['before it has said a word', phones.person({ rings: 1, pauseMs: 3000 }), 7000],
    ['while it speaks', phones.person({ rings: 1, pauseMs: 0, says: ['Hello?', 'Who is there?', 'Anybody?'] }), 7000],
    ['before it puts the caller on hold', phones.holds({ rings: 1, pauseMs: 0, afterMs: 8000 }), 10_000],
    ['while it rings', phones.person({ rings: 1, hangsUpAfterMs: 60_000 }), 3000],
  ])('a phone that is hung up on %s, and called again, has forgotten the first call', async (_, kind, hangUpAtMs) => {
    const pbx = exchange({})
    const far = pbx.phone('far', kind)
    const record = await pbx.start(
      outbound(async (channel) => {
        await channel.call('sip:far@far', { timeoutMs: hangUpAtMs })
        await channel.waitForIdle({ timeoutMs: Math.max(hangUpAtMs - 6000, 0) })
        await channel.hangUp()
        const calledAt = pbx.sim.now
        expect(await channel.call('sip:far@far')).toBe('ANSWERED')
        // It rings as long as ever.
        expect(pbx.sim.now - calledAt).toBeCloseTo(6000, -2)
        await channel.waitForIdle({ timeoutMs: 5000 })
        expect(channel.state()).toBe('ANSWERED')
        await channel.hangUp()
      }),
    )
    expect(record.error).toBeUndefined()
    await pbx.done()
    expect(far.callCount).toBe(2)
  })

  test('a person hangs up at a word, or after a while', async () => {
    let pbx = await calling(phones.person({ hangsUpOn: /acme/i }), async (channel) => {
      await channel.filePlayer.play('hello.wav')
      await channel.waitForIdle({ timeoutMs: 20_000 })
    })
    expect(pbx.calls[0]).toMatchObject({ endedBy: 'remote', cause: 'NORMAL' })
    pbx = await calling(phones.person({ rings: 0, hangsUpAfterMs: 8000 }), async (channel) => {
      await channel.waitForIdle({ timeoutMs: 20_000 })
    })
    const { times } = pbx.calls[0] ?? {}
    expect((times?.IDLE ?? 0) - (times?.ANSWERED ?? 0)).toBeCloseTo(8000, -3)
  })

  test('a silent line says nothing, with and without packets', async () => {
    for (const sendsPackets of [true, false]) {
      const pbx = await calling(phones.silent({ sendsPackets }), async (channel) => {
        await record(channel, 3000)
        expect(channel.fileRecorder.audioDetectedInRecording()).toBe(false)
      })
      expect(pbx.calls[0]?.media?.packetsReceived ?? 0).toBeGreaterThanOrEqual(sendsPackets ? 100 : 0)
      if (!sendsPackets) expect(pbx.calls[0]?.media?.packetsReceived).toBe(0)
    }
  })

  test('a voicemail: greeting with a pause, beep, and it takes the message', async () => {
    const pbx = await calling(phones.voicemail({ rings: 1 }), async (channel) => {
      await record(channel, 9000)
      await channel.filePlayer.play('hello.wav')
    })
    expect(pbx.recording('heard.wav').said).toEqual([
      'You have reached the voicemail of Anna Berger.',
      'I cannot take your call. Please leave a message after the tone.',
    ])
    expect(pbx.transcript()).toMatch(/far hums a tone\n.*far hears hello\.wav “Hello, this is a call from Acme\.”/)
  })

  test('a mailbox that is full says so and hangs up', async () => {
    const pbx = await calling(phones.voicemail({ rings: 1, isFull: true, greeting: 'This is Bob.' }), (channel) =>
      record(channel, 30_000),
    )
    expect(pbx.recording('heard.wav').said).toEqual(['This is Bob.', 'The mailbox is full. Goodbye.'])
    expect(pbx.calls[0]?.endedBy).toBe('remote')
  })

  test('a voicemail hangs up when the message is too long', async () => {
    const pbx = await calling(phones.voicemail({ rings: 0, greeting: 'Bob.', messageMs: 5000 }), async (channel) => {
      await channel.waitForIdle({ timeoutMs: 60_000 })
    })
    expect(pbx.calls[0]?.endedBy).toBe('remote')
  })

  test('early media: ringback and greeting before the answer, or without one', async () => {
    let pbx = await calling(phones.earlyMediaVoicemail(), (channel) => record(channel, 3000))
    expect(pbx.calls[0]).toMatchObject({ earlyMediaPossible: true, cause: 'NORMAL' })
    pbx = await calling(phones.earlyMediaVoicemail({ answers: false }), async (channel) => {
      expect(channel.cause()).toBe('NOANSWER')
    })
    expect(pbx.calls[0]).toMatchObject({ earlyMediaPossible: true })
    expect(pbx.calls[0]?.times.ANSWERED).toBeUndefined()
  })

  test('a screener lets through whom it wants', async () => {
    for (const [lets, said] of [
      [/acme/i, ['Thank you. One moment.', 'Hello?']],
      [/my mother/i, ['Goodbye.']],
    ] as const) {
      const pbx = await calling(phones.screening({ lets }), async (channel) => {
        await channel.fileRecorder.record('question.wav', { timeoutMs: 4000 })
        await channel.filePlayer.play('hello.wav')
        await record(channel, 9000)
      })
      expect(pbx.recording('heard.wav').said).toEqual(said)
    }
  })

  test('somebody else’s menu is walked by its keys', async () => {
    const menu = {
      prompt: 'Press 1 for sales, 2 for support.',
      keys: { '2': { prompt: 'For cats press 1.', keys: { '1': { prompt: 'Cats are fine.' } } } },
    }
    const pbx = await calling(phones.ivr(menu), async (channel) => {
      channel.fileRecorder.start('heard.wav', { timeoutMs: 20_000 })
      await channel.waitForIdle({ timeoutMs: 1000 })
      await channel.dtmfPlayer.play('2')
      await channel.waitForIdle({ timeoutMs: 1500 })
      await channel.dtmfPlayer.play('1')
      await channel.waitForIdle({ timeoutMs: 20_000 })
      await channel.fileRecorder.waitUntilFinished()
    })
    expect(pbx.recording('heard.wav').said).toEqual([menu.prompt, 'For cats press 1.', 'Cats are fine.'])
    expect(pbx.calls[0]?.endedBy).toBe('remote')
  })

  test('a menu that gets no key asks three times', async () => {
    const pbx = await calling(phones.ivr({ prompt: 'Press 1.', keys: {} }), async (channel) => record(channel, 60_000))
    expect(pbx.recording('heard.wav').said).toEqual(['Press 1.', 'Press 1.', 'Press 1.'])
  })

  test('music on hold goes on until the caller hangs up', async () => {
    const pbx = await calling(phones.musicOnHold(), async (channel) => {
      await record(channel, 20_000)
      expect(channel.fileRecorder.audioDetectedInRecording()).toBe(true)
    })
    const { samples } = pbx.recording('heard.wav')
    expect(samples.subarray(-8000).some((sample) => Math.abs(sample) > 1000)).toBe(true)
  })

  test('a phone that holds and comes back: the call goes on', async () => {
    const states: string[] = []
    const pbx = await calling(phones.holds({ afterMs: 1000, holdMs: 2000 }), async (channel) => {
      channel.on('state', ({ state }) => states.push(state))
      await channel.waitForIdle({ timeoutMs: 6000 })
      expect(channel.state()).toBe('ANSWERED')
      await channel.filePlayer.play('hello.wav')
    })
    expect(pbx.transcript()).toMatch(
      /far puts the far end on hold[\s\S]*far takes the far end back[\s\S]*far hears hello\.wav/,
    )
  })
})

describe('fax machines by ear', () => {
  test('a called fax answers with CED', async () => {
    const pbx = exchange(
      inbound(async (channel, app) => {
        await channel.answer()
        const [other] = app.extraChannels
        await other?.call('sip:fax@fax')
        if (other !== undefined) await channel.connect(other)
        await channel.waitForIdle()
      }),
    )
    pbx.phone('fax', phones.fax())
    const alice = pbx.phone('alice')
    await alice.call('1')
    const ced = await alice.hears.tone('ced')
    expect(ced.frequencies).toEqual([2100])
    await alice.hangUp()
    await pbx.done()
  })

  test('a calling fax sends CNG, half a second each 3.5 s', async () => {
    const pbx = exchange(
      inbound(async (channel) => {
        await channel.answer()
        await channel.fileRecorder.record('cng.wav', { timeoutMs: 8000 })
        await channel.hangUp()
      }),
    )
    const fax = pbx.phone('fax', phones.faxCaller())
    await fax.call('1')
    await fax.expectHangUp()
    await pbx.done()
    const { samples } = pbx.recording('cng.wav')
    const loud = samples.filter((sample) => Math.abs(sample) > 500).length / 8000
    // Three bursts of half a second, each above the threshold for most of its cycle.
    expect(loud).toBeGreaterThan(1.2)
    expect(loud).toBeLessThan(1.6)
  })
})

describe('keys through bad gateways', () => {
  const collect = inbound(async (channel) => {
    await channel.answer()
    const digits = await channel.dtmfDetector.getDigits({
      count: 5,
      predigitsTimeoutMs: 5000,
      interdigitTimeoutMs: 5000,
    })
    await channel.reject()
    return Number(digits)
  })

  for (const habit of ['noMarker', 'noEnds', 'longKeys', 'movingTimestamp', 'inband', 'info'] as const) {
    // Every packet of a tone counts, and a request goes again by itself: loss is for events.
    const bad = habit === 'inband' || habit === 'info' ? { jitterMs: 15 } : { loss: 0.05, jitterMs: 15 }
    for (const conditions of [{}, bad]) {
      test(`${habit}${conditions === bad ? ` with ${Object.keys(bad).join(', ')}` : ''}: one digit a press, also of the same key twice`, async () => {
        const pbx = exchange({ apps: { '*': collect } })
        const alice = pbx.phone('alice', phones.gateway(habit, phones.onLine(conditions)))
        await alice.call('1')
        await alice.sleep(300)
        await alice.press('11255')
        await alice.expectHangUp()
        await pbx.done()
        expect(pbx.runs[0]?.returnCode).toBe(11_255)
      })
    }
  }
})

describe('lines', () => {
  const echo = inbound(async (channel) => {
    await channel.answer()
    await channel.filePlayer.play('long.wav')
    await channel.waitForIdle()
  })
  const files = { 'long.wav': 'One two three four five six seven eight nine ten. '.repeat(4) }

  for (const nat of ['full-cone', 'restricted-cone', 'port-restricted-cone', 'symmetric'] as const) {
    test(`behind a ${nat} NAT the phone hears and is heard`, async () => {
      const pbx = exchange({ apps: { '*': echo }, files })
      const alice = pbx.phone('alice', phones.behindNat(nat))
      expect(await alice.call('1')).toBe(200)
      await alice.expectSpeech(/three/)
      await alice.hangUp()
      await pbx.done()
    })
  }

  test('on a lossy line part of the words is missing, and the figures say how much', async () => {
    const pbx = exchange({ apps: { '*': echo }, files })
    const alice = pbx.phone('alice', phones.onLine({ loss: 0.2, jitterMs: 30 }))
    await alice.call('1')
    await alice.sleep(12_000)
    const piece = alice.ears.speech[0]
    expect((piece?.heardMs ?? 0) / (piece?.reachedMs ?? 1)).toBeGreaterThan(0.7)
    expect((piece?.heardMs ?? 0) / (piece?.reachedMs ?? 1)).toBeLessThan(0.9)
    await alice.hangUp()
    await pbx.done()
    const { packetsLost = 0, packetsReceived = 0 } = pbx.calls[0]?.media ?? {}
    expect(packetsLost / (packetsLost + packetsReceived)).toBeGreaterThan(0.12)
    expect(packetsLost / (packetsLost + packetsReceived)).toBeLessThan(0.28)
  })

  test('a caller puts the exchange on hold and comes back', async () => {
    const pbx = exchange({ apps: { '*': echo }, files })
    const alice = pbx.phone('alice')
    await alice.call('1')
    await alice.expectSpeech(/two/)
    await alice.hold()
    await alice.hears.silence(2000)
    await alice.resume()
    await alice.hears.voice('exchange')
    await alice.hangUp()
    await pbx.done()
  })

  test('one phone, one call: a second caller hears busy', async () => {
    const pbx = exchange({})
    const bob = pbx.phone('bob', phones.person({ rings: 0 }))
    const carol = pbx.phone('carol')
    const dave = pbx.phone('dave')
    expect(await carol.call(bob.uri)).toBe(200)
    expect(await dave.call(bob.uri)).toBe(486)
    await carol.hangUp()
    await pbx.done()
  })

  test('a phone that was called before waits for who calls next', async () => {
    const pbx = exchange({})
    const alice = pbx.phone('alice')
    for (const calls of [1, 2]) {
      const calling = pbx.start(
        outbound(async (channel) => {
          await pbx.sleep(500)
          await channel.call('sip:alice@alice')
          await channel.hangUp()
        }),
      )
      await alice.expectCall()
      await alice.answer()
      await alice.expectHangUp()
      await calling
      expect(alice.callCount).toBe(calls)
    }
  })

  test('who hangs up before its answer is acknowledged says BYE after the ACK, and nothing else', async () => {
    const pbx = await calling(
      phones.scripted(async (phone) => {
        phone.answer().catch(() => {})
        await phone.hangUp()
        expect(phone.state).toBe('IDLE')
      }),
      async (channel) => {
        await channel.waitForIdle()
      },
    )
    expect(pbx.calls[0]).toMatchObject({ endedBy: 'remote', cause: 'NORMAL', wasAnswered: true })
    expect(String(pbx.sim.ladder).match(/200 OK \(1 INVITE\)|603|ACK|BYE/g)).toEqual([
      '200 OK (1 INVITE)',
      'ACK',
      'BYE',
      'BYE',
    ])
  })

  test('a CANCEL that crosses the answer changes nothing: the call is ended by BYE', async () => {
    const pbx = exchange({})
    const far = pbx.phone('far')
    const run = pbx.exchange.startOutbound(
      pbx.appInside(
        outbound(async (channel) => {
          const calling = channel.call('sip:far@far')
          await pbx.sim.clock.sleep(2000)
          await channel.hangUp()
          await calling
        }),
      ),
    )
    await far.expectCall()
    far.ring()
    await pbx.sleep(2000 - pbx.sim.now - 0.5)
    await far.answer()
    await far.untilEnded()
    await run
    await pbx.done()
    const said = String(pbx.sim.ladder).match(/200 OK \(\d+ CANCEL\)|487|BYE/g)
    expect(said?.toSorted()).toEqual(['200 OK (1 CANCEL)', 'BYE', 'BYE'])
  })
})
