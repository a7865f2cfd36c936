import { type AppDefinition, appDirection } from '../../calls/index.ts'
import { chance, type Instant, integerBelow, type Random, uniform } from '../../kit/index.ts'
import { insideSimulation } from '../clock/inside.ts'
import { siteOf } from '../clock/waiter.ts'
import type { Phone } from '../phone/phone.ts'
import type { PhoneKind } from '../phone/phone-kind.ts'
import { phones } from '../phone/phones.ts'
import { namedRandom } from '../seed.ts'
import { TestExchange } from '../test-exchange.ts'
import type { Finding, FindingKind } from './finding.ts'
import type { FuzzOptions } from './fuzz-calls.ts'
import { ChannelWatch, type WatchedCall } from './watched-channel.ts'

const LOOK_EACH_MS = 250
/** How long an application may go on after its caller has gone. */
const GRACE_MS = 60_000
/** How often the same line may ask for keys in one call. */
const MOST_ASKS = 12
/** A caller who has not hung up by then does. */
const STAY_MS = 300_000
/** Packets of silence and ears for tones would find nothing and take most of the time. */
const CHEAP_SET = { sendsSilence: false, hearsTones: false }
/** Somebody may hang up at one of so many awaits. */
const MOST_AWAITS = 40
const LISTENING = /dtmfDetector\.getDigits|fileRecorder\./

/** One call of a fuzzed application: a world of its own, with random people in it, watched until the application ends. */
export class FuzzRun {
  readonly findings: Finding[] = []
  readonly #seed: number
  readonly #options: FuzzOptions
  readonly #random: Random
  readonly #pbx: TestExchange
  readonly #watch: ChannelWatch
  readonly #caller: Phone | undefined
  readonly #asks = new Map<string, number>()
  #looked = 0
  #isOver = false
  #callerGoneAt: Instant | undefined
  #appError: unknown

  constructor(app: AppDefinition, options: FuzzOptions, seed: number) {
    this.#seed = seed
    this.#options = options
    this.#random = namedRandom(seed, 'fuzz')
    this.#watch = new ChannelWatch(() => this.#pbx.sim.now)
    const watched = this.#catching(this.#watch.app(app))
    const isInbound = appDirection(app) === 'inbound'
    this.#pbx = new TestExchange({
      ...options,
      seed,
      ...(isInbound && { apps: { '*': watched } }),
      everybodyElse: (name) => options.people?.(name, this.#random) ?? { ...this.#somebody(), set: CHEAP_SET },
    })
    if (isInbound) {
      this.#caller = this.#pbx.phone('caller', { set: CHEAP_SET })
      this.#inside(() => this.#useAsCaller(this.#caller as Phone))
    } else void this.#pbx.exchange.startOutbound(this.#pbx.appInside(watched), options.outboundParameters)
    // The first awaits more often than later ones: most applications have few.
    const hangUpAt = chance(this.#random, 0.25) ? undefined : Math.floor(MOST_AWAITS * uniform(this.#random) ** 2)
    const delayMs = chance(this.#random, 0.5) ? 0 : integerBelow(this.#random, 3000)
    this.#watch.onAwait = (index) => {
      if (index === hangUpAt) this.#pbx.sim.clock.after(delayMs, () => this.#somebodyHangsUp(), 'a hang-up')
    }
    this.#watch.onEndless = ({ name, site }) =>
      this.#find(
        'endless loop',
        site,
        `it calls ${name} again and again at one instant, without letting time pass`,
        true,
      )
  }

  /** Lets the call take its course. */
  async run(): Promise<void> {
    const { clock } = this.#pbx.sim
    const look = () => {
      this.#look(clock.now)
      if (!this.#isOver) clock.after(LOOK_EACH_MS, look, 'the watch over the application')
    }
    look()
    await clock.runUntil(() => this.#isOver)
  }

  /** A promise of the application was rejected, and nobody looks at it. */
  onUnhandled(reason: unknown): void {
    const site = this.#siteOf(reason)
    this.#find('unhandled rejection', site, `a promise that nobody awaits was rejected with ${reason}`)
  }

  #look(now: Instant): void {
    const { runs } = this.#pbx
    if (runs.length > 0) {
      const [{ error } = {}] = runs
      if (error !== undefined) this.#find('uncaught error', this.#siteOf(this.#appError), error)
      this.#isOver = true
      return
    }
    this.#countAsks()
    const { phones: all } = this.#pbx
    const people = this.#caller === undefined ? all : [this.#caller]
    const isGone = people.length > 0 && people.every(({ ended }) => ended !== undefined)
    if (!isGone) this.#callerGoneAt = undefined
    else this.#callerGoneAt ??= now
    if (this.#callerGoneAt !== undefined && now - this.#callerGoneAt > GRACE_MS) this.#forgotten(all)
    else if (now > STAY_MS && this.#caller?.state === 'ANSWERED') this.#inside(() => this.#caller?.hangUp())
    else if (now > 3 * STAY_MS) this.#forgotten(all)
    this.#checkSilence(now)
  }

  #forgotten(all: readonly Phone[]): void {
    const waits = this.#watch.pending ?? this.#watch.calls.at(-1)
    const held = all.filter(({ state }) => state === 'ANSWERED').map(({ name }) => name)
    const keeps = held.length === 0 ? 'has not ended' : `keeps the call to ${held.join(', ')}`
    const where = waits === undefined ? '' : `, ${waits.isPending ? 'waiting for' : 'after'} ${waits.name}`
    this.#find(
      'forgotten hang-up',
      waits?.site ?? 'an unknown place',
      `a minute after the caller had gone it ${keeps}${where}`,
      true,
    )
  }

  #countAsks(): void {
    const { calls } = this.#watch
    for (; this.#looked < calls.length; this.#looked++) {
      const { name, site } = calls[this.#looked] as WatchedCall
      if (name !== 'dtmfDetector.getDigits') continue
      const asks = (this.#asks.get(site) ?? 0) + 1
      this.#asks.set(site, asks)
      if (asks > MOST_ASKS)
        this.#find('endless loop', site, `in one call it asked for keys more than ${MOST_ASKS} times here`, true)
    }
  }

  #checkSilence(now: Instant): void {
    const { silenceMs = 15_000 } = this.#options
    const caller = this.#caller
    if (caller?.state !== 'ANSWERED') return
    const { calls } = this.#watch
    const answered = calls.find(({ name, isPending }) => name === 'answer' && !isPending)
    const own = calls[0]?.channel
    if (answered === undefined || own === undefined || own.details?.connectedId !== undefined) return
    if (
      calls.some(({ name, isPending }) => isPending && LISTENING.test(name)) ||
      own.fileRecorder.state() === 'RUNNING'
    )
      return
    const since = Math.max(caller.ears.lastSoundAt, answered.startedAt, this.#silentSince)
    if (now - since < silenceMs) return
    const waits = this.#watch.pending ?? calls.at(-1)
    const failed = calls.findLast(
      ({ name, channel }) => name === 'call' && channel !== own && channel.state() === 'IDLE',
    )
    const why = failed === undefined ? '' : ` since the call at ${failed.site} ended with ${failed.channel.cause()}`
    this.#find('silence', waits?.site ?? 'an unknown place', `the caller hears nothing for ${silenceMs / 1000} s${why}`)
    this.#silentSince = now
  }

  #silentSince = 0

  #find(kind: FindingKind, site: string, message: string, isEnd = false): void {
    if (isEnd) this.#isOver = true
    if (this.findings.some((each) => each.kind === kind && each.site === site)) return
    this.findings.push({ kind, site, message, seed: this.#seed, transcript: this.#pbx.transcript(), runs: 1 })
  }

  #siteOf(error: unknown): string {
    const known = typeof error === 'object' && error !== null ? this.#watch.siteOfError.get(error) : undefined
    return known ?? (error instanceof Error ? siteOf(error) : 'an unknown place')
  }

  /** Keeps what the application throws: its record has only the message. */
  #catching({ run, ...rest }: AppDefinition): AppDefinition {
    return {
      ...rest,
      run: async (channel, context) => {
        try {
          return await run(channel, context)
        } catch (error) {
          this.#appError = error
          throw error
        }
      },
    }
  }

  async #useAsCaller(phone: Phone): Promise<void> {
    const { keys = ['1', '2', '#', '*', '0', '1234', '1234#', '99#'] } = this.#options
    phone.dial('1000')
    await phone.expectAnswer()
    if (chance(this.#random, 0.4)) return
    while (phone.state === 'ANSWERED') {
      await phone.sleep(200 + integerBelow(this.#random, 8000))
      if (phone.state !== 'ANSWERED') return
      if (chance(this.#random, 0.8)) await phone.press(keys[integerBelow(this.#random, keys.length)] ?? '1')
      else await phone.say('Hello?')
    }
  }

  #somebodyHangsUp(): void {
    const talking = this.#pbx.phones.filter(({ state }) => state !== 'IDLE')
    const isCallers = this.#caller !== undefined && chance(this.#random, 0.7)
    const who = isCallers ? this.#caller : talking[integerBelow(this.#random, Math.max(talking.length, 1))]
    this.#inside(() => who?.hangUp())
  }

  #somebody(): PhoneKind {
    const random = this.#random
    const rings = integerBelow(random, 3)
    const kinds: readonly (() => PhoneKind)[] = [
      () => phones.person({ rings }),
      () => phones.person({ rings }),
      () => phones.person({ rings, hangsUpAfterMs: 1000 + integerBelow(random, 20_000) }),
      () => phones.silent({ rings }),
      () => phones.busy(),
      () => phones.noAnswer(),
      () => phones.rejects(603, { rings }),
      () => phones.unobtainable(),
      () => phones.voicemail({ rings, messageMs: 20_000 }),
    ]
    return (kinds[integerBelow(random, kinds.length)] as () => PhoneKind)()
  }

  /** What people do goes wrong when they are hung up on: that is no news here. */
  #inside(act: () => Promise<void> | undefined): void {
    const { clock } = this.#pbx.sim
    clock.signal()
    void insideSimulation(clock, async () => act())?.catch(() => {})
  }
}
