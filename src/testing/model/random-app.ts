import {
  type AppContext,
  type Channel,
  inbound,
  LEG_DIAGRAMS,
  offDiagram,
  outbound,
  type State,
} from '../../calls/index.ts'
import { Hangup, UsageError } from '../../kit/index.ts'
import type { Chooser } from './chooser.ts'

/** How long a call may take to be over for the application once it has been ended, in ms. */
const RELEASED_MS = 4000

/** How long a hold may wait for its turn and for the far end, in ms: 32 s, as long again after a CANCEL, and what glare adds. */
const CHANGED_MS = 240_000

/** A file that there has to be. */
export const PROMPT = 'prompt.wav'

/** What is wrong with a call. */
export type Report = (problem: string) => void

const REJECTIONS = ['BUSY', 'NOANSWER', 'UNOBTAINABLE', 'REJECTED', 'NOCHANNELS', 'CONGESTION'] as const

/** Applications that do anything that a channel offers, at any moment, and watch the states that they are told. */
export class RandomApps {
  readonly #choose: Chooser
  readonly #report: Report
  readonly #targets: readonly string[]

  /** @param targets whom outgoing calls are for */
  constructor(choose: Chooser, targets: readonly string[], report: Report) {
    this.#choose = choose
    this.#targets = targets
    this.#report = report
  }

  readonly inbound = inbound((channel, context) => this.#during(channel, this.#answering(channel, context)))
  readonly outbound = outbound((channel, context) => this.#during(channel, this.#placing(channel, context)))

  /** What each application that has not ended does, for the report of a run that is stuck. */
  readonly doing = new Map<Channel, string>()

  async #during(channel: Channel, run: Promise<void>): Promise<void> {
    try {
      await run
    } finally {
      this.doing.delete(channel)
    }
  }

  async #answering(channel: Channel, { extraChannels }: AppContext): Promise<void> {
    this.#watch(channel, 'inbound')
    await this.#choose.sleep(2000)
    if (this.#choose.maybe(0.6)) {
      await this.#try(() =>
        channel.ring({ earlyMedia: this.#choose.maybe(0.4), ringTimeMs: this.#choose.delayMs(4000) }),
      )
    }
    await this.#choose.sleep(3000)
    const way = this.#choose.one([
      'answer',
      'answer',
      'answer',
      'answer',
      'reject',
      'hangUp',
      'return',
      'short',
    ] as const)
    this.#choose.note(`app: ${way}`)
    if (way === 'reject') await this.#try(() => channel.reject(this.#choose.one(REJECTIONS)))
    else if (way === 'hangUp') await this.#hangUp(channel)
    else if (way === 'short') await this.#try(() => channel.answer({ timeoutMs: 100 + this.#choose.delayMs(3000) }))
    else if (way === 'answer') {
      await this.#try(() => channel.answer())
      await this.#live(channel, extraChannels[0])
    }
  }

  async #placing(channel: Channel, { extraChannels: [other] }: AppContext): Promise<void> {
    this.#watch(channel, 'outbound')
    const to = this.#choose.one(this.#targets)
    const timeoutMs = 500 + this.#choose.delayMs(20_000)
    if (this.#choose.maybe(0.2)) {
      this.#choose.note('app: hangs up an unanswered call')
      await this.#try(() => channel.startCall(to))
      await this.#choose.sleep(4000)
      await this.#hangUp(channel)
      return
    }
    await this.#try(() => this.#within(timeoutMs + RELEASED_MS, 'call', () => channel.call(to, { timeoutMs })))
    await this.#live(channel, other)
  }

  async #live(channel: Channel, other: Channel | undefined): Promise<void> {
    const steps = Math.floor(this.#choose.delayMs(10))
    for (let i = 0; i < steps && channel.state() !== 'IDLE'; i++) {
      await this.#try(() => this.#step(channel, other))
      await this.#choose.sleep(3000)
    }
    const ending = this.#choose.one(['hangUp', 'wait', 'return'] as const)
    this.doing.set(channel, ending)
    if (ending === 'hangUp') await this.#hangUp(channel)
    else if (ending === 'wait') await channel.waitForIdle({ timeoutMs: 60_000 })
  }

  async #step(channel: Channel, other: Channel | undefined): Promise<void> {
    const step = this.#choose.one([
      'tone',
      'digits',
      'hold',
      'retrieve',
      'info',
      'connect',
      'disconnect',
      'stop',
      'say',
      'list',
      'seek',
    ] as const)
    this.#choose.note(`app: ${step}`)
    this.doing.set(channel, step)
    switch (step) {
      case 'tone':
        channel.tonePlayer.start('RINGBACK', { loop: true })
        return
      case 'stop':
        await channel.tonePlayer.stop()
        await channel.filePlayer.stop()
        return
      case 'say':
        await channel.filePlayer.say('Press any key.', { bargeIn: this.#choose.maybe(0.5) })
        return
      case 'list':
        channel.filePlayer.startPlayList([PROMPT, { textToSay: 'And another. ' }, PROMPT], { loop: true })
        return
      case 'seek':
        await channel.filePlayer.skip(this.#choose.delayMs(2000) - 1000)
        return
      case 'digits':
        await channel.dtmfDetector.getDigits({ count: 2, timeoutMs: this.#choose.delayMs(4000) + 1 })
        return
      case 'hold':
        await this.#within(CHANGED_MS, 'hold', () => channel.hold())
        return
      case 'retrieve':
        await this.#within(CHANGED_MS, 'retrieve', () => channel.retrieve())
        return
      case 'info':
        await channel.dtmfPlayer.play('12', { via: 'info' })
        return
      case 'disconnect':
        await channel.disconnect()
        return
      case 'connect':
        if (other === undefined) return
        await channel.tonePlayer.stop()
        await channel.filePlayer.stop()
        if (other.state() === 'IDLE') {
          this.#watch(other, 'outbound')
          await other.call(this.#choose.one(this.#targets), { timeoutMs: 500 + this.#choose.delayMs(10_000) })
        }
        if (await channel.connect(other)) this.#choose.note('app: connected')
    }
  }

  #hangUp(channel: Channel): Promise<unknown> {
    return this.#within(RELEASED_MS, 'hangUp', () => channel.hangUp())
  }

  /** No far end makes an application wait for longer. */
  async #within(mostMs: number, what: string, action: () => Promise<unknown>): Promise<void> {
    const begun = this.#choose.now
    await action()
    const tookMs = this.#choose.now - begun
    if (tookMs > mostMs) this.#report(`${what} took ${tookMs} ms instead of ${mostMs} ms at most`)
  }

  /** What an application must reckon with: the call has gone, or is in another state than it thought. */
  async #try(action: () => Promise<unknown>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof Hangup || error instanceof UsageError)) throw error
    }
  }

  readonly #watched = new WeakSet<Channel>()

  #watch(channel: Channel, direction: 'inbound' | 'outbound'): void {
    if (this.#watched.has(channel)) return
    this.#watched.add(channel)
    let path: State[] = channel.state() === 'IDLE' && direction === 'outbound' ? [] : [channel.state()]
    channel.on('state', ({ state }) => {
      path.push(state)
      if (state !== 'IDLE') return
      const strange = offDiagram(path, LEG_DIAGRAMS[direction])
      if (strange !== undefined) this.#report(`the path ${path.join(' ')} is not allowed: ${strange}`)
      if (channel.details?.hasEnded !== true) this.#report('IDLE, and the details do not say that the call has ended')
      path = []
    })
  }
}
