import { describe, expect, test } from 'vitest'
import { inbound, outbound } from '../../calls/index.ts'
import { utf8Decode } from '../../kit/index.ts'
import '../vitest.ts'
import { exchange, type Phone, type PhoneSessionTimer, phones, type TestExchange } from '../index.ts'

// Calls that broke other telephony systems, as their users reported them. Others stand where the rest of their subject is tested:
// transfers and REFER in `src/calls/refer/test` and `src/calls/transfer/test`, conferences in `src/calls/conference/test`, a thousand
// idle rooms in `src/media/engine/room.test.ts` (and what they cost in `bench/idle.ts` and `bench/stopped-rooms.ts`), a recording
// whose disk stalls in `src/server/files/disk-recording.test.ts`, one of both sides of which one stalls in `call-recording.test.ts`,
// who has picked up in `who-picked-up.test.ts`. Still to come: applications over a socket that drops.

/** A prompt of a minute and a bit. */
const MINUTE = 'One two three four five six seven eight nine ten eleven. '.repeat(17)

const play = inbound(async (channel) => {
  await channel.answer()
  await channel.filePlayer.play('minute.wav')
  await channel.hangUp()
})

/** The times at which packets of sound come to a phone. */
function arrivals(pbx: TestExchange, address: string): number[] {
  const times: number[] = []
  const { ladder, clock } = pbx.sim
  const observe = ladder.observe.bind(ladder)
  ladder.observe = (output, now) => {
    observe(output, now)
    if (output.type === 'datagram' && output.to.address === address && output.bytes.length === 172)
      times.push(clock.now)
  }
  return times
}

/** Keeps the media thread from running, again and again. */
function stallAgainAndAgain(pbx: TestExchange, eachMs: number, ms: number): void {
  const { clock } = pbx.sim
  const stall = () => {
    pbx.exchange.stallMedia(ms)
    if (pbx.runs.length === 0) clock.after(eachMs, stall, 'stalls')
  }
  clock.after(eachMs, stall, 'stalls')
}

test('each tick comes 1 ms late for a minute: the stream keeps to the clock', async () => {
  const pbx = exchange({ apps: { '*': play }, files: { 'minute.wav': MINUTE } })
  const alice = pbx.phone('alice')
  stallAgainAndAgain(pbx, 19, 1)
  await alice.call('1')
  await alice.expectHangUp({ withinMs: 90_000 })
  await pbx.done()
  const [piece] = alice.ears.speech
  expect(piece?.utterance.lengthMs).toBeGreaterThan(60_000)
  expect(piece?.heardMs).toBeCloseTo(piece?.utterance.lengthMs ?? 0, -2)
  expect(Math.abs((piece?.endedAt ?? 0) - (piece?.startedAt ?? 0) - (piece?.utterance.lengthMs ?? 0))).toBeLessThan(20)
})

test('the media thread stalls for 25 ms again and again: at most a slot is skipped each time, and no silence is put in', async () => {
  const pbx = exchange({ apps: { '*': play }, files: { 'minute.wav': MINUTE } })
  const alice = pbx.phone('alice')
  stallAgainAndAgain(pbx, 500, 25)
  await alice.call('1')
  await alice.expectHangUp({ withinMs: 90_000 })
  await pbx.done()
  const [piece, ...more] = alice.ears.speech
  expect(more).toEqual([])
  // A slot that was missed by a stall is skipped, never sent late: at most one for each stall.
  const stalls = 67_000 / 500
  expect((piece?.utterance.lengthMs ?? 0) - (piece?.heardMs ?? 0)).toBeLessThanOrEqual(stalls * 20)
  expect(
    Math.abs((piece?.endedAt ?? 0) - (piece?.startedAt ?? 0) - (piece?.utterance.lengthMs ?? 0)),
  ).toBeLessThanOrEqual(stalls * 20)
  expect(pbx.calls[0]?.media?.slotsSkipped).toBeLessThanOrEqual(stalls)
})

test('the process pauses for 5 s: no burst afterwards, whole slots are skipped', async () => {
  const pbx = exchange({ apps: { '*': play }, files: { 'minute.wav': MINUTE } })
  const alice = pbx.phone('alice')
  const times = arrivals(pbx, alice.sip.address)
  await alice.call('1')
  await alice.sleep(10_000)
  pbx.exchange.stallMedia(5000)
  await alice.expectHangUp({ withinMs: 90_000 })
  await pbx.done()
  const gaps = times.slice(1).map((at, i) => at - (times[i] as number))
  const pause = gaps.findIndex((gap) => gap > 4900)
  expect(pause).toBeGreaterThan(0)
  expect(Math.min(...gaps.slice(pause + 2))).toBeGreaterThanOrEqual(15)
  expect(pbx.calls[0]?.media?.slotsSkipped).toBeGreaterThan(240)
})

test('keys without marker, with lost ends, held for 1.7 s: one digit each', async () => {
  for (const habit of ['noMarker', 'noEnds', 'longKeys'] as const) {
    const pbx = exchange(
      inbound(async (channel) => {
        await channel.answer()
        return Number(await channel.dtmfDetector.getDigits({ count: 8, interdigitTimeoutMs: 3000 }))
      }),
    )
    const alice = pbx.phone('alice', phones.gateway(habit))
    await alice.call('1')
    await alice.press('1223')
    await alice.expectHangUp()
    await pbx.done()
    expect(pbx.runs[0]?.returnCode).toBe(1223)
  }
})

const record = inbound(async (channel) => {
  await channel.answer()
  await channel.fileRecorder.record(`${channel.details?.callId}.wav`)
})

const STORY =
  'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen, and so on until the end of it.'

/** What holds up the sound of a phone for two seconds. */
const STALLS: Record<'nothing' | 'loss' | 'queue' | 'phone', (pbx: TestExchange, phone: Phone) => void> = {
  nothing: () => {},
  /** All packets are lost. */
  loss: ({ sim }, phone) => {
    const from = phone.sip.address
    sim.network.setConditions({ loss: 1 }, { from })
    sim.clock.after(2000, () => sim.network.setConditions({}, { from }), 'the network is back')
  },
  /** The network keeps all packets and delivers them at once. */
  queue: ({ sim }, phone) => {
    const until = sim.now + 2000
    const wait = () => {
      const latencyMs = 1 + Math.max(0, until - sim.now)
      sim.network.setConditions({ latencyMs }, { from: phone.sip.address })
      if (sim.now < until) sim.clock.after(10, wait, 'a network that stalls')
    }
    wait()
  },
  /** The phone sends nothing, and the time in its packets stands still. */
  phone: ({ sim }, phone) => {
    void phone.hold().then(() => sim.clock.after(2000, () => void phone.resume(), 'the phone goes on'))
  },
}

/** The recording of a call whose sound is held up in the middle of what is said. */
async function recordingWith(stall: keyof typeof STALLS): Promise<Int16Array> {
  const pbx = exchange({ apps: { '*': record } })
  const alice = pbx.phone('alice')
  await alice.call('1')
  pbx.sim.clock.after(3000, () => STALLS[stall](pbx, alice), 'a stall')
  await alice.say(STORY)
  await alice.sleep(1000)
  await alice.hangUp()
  await pbx.done()
  return pbx.recording(pbx.recordings[0] ?? '').samples
}

/** Where the longest silence within a recording begins and ends, in samples; that at its end does not count. */
function longestGap(samples: Int16Array): { from: number; to: number } {
  let longest = { from: 0, to: 0 }
  let from = 0
  for (const [at, sample] of samples.entries()) {
    if (sample === 0) continue
    if (at - from > longest.to - longest.from) longest = { from, to: at }
    from = at + 1
  }
  return longest
}

/** How much later than in `reference` the second of sound from `at` on is heard, in samples: told by how loud it is when. */
function lag(samples: Int16Array, reference: Int16Array, at: number): number {
  const loudness = (of: Int16Array, from: number) =>
    Array.from({ length: 100 }, (_, i) =>
      of.subarray(from + 80 * i, from + 80 * i + 80).reduce((sum, sample) => sum + Math.abs(sample), 0),
    )
  const here = loudness(samples, at)
  const unlike = Array.from({ length: 100 }, (_, i) =>
    loudness(reference, at - 80 * i).reduce((sum, each, j) => sum + Math.abs(each - (here[j] ?? 0)), 0),
  )
  return 80 * unlike.indexOf(Math.min(...unlike))
}

test('the sound of a call stalls for 2 s: its recording has a gap of that length, and no skew after it', async () => {
  const whole = await recordingWith('nothing')
  for (const stall of ['loss', 'phone'] as const) {
    const samples = await recordingWith(stall)
    const { from, to } = longestGap(samples)
    // What a buffer and concealment bridge at its beginning is no gap yet.
    expect((to - from) / 8).toBeGreaterThan(1700)
    expect((to - from) / 8).toBeLessThan(2050)
    // Nothing is missing when a phone goes on where it has stopped.
    const later = samples.length - whole.length
    if (stall === 'loss') expect(later).toBe(0)
    else expect(Math.abs(later / 8 - 2000)).toBeLessThan(50)
    const resumed = to + 400
    const wrong = samples.subarray(resumed).filter((sample, i) => sample !== whole[resumed - later + i])
    expect(samples.length - resumed).toBeGreaterThan(8 * 2000)
    expect([stall, wrong.length]).toEqual([stall, 0])
  }
})

test('the network keeps the sound of a call for 2 s and delivers it at once: what follows is in time again in a few seconds', async () => {
  const whole = await recordingWith('nothing')
  const samples = await recordingWith('queue')
  const { from, to } = longestGap(samples)
  expect((to - from) / 8).toBeGreaterThan(1700)
  expect((to - from) / 8).toBeLessThan(2050)
  // The jitter buffer has learned of a delay, and forgets it.
  expect(lag(samples, whole, to + 400) / 8).toBeLessThanOrEqual(200)
  expect(lag(samples, whole, samples.length - 8 * 2500) / 8).toBeLessThanOrEqual(100)
  expect((samples.length - whole.length) / 8).toBeLessThanOrEqual(100)
})

/** Somebody who sends sound to a port of the exchange without being in a call. */
function stranger(pbx: TestExchange, address: string, port: number, forMs: number): void {
  const { clock } = pbx.sim
  const socket = pbx.sim.host(address).bindUdp(0, { onDatagram: () => {} })
  const utterance = { speaker: 'stranger', text: 'an old word', lengthMs: forMs }
  for (let i = 0; i * 20 < forMs; i++) {
    const packet = new Uint8Array(172).fill(i % 2 === 0 ? 0x10 : 0x90, 12)
    packet.set([0x80, 0, i >> 8, i & 255, 0, (i * 160) >> 16, ((i * 160) >> 8) & 255, (i * 160) & 255, 9, 9, 9, 9])
    const truth = { utterance, positionMs: i * 20 }
    clock.after(i * 20, () => socket.send(packet, { address: '192.0.2.1', port }, truth), 'a stranger')
  }
}

test('SDP names a private address, packets come from elsewhere, then a third source: the second is heard', async () => {
  const pbx = exchange({ apps: { '*': record } })
  const alice = pbx.phone('alice', { set: { claimedMediaAddress: '10.0.0.5' } })
  await alice.call('1')
  await alice.say('This is Alice.')
  stranger(pbx, '203.0.113.9', alice.mediaPeer?.port ?? 0, 3000)
  await alice.say('And this is still Alice.')
  await alice.sleep(2000)
  await alice.hangUp()
  await pbx.done()
  const [file = ''] = pbx.recordings
  expect(pbx.recording(file).said).toEqual(['This is Alice.', 'And this is still Alice.'])
  expect(pbx.calls[0]?.media?.packetsRefused).toBeGreaterThanOrEqual(140)
})

test('a new call on a port to which the last caller still sends: old packets are never heard', async () => {
  const pbx = exchange({ apps: { '*': record } })
  const alice = pbx.phone('alice')
  await alice.call('1')
  await alice.say('The first call.')
  const port = alice.mediaPeer?.port ?? 0
  const host = pbx.sim.host('192.0.2.1')
  await alice.hangUp()
  await pbx.sleep(1000)
  // Ports go round: the next one is to be that of the first call.
  for (let next = 0; next !== port - 2 && !(port === 20_000 && next === 65_534); ) {
    const socket = host.bindUdp(0, { onDatagram: () => {} })
    next = socket.local.port
    socket.close()
  }
  stranger(pbx, alice.sip.address, port, 6000)
  const bob = pbx.phone('bob', phones.onLine({ latencyMs: 80 }))
  await bob.call('1')
  expect(bob.mediaPeer?.port).toBe(port)
  await bob.sleep(500)
  await bob.say('The second call.')
  await bob.sleep(500)
  await bob.hangUp()
  await pbx.done()
  const said = pbx.recordings.map((file) => pbx.recording(file).said)
  expect(said[1]).toEqual(['The second call.'])
})

/** The SIP requests that look so, as they arrive: `UPDATE to alice`. */
function requests(pbx: TestExchange, pattern: RegExp): string[] {
  const seen: string[] = []
  const { ladder } = pbx.sim
  const observe = ladder.observe.bind(ladder)
  ladder.observe = (output, now) => {
    observe(output, now)
    if (output.type !== 'datagram' || output.to.port !== 5060) return
    const method = pattern.exec(utf8Decode(output.bytes))?.[1]
    if (method !== undefined) seen.push(`${method} to ${ladder.nameOf(output.to.address)}`)
  }
  return seen
}

const MINUTE_MS = 60_000
const TIMERS = { sip: { sessionTimers: { expiresSeconds: 90, minSeconds: 90 } } } as const

/** A call that nobody ends by himself, in either direction; the phone has this session timer. */
async function longCall(
  sessionTimer: PhoneSessionTimer | undefined,
  direction: 'in' | 'out',
): Promise<{ pbx: TestExchange; alice: Phone; refreshes: readonly string[] }> {
  const pbx = exchange({
    ...TIMERS,
    apps: {
      '*': inbound(async (channel) => {
        await channel.answer()
        await channel.waitForIdle()
      }),
    },
  })
  const set = { sendsSilence: false, hearsTones: false, ...(sessionTimer && { sessionTimer }) }
  const alice = pbx.phone('alice', { set })
  const refreshes = requests(pbx, /^(UPDATE|INVITE) .*To: [^\r]*;tag=/s)
  if (direction === 'in') await alice.call('1')
  else {
    void pbx.start(
      outbound(async (channel) => {
        await channel.call('sip:alice@alice')
        await channel.waitForIdle()
      }),
    )
    await alice.expectCall()
    await alice.answer()
  }
  return { pbx, alice, refreshes }
}

describe('a call of 30 minutes at Session-Expires 90', () => {
  const timer = { seconds: 90, refreshes: true }
  const cases: [name: string, timer: PhoneSessionTimer | undefined, refreshedBy: string | undefined][] = [
    ['refreshed by the far end', timer, 'UPDATE to exchange'],
    ['refreshed by the far end with re-INVITE', { ...timer, by: 'INVITE' }, 'INVITE to exchange'],
    ['refreshed by us', { seconds: 90, refreshes: false }, 'UPDATE to alice'],
    [
      'refreshed by us with re-INVITE, as the far end takes no UPDATE',
      { seconds: 90, refreshes: false, takesUpdate: false },
      'INVITE to alice',
    ],
    ['that nobody has to refresh', undefined, undefined],
  ]
  for (const [name, sessionTimer, refreshedBy] of cases)
    for (const direction of ['in', 'out'] as const)
      test(`${name} stays up, ${direction}bound`, async () => {
        const { pbx, alice, refreshes } = await longCall(sessionTimer, direction)
        await pbx.sleep(30 * MINUTE_MS)
        expect(alice.state).toBe('ANSWERED')
        // Each comes when half of the interval is over, at the one that is not the refresher.
        expect(new Set(refreshes)).toEqual(new Set(refreshedBy === undefined ? [] : [refreshedBy]))
        expect(refreshes.length).toBe(refreshedBy === undefined ? 0 : 39)
        await alice.hangUp()
        await pbx.done()
        expect(pbx.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'remote' })
        expect(pbx.exchange.alive).toBe(0)
      })
})

test.each(['in', 'out'] as const)(
  'a far end that stops refreshing is hung up on in time, %sbound',
  async (direction) => {
    const { pbx, alice } = await longCall({ seconds: 90, refreshes: true, forgetsAfter: 13 }, direction)
    await pbx.sleep(10 * MINUTE_MS)
    expect(alice.state).toBe('ANSWERED')
    const lastRefresh = 13 * 45_000
    const answeredAt = pbx.sim.now - 10 * MINUTE_MS
    await alice.expectHangUp({ withinMs: 2 * MINUTE_MS })
    expect(Math.abs((alice.ended?.at ?? 0) - answeredAt - lastRefresh - 60_000)).toBeLessThan(100)
    await pbx.done()
    expect(pbx.calls[0]).toMatchObject({ cause: 'TIMEOUT', endedBy: 'network', reason: { text: 'session expired' } })
  },
)

test.each(['in', 'out'] as const)(
  'a re-INVITE that is no refresh begins the interval anew, %sbound',
  async (direction) => {
    const { pbx, alice } = await longCall({ seconds: 90, refreshes: true, forgetsAfter: 0 }, direction)
    for (let i = 0; i < 12; i++) {
      await pbx.sleep(50_000)
      await (i % 2 === 0 ? alice.hold() : alice.resume())
    }
    expect(alice.state).toBe('ANSWERED')
    const last = pbx.sim.now
    await alice.expectHangUp({ withinMs: 2 * MINUTE_MS })
    expect(Math.abs((alice.ended?.at ?? 0) - last - 60_000)).toBeLessThan(100)
    await pbx.done()
  },
)

test('drained, an exchange places no call: a cause, and no INVITE on the wire', async () => {
  const pbx = exchange({})
  const bob = pbx.phone('bob', phones.person())
  pbx.exchange.exchange.drain()
  let outcome = ''
  await pbx.start(
    outbound(async (channel) => {
      outcome = `${await channel.call('sip:bob@bob')} ${channel.cause()}`
    }),
  )
  await pbx.done()
  expect(outcome).toBe('IDLE NOCHANNELS')
  expect(bob.callCount).toBe(0)
})
