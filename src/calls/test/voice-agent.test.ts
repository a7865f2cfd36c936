import { describe, expect, test } from 'vitest'
import { exchange, type FakeAgent, type TestExchangeOptions } from '../../testing/index.ts'
import { type AgentOptions, type Channel, inbound } from '../index.ts'

const URL = 'wss://agent.example/talk?key=secret'

/** Alice calls an application that attaches her to an agent, which does what `script` says. */
function attached(
  script: (agent: FakeAgent) => Promise<void>,
  options: AgentOptions = {},
  app: (channel: Channel) => Promise<unknown> = async (channel) => channel.voiceAgent.connect(URL, options),
  more: Partial<TestExchangeOptions> = {},
) {
  const story: unknown[] = []
  const pbx = exchange({
    apps: {
      '*': inbound(async (channel) => {
        await channel.answer()
        story.push(await app(channel))
        story.push(channel.voiceAgent.cause(), channel.voiceAgent.error()?.message, channel.state())
      }),
    },
    agents: { [URL]: script },
    ...more,
  })
  return { pbx, alice: pbx.phone('alice'), story, counters: () => pbx.exchange.exchange.counters.snapshot() }
}

async function expectClean({ pbx }: ReturnType<typeof attached>): Promise<void> {
  await pbx.done()
  expect(pbx.runs.map(({ error }) => error)).toEqual([undefined])
  expect(pbx.exchange.alive).toBe(0)
}

describe('voiceAgent', () => {
  test.each([{}, { encoding: 'pcma' }, { encoding: 'pcm16' }, { encoding: 'pcm16', sampleRateHz: 16_000 }] as const)(
    'an agent and a caller talk to each other: %o',
    async (format) => {
      const world = attached(async (agent) => {
        expect(await agent.say('How can I help you?')).toBe(true)
        await agent.expectSpeech(/opening hours/i)
        expect(await agent.say('We are open from nine to five.')).toBe(true)
        await agent.expectSpeech('thank you')
      }, format)
      const { alice, story, pbx, counters } = world
      await alice.call('1000')
      await alice.expectSpeech(/help you/i)
      await alice.say('What are your opening hours?')
      await alice.expectSpeech('nine to five')
      await alice.say('Thank you')
      await alice.expectHangUp()
      await expectClean(world)
      expect(story).toEqual(['NORMAL', 'NORMAL', undefined, 'ANSWERED'])
      expect(counters()).toMatchObject({ agentsConnected: 1 })
      expect(Object.keys(counters()).filter((name) => name.startsWith('agent'))).toEqual(['agentsConnected'])
      const encoding = { pcmu: 'audio/x-mulaw', pcma: 'audio/x-alaw', pcm16: 'audio/x-l16' }[
        'encoding' in format ? format.encoding : 'pcmu'
      ]
      const sampleRate = 'sampleRateHz' in format ? format.sampleRateHz : 8000
      expect(pbx.agents[0]?.start.mediaFormat).toEqual({ encoding, sampleRate, channels: 1 })
    },
  )

  test('is told of the call in the messages that frameworks know', async () => {
    const options = { headers: { authorization: 'Bearer 123' }, parameters: { customer: '42' } }
    const world = attached(async (agent) => {
      await agent.until('expected digits', () => agent.digits === '7#')
      agent.send({ event: 'mark', mark: { name: 'nothing before it' } })
      await agent.expectEnd()
    }, options)
    const { alice, story, pbx } = world
    await alice.call('1000')
    await alice.press('7#')
    await pbx.sleep(500)
    await alice.hangUp()
    await expectClean(world)
    expect(story).toEqual(['HANGUP', 'HANGUP', undefined, 'IDLE'])
    const [agent] = pbx.agents
    const callSid = pbx.calls[0]?.callId
    const streamSid = agent?.messages[1]?.streamSid
    expect(agent?.request).toEqual({ url: URL, headers: { authorization: 'Bearer 123' } })
    expect(streamSid).toMatch(/^MZ/)
    expect(agent?.messages).toMatchObject([
      { event: 'connected', protocol: 'Call', version: '1.0.0' },
      {
        event: 'start',
        sequenceNumber: '1',
        streamSid,
        start: {
          streamSid,
          callSid,
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { customer: '42' },
        },
      },
      { event: 'dtmf', streamSid, dtmf: { track: 'inbound_track', digit: '7' } },
      { event: 'dtmf', dtmf: { digit: '#' } },
      { event: 'mark', streamSid, mark: { name: 'nothing before it' } },
      { event: 'stop', streamSid, stop: { callSid } },
    ])
    expect(agent?.chunks).toBeGreaterThan(20)
  })

  test('the address stands in the record of the call without its secrets', async () => {
    const world = attached(async () => {})
    const { alice, pbx } = world
    await alice.call('1000')
    await alice.expectHangUp()
    await expectClean(world)
    const [story] = pbx.exchange.exchange.explain(pbx.calls[0]?.callId ?? '')
    const text = JSON.stringify(story)
    expect(text).toContain('wss://agent.example/talk')
    expect(text).not.toContain('secret')
  })

  test('the caller interrupts: what the agent clears is not heard any more within 40 ms', async () => {
    let clearedAt = 0
    let wasPlayed: boolean | undefined
    const world = attached(async (agent) => {
      const saying = agent.say('Once upon a time there was a telephone exchange that talked and talked and talked.')
      await agent.expectSpeech('stop')
      agent.clear()
      // The message reaches the exchange 5 ms later.
      clearedAt = performance.now() + 5
      wasPlayed = await saying
    })
    const { alice } = world
    await alice.call('1000')
    await alice.expectSpeech('exchange')
    await alice.say('Stop')
    await alice.expectHangUp()
    await expectClean(world)
    expect(wasPlayed).toBe(false)
    const heard = alice.ears.speech.find(({ utterance }) => utterance.speaker === 'agent')
    // One way on the network, and the packet that was on its way, lie between the two.
    expect((heard?.endedAt ?? Infinity) - clearedAt).toBeLessThanOrEqual(40 + 25)
    expect(heard?.endedAt).toBeGreaterThan(clearedAt - 40)
  })

  test('bargeIn: a digit silences the agent; without sendDigits it is told of none', async () => {
    let wasPlayed: boolean | undefined
    const world = attached(
      async (agent) => {
        wasPlayed = await agent.say('Please listen carefully, as our options have changed.')
        expect(agent.digits).toBe('')
      },
      { bargeIn: true, sendDigits: false },
    )
    const { alice } = world
    await alice.call('1000')
    await alice.expectSpeech('carefully')
    await alice.press('1')
    await alice.expectHangUp()
    await expectClean(world)
    expect(wasPlayed).toBe(false)
  })

  test("bargeIn 'speech': whoever speaks silences the agent, which goes on listening; digits do not", async () => {
    let wasPlayed: boolean | undefined
    const world = attached(
      async (agent) => {
        wasPlayed = await agent.say('Please listen carefully, as our options have changed since you called us last.')
        await agent.expectSpeech('something else')
      },
      { bargeIn: 'speech' },
    )
    const { alice } = world
    await alice.call('1000')
    await alice.expectSpeech('please')
    await alice.press('1')
    await alice.expectSpeech('carefully')
    await alice.say('I want something else')
    await alice.expectHangUp()
    await expectClean(world)
    expect(wasPlayed).toBe(false)
    expect(alice.hasHeard('last')).toBe(false)
  })

  test('an agent that closes the connection after its last words is heard to the end', async () => {
    const world = attached(async (agent) => {
      void agent.say('Goodbye, and thank you for calling.')
      agent.close()
    })
    const { alice, story } = world
    await alice.call('1000')
    await alice.expectSpeech('thank you for calling')
    await alice.expectHangUp()
    await expectClean(world)
    expect(story[0]).toBe('NORMAL')
  })

  test('an agent that vanishes: the call goes on, the application is told, another agent can be attached', async () => {
    const world = attached(
      async (agent) => {
        await agent.say('Hello')
        agent.vanish()
      },
      {},
      async (channel) => {
        const first = await channel.voiceAgent.connect(URL)
        const message = channel.voiceAgent.error()?.message
        const played = await channel.filePlayer.say('One moment please')
        return [first, message, played, await channel.voiceAgent.connect(URL)]
      },
    )
    const { alice, story, counters } = world
    await alice.call('1000')
    await alice.expectSpeech('hello')
    await alice.expectSpeech('one moment')
    await alice.expectSpeech('hello')
    await alice.expectHangUp()
    await expectClean(world)
    expect(story[0]).toEqual(['ERROR', 'the connection has failed: connection reset', 'NORMAL', 'ERROR'])
    expect(counters()).toMatchObject({ agentsConnected: 2, agentsFailed: 2 })
  })

  test('an agent that cannot be reached, or does not answer', async () => {
    const world = attached(
      async () => {},
      {},
      async (channel) => {
        const results = [await channel.voiceAgent.connect('ws://nobody.example/'), channel.voiceAgent.error()?.message]
        return results
      },
    )
    await world.alice.call('1000')
    await world.alice.expectHangUp()
    await expectClean(world)
    expect(world.story[0]).toEqual(['ERROR', 'connection refused'])

    let closed = false
    const silent = attached(
      async () => {},
      {},
      async (channel) => {
        const begun = performance.now()
        const cause = await channel.voiceAgent.connect(URL, { connectTimeoutMs: 3000 })
        return [cause, channel.voiceAgent.error()?.message, performance.now() - begun]
      },
      {
        exchange: {
          agents: {
            connect: () => ({
              queuedBytes: 0,
              send: () => {},
              close: () => {
                closed = true
              },
            }),
          },
        },
      },
    )
    await silent.alice.call('1000')
    await silent.alice.expectHangUp()
    await expectClean(silent)
    expect(silent.story[0]).toEqual(['ERROR', 'no connection within 3000 ms', 3000])
    expect(closed).toBe(true)
  })

  test('stop ends it with ABORTED at once, wherever it is; a caller who hangs up while it is dialled, too', async () => {
    for (const waitMs of [0, 3, 8, 500]) {
      const world = attached(
        async (agent) => {
          void agent.say('I talk and talk and talk and talk.')
          await agent.expectEnd()
        },
        {},
        async (channel) => {
          channel.voiceAgent.start(URL)
          await new Promise((resolve) => setTimeout(resolve, waitMs))
          const cause = await channel.voiceAgent.stop()
          return [cause, await channel.tonePlayer.play('BEEP')]
        },
      )
      await world.alice.call('1000')
      await world.alice.expectHangUp()
      await expectClean(world)
      expect(world.story[0]).toEqual(['ABORTED', 'NORMAL'])
    }
    for (const waitMs of [0, 3, 8]) {
      const world = attached(
        (agent) => agent.expectEnd(),
        {},
        async (channel) => {
          channel.voiceAgent.start(URL)
          await new Promise((resolve) => setTimeout(resolve, waitMs))
          void channel.hangUp()
          return channel.voiceAgent.waitUntilFinished()
        },
      )
      await world.alice.call('1000')
      await world.alice.expectHangUp()
      await expectClean(world)
      expect(world.story[0]).toBe('HANGUP')
    }
  })

  test('nonsense is counted and tolerated, but not without end', async () => {
    const nonsense = [
      'no JSON',
      '[]',
      'null',
      '{"event":7}',
      { event: 'media' },
      { event: 'media', media: { payload: 7 } },
      { event: 'media', media: { payload: '<not base64>' } },
      { event: 'mark' },
      { event: 'mark', mark: { name: 'x'.repeat(2000) } },
    ]
    const world = attached(async (agent) => {
      for (const each of nonsense) agent.send(each)
      agent.send({ event: 'something new' })
      expect(await agent.say('I am still here')).toBe(true)
      for (let i = 0; i < 200; i++) agent.send('no JSON')
      await agent.expectEnd()
    })
    const { alice, story, counters } = world
    await alice.call('1000')
    await alice.expectSpeech('still here')
    await alice.expectHangUp()
    await expectClean(world)
    expect(story).toEqual(['ERROR', 'ERROR', '100 messages of the agent made no sense', 'ANSWERED'])
    expect(counters()).toMatchObject({ agentMessagesRefused: 100 })
  })

  test('speech beyond what may wait is dropped and counted', async () => {
    const world = attached(
      async (agent) => {
        for (let i = 0; i < 20; i++) void agent.say('This is a sentence of about two seconds.')
        await agent.until('expected the mark', () => agent.messages.filter(({ mark }) => mark).length === 20)
      },
      { maxBufferedMs: 5000 },
    )
    const { alice, counters } = world
    await alice.call('1000')
    await alice.expectHangUp()
    await expectClean(world)
    expect(counters().agentSpeechDroppedMs).toBeGreaterThan(30_000)
  })

  test('sound that the connection is behind with is not queued without end', async () => {
    let sent = 0
    const world = attached(
      async () => {},
      {},
      async (channel) => {
        channel.voiceAgent.start(URL)
        await new Promise((resolve) => setTimeout(resolve, 1000))
        return channel.voiceAgent.stop()
      },
      {
        exchange: {
          agents: {
            connect: (_request, { onOpen }) => {
              queueMicrotask(onOpen)
              return { queuedBytes: 100_000, send: () => sent++, close: () => {} }
            },
          },
        },
      },
    )
    await world.alice.call('1000')
    await world.alice.expectHangUp()
    await expectClean(world)
    // connected, start and stop.
    expect(sent).toBe(3)
    expect(world.counters().agentSoundUnsentMs).toBeGreaterThan(900)
  })

  test('says what is wrong, without telling secrets', async () => {
    const errors: string[] = []
    const world = attached(
      async (agent) => agent.expectEnd(),
      {},
      async (channel) => {
        const wrong: [string, AgentOptions][] = [
          ['https://agent.example/', {}],
          ['wss://', {}],
          [URL, { headers: { 'bad name': 'x' } }],
          [URL, { headers: { authorization: 'secret\r\nx: y' } }],
          [URL, { parameters: { customer: 42 as unknown as string } }],
          [URL, { encoding: 'pcmu', sampleRateHz: 16_000 }],
          [URL, { connectTimeoutMs: 0 }],
          [URL, { maxBufferedMs: 1 }],
        ]
        const attempt = (url: string, options: AgentOptions = {}): void => {
          try {
            channel.voiceAgent.start(url, options)
          } catch (error) {
            errors.push((error as Error).message)
          }
        }
        for (const [url, options] of wrong) attempt(url, options)
        channel.tonePlayer.start('DIAL')
        attempt(URL)
        await channel.tonePlayer.stop()
        attempt(URL)
        attempt(URL)
        await channel.hangUp()
        attempt(URL)
      },
    )
    await world.alice.call('1000')
    await world.alice.expectHangUp()
    await expectClean(world)
    expect(errors).toEqual([
      'voiceAgent.connect: the address of an agent is a wss: or ws: URL without a fragment',
      'voiceAgent.connect: the address of an agent is a wss: or ws: URL without a fragment',
      'voiceAgent.connect: "bad name" is no name of a header',
      'voiceAgent.connect: the header authorization must be text of one line, in ISO 8859-1',
      'voiceAgent.connect: parameters are texts; customer is a number',
      "voiceAgent.connect: G.711 has 8000 Hz; use encoding 'pcm16' for 16000",
      'voiceAgent.connect: connectTimeoutMs must be above 0, not 0',
      'voiceAgent.connect: maxBufferedMs must be 100 to 600000, not 1',
      'voiceAgent cannot start: tonePlayer is still playing to this channel; stop it first',
      'voiceAgent is already running; stop it or wait until it finished',
      'voiceAgent.connect: the call has ended',
    ])
  })
})
