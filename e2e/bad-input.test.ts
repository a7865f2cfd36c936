import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silence } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { ClickPhone } from './harness/click-phone.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { RtpMutations } from './harness/rtp-mutations.ts'
import { numberOf, SipMutations } from './harness/sip-mutations.ts'
import { Sipp } from './harness/sipp.ts'
import { waitFor } from './harness/wait.ts'

const MEBIBYTE = 1024 * 1024
const SEED = 20_261_123

describeWith('sipp')('bad input at the live server', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange
  let memoryBefore: NodeJS.MemoryUsage

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: {
        answer: 'answer-quietly',
        echo: 'echo',
        listen: { app: 'listen', parameters: { record: 'heard.wav' } },
      },
      log: { level: 'error', pretty: false },
    })
    await goodCalls(100, 50)
    memoryBefore = await exchange.memory()
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  async function goodCalls(calls: number, ratePerSecond: number): Promise<void> {
    const callee = `${exchange.address}:5060`
    const result = await Sipp.run({
      scenario: 'uac',
      user: 'answer',
      address: network.next(),
      callee,
      calls,
      ratePerSecond,
    })
    expect(result).toMatchObject({ exitCode: 0, successful: calls, failed: 0 })
  }

  test('100,000 mutated SIP messages over UDP: each gets one reply at most, and good calls go through meanwhile', async () => {
    const sender = network.next()
    const socket = createSocket({ type: 'udp4', recvBufferSize: 8 * MEBIBYTE })
    socket.bind({ address: sender, port: 5060 })
    await once(socket, 'listening')
    const replies = new Replies(socket)
    const mutations = new SipMutations(SEED, `${exchange.address}:5060`, `${sender}:5060`)
    const before = await exchange.counters()

    // Made beforehand, because making them takes longer than the exchange takes to deal with them.
    const messages = Array.from({ length: 100_000 }, () => mutations.next())
    const meanwhile = goodCalls(60, 4)
    const send = (number: number) => {
      const { bytes, isInvite } = messages[number - 1]
      if (isInvite) replies.expectInvite(number)
      socket.send(bytes, 5060, exchange.address)
    }
    // A question that the exchange answers when it comes to it: a busy machine slows the sender down with it.
    await paced(messages.length, 5000, send, () => exchange.sizes())
    await meanwhile
    await goodCalls(1, 1)
    socket.close()

    const after = await exchange.counters()
    const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0)
    // The kernel's buffers were not what dropped: this is what the exchange itself counted.
    expect(grown('messagesReceived')).toBeGreaterThan(99_000)
    expect(grown('unparsableMessages') + grown('malformedRequests')).toBeGreaterThan(5000)
    expect(grown('refusedRequests')).toBeGreaterThan(1000)
    expect(replies.answered).toBeGreaterThan(10_000)
    expect(replies.excessive()).toEqual([])
  })

  test('mutated SIP messages over TCP: connections are cut or answered, and nothing hangs', async () => {
    const mutations = new SipMutations(SEED + 1, `${exchange.address}:5060`, `${network.next()}:5060`)
    for (let round = 0; round < 20; round += 1) {
      const connections = Array.from({ length: 25 }, async () => {
        const stream = connect({ host: exchange.address, port: 5060 })
        stream.on('error', () => {})
        stream.resume()
        for (let count = 0; count < 20; count += 1) stream.write(mutations.next().bytes)
        stream.end()
        await Promise.race([once(stream, 'close'), sleep(3000)])
        stream.destroy()
      })
      await Promise.all(connections)
    }
    await goodCalls(1, 1)
    await waitFor('the connections are gone', async () => (await exchange.sizes()).tcpConnections === 0)
  })

  test('1,000,000 hostile datagrams at the media port of a live call: it goes on, and they are counted', async () => {
    const far = await Baresip.start({ address: network.next(), says: silence(90), answers: false })
    const portsBefore = new Set(exchange.mediaPorts())
    far.dial(`sip:listen@${exchange.address}`)
    await far.untilEstablished()
    const port = await waitFor('the call has a port', () =>
      exchange.mediaPorts().find((each) => !portsBefore.has(each)),
    )
    const before = await exchange.counters()
    const toNobodyBefore = udpToNobody()

    const strangers = Array.from({ length: 8 }, () => createSocket('udp4').on('error', () => {}))
    const mutations = new RtpMutations(SEED)
    const datagrams = Array.from({ length: 16_384 }, () => mutations.next())
    await paced(1_000_000, 40_000, (number) => {
      strangers[number % strangers.length].send(datagrams[number % datagrams.length], port, exchange.address)
    })
    for (const stranger of strangers) stranger.close()

    for (const digit of '159') await far.press(digit)
    far.hangUp()
    const ours = await exchange.report('listen')
    expect(ours).toMatchObject({ cause: 'NORMAL', found: { digits: '159' } })
    await far.stop()
    // Each is accounted for: refused by the leg, dropped where a flood outruns the sweep (counted when the leg closes), or
    // turned away by the kernel once the socket is connected to the far end.
    const dropped = async () => {
      const { packetsRefused, receiveOverflows } = grownBetween(before, await exchange.counters())
      return packetsRefused + receiveOverflows + udpToNobody() - toNobodyBefore
    }
    await expect.poll(dropped, { timeout: 5000 }).toBeGreaterThan(900_000)
    // It is not connected here, for baresip's sound does not come from where it says: the leg itself saw 64 in each of its ticks.
    expect(grownBetween(before, await exchange.counters()).packetsRefused).toBeGreaterThan(40_000)
  })

  test('10,000 more from the far end itself, whom nobody turns away: they are refused one by one, and it is heard afterwards', async () => {
    const phone = await ClickPhone.call(network.next(), exchange.address, 'echo')
    const isHeard = async () => {
      await waitFor('it is quiet', () => performance.now() - phone.lastSoundAt > 500)
      phone.click()
      await waitFor('a click comes back', () => phone.clicks.at(-1)?.heardAt !== undefined)
    }
    await isHeard()
    const before = await exchange.counters()
    const mutations = new RtpMutations(SEED + 2)
    // Slower than the leg sweeps.
    await paced(10_000, 2000, () => phone.throwIn(mutations.next()))
    await isHeard()
    await phone.hangUp()
    // Counted when the leg closes.
    const seen = async () => {
      const { packetsRefused, packetsReceived, receiveOverflows } = grownBetween(before, await exchange.counters())
      return packetsRefused + packetsReceived + receiveOverflows
    }
    await expect.poll(seen, { timeout: 5000 }).toBeGreaterThanOrEqual(10_000)
    expect(grownBetween(before, await exchange.counters()).packetsRefused).toBeGreaterThan(5000)
  })

  test('afterwards nothing is left, memory is flat, and calls are answered', async () => {
    await exchange.untilEmpty(120_000)
    expect(exchange.mediaPorts()).toEqual([])
    const memory = await exchange.memory()
    expect(memory.heapUsed - memoryBefore.heapUsed).toBeLessThan(8 * MEBIBYTE)
    // What calls are remembered by may take 32 MiB, and takes 14 here.
    expect(memory.arrayBuffers - memoryBefore.arrayBuffers).toBeLessThan(36 * MEBIBYTE)
    // What a burst has left is given back over some seconds (src/server/memory.ts).
    await expect
      .poll(async () => (await exchange.memory()).rss - memoryBefore.rss, { timeout: 30_000 })
      .toBeLessThan(80 * MEBIBYTE)
    await goodCalls(10, 10)
  })
})

type MediaCounter = 'packetsRefused' | 'packetsReceived' | 'receiveOverflows'

/** What has come to a leg, and how. */
function grownBetween(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<MediaCounter, number> {
  const grown = (name: MediaCounter) => (after[name] ?? 0) - (before[name] ?? 0)
  return {
    packetsRefused: grown('packetsRefused'),
    packetsReceived: grown('packetsReceived'),
    receiveOverflows: grown('receiveOverflows'),
  }
}

/** UDP datagrams for which the kernel found no socket (NoPorts of RFC 4113). */
function udpToNobody(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '))
  return Number(values[names.indexOf('NoPorts')])
}

/** What came back to the sender of mutated messages. */
class Replies {
  readonly #invites = new Set<number>()
  readonly #statuses = new Map<number, string[]>()

  constructor(socket: Socket) {
    socket.on('message', (bytes, from) => {
      const text = bytes.toString('latin1')
      // The exchange gives up calls that were never acknowledged: let it.
      if (text.startsWith('BYE ')) socket.send(okTo(text), from.port, from.address)
      const number = numberOf(text)
      if (number === undefined || !text.startsWith('SIP/2.0 ')) return
      const statuses = this.#statuses.get(number)
      if (statuses === undefined) this.#statuses.set(number, [text.slice(8, 11)])
      else statuses.push(text.slice(8, 11))
    })
  }

  get answered(): number {
    return this.#statuses.size
  }

  expectInvite(number: number): void {
    this.#invites.add(number)
  }

  /**
   * Messages that got more than one reply. An INVITE may get provisional responses and one final one, and over UDP the
   * final one is repeated until it is acknowledged (RFC 3261 sections 13.3.1.4 and 17.2.1): it counts once.
   */
  excessive(): { number: number; statuses: string[] }[] {
    return [...this.#statuses]
      .filter(([number, statuses]) =>
        this.#invites.has(number)
          ? new Set(statuses.filter((status) => status >= '200')).size > 1
          : statuses.length > 1,
      )
      .map(([number, statuses]) => ({ number, statuses }))
  }
}

function okTo(request: string): string {
  const head = request.split('\r\n\r\n', 1)[0]?.split('\r\n') ?? []
  const kept = head.filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line))
  return ['SIP/2.0 200 OK', ...kept, 'Content-Length: 0', '', ''].join('\r\n')
}

/**
 * Calls `action` with 1, 2, ... `count` at a steady rate, in portions with a `breath` after each, so that the kernel's
 * buffers are not what drops.
 */
async function paced(
  count: number,
  perSecond: number,
  action: (number: number) => void,
  breath: () => Promise<unknown> = () => sleep(1),
): Promise<void> {
  const startedAt = performance.now()
  const mostAtOnce = Math.ceil(perSecond / 200)
  for (let done = 0; done < count; ) {
    const due = Math.min(count, done + mostAtOnce, Math.ceil(((performance.now() - startedAt) * perSecond) / 1000))
    while (done < due) action(++done)
    await breath()
  }
}
