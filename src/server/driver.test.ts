import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Exchange, ExchangeInput, ExchangeOutput } from '../calls/index.ts'
import { Fifo, NEVER } from '../kit/index.ts'
import type { MediaCommand, MediaEvent } from '../media/index.ts'
import { Driver } from './driver.ts'
import type { TransportListener } from './transport/sip-transports.ts'

const PEER = { transport: 'udp', address: '127.0.0.1', port: 5060 } as const

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] }))
afterEach(() => vi.useRealTimers())

/** An exchange that notes what is done to it, and a driver around it. */
function setUp() {
  const done: string[] = []
  const outbox = new Fifo<ExchangeOutput>()
  const exchange = {
    at: NEVER,
    onHandle: (_input: ExchangeInput): void => {},
    handle(input: ExchangeInput) {
      done.push(input.type)
      this.onHandle(input)
    },
    expire: () => void done.push('expire'),
    poll: () => outbox.shift(),
    deadline() {
      return this.at
    },
  }
  const sent: unknown[] = []
  const broken: unknown[] = []
  let hear: TransportListener = { onMessage() {}, onSendFailed() {} }
  let onMedia: (event: MediaEvent) => void = () => {}
  const driver = new Driver({
    exchange: exchange as unknown as Exchange,
    transports: {
      send: (bytes, to) => void sent.push([...bytes, to.port]),
      start: (listener) => {
        hear = listener
      },
    },
    media: {
      send: (command: MediaCommand) => void sent.push(command.type),
      onEvent: (listener) => {
        onMedia = listener
      },
    },
    dns: { ask: async (question) => ({ question, failure: 'nobody knows' }) },
    onReport: (report) => void sent.push(report.type),
    onBroken: (error) => void broken.push(error),
  })
  return {
    done,
    outbox,
    exchange,
    sent,
    broken,
    driver,
    receive: () => hear.onMessage(new Uint8Array(1), PEER),
    fail: () => hear.onSendFailed(PEER, 'gone', false),
    media: () => onMedia({ type: 'digit', leg: 1, digit: '1' }),
  }
}

describe('Driver', () => {
  it('hands in what arrives and carries out all that comes of it', () => {
    const { done, outbox, sent, receive, fail, media } = setUp()
    outbox.push({ type: 'send', bytes: Uint8Array.of(7), to: PEER })
    outbox.push({ type: 'media', command: { type: 'close', leg: 1 } })
    outbox.push({ type: 'callEnded', details: {} as never })
    receive()
    fail()
    media()
    expect(done).toEqual(['received', 'sendFailed', 'media'])
    expect(sent).toEqual([[7, 5060], 'close', 'callEnded'])
  })

  it('arms one timer at the next deadline, and moves it only when one comes nearer', () => {
    const { done, exchange, receive } = setUp()
    exchange.at = 100
    receive()
    exchange.at = 50
    receive()
    exchange.at = 200
    receive()
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(49)
    expect(done).not.toContain('expire')
    vi.advanceTimersByTime(1)
    expect(done.filter((what) => what === 'expire')).toHaveLength(1)
    exchange.at = NEVER
    vi.advanceTimersByTime(150)
    expect(done.filter((what) => what === 'expire')).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets application work wait for one turn of the loop, all of it together', () => {
    const { done, driver } = setUp()
    driver.pump()
    driver.pump()
    expect(done).toEqual([])
    vi.runAllTimers()
    expect(done).toEqual(['expire'])
  })

  it('goes on after a broken invariant, with what came of it until then', () => {
    const { exchange, outbox, broken, sent, receive } = setUp()
    exchange.onHandle = () => {
      outbox.push({ type: 'send', bytes: Uint8Array.of(1), to: PEER })
      throw new Error('broken')
    }
    receive()
    expect(broken).toEqual([new Error('broken')])
    expect(sent).toEqual([[1, 5060]])
  })

  it('does nothing once it is stopped', () => {
    const { done, exchange, driver, receive } = setUp()
    exchange.at = 10
    receive()
    driver.stop()
    receive()
    vi.advanceTimersByTime(20)
    expect(done).toEqual(['received'])
  })
})
