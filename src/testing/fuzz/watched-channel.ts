import type { AppDefinition, Channel } from '../../calls/index.ts'
import type { Instant } from '../../kit/index.ts'
import { siteOf } from '../clock/waiter.ts'

/** One call of an application to a function of a channel that gives a promise. */
export interface WatchedCall {
  /** Such as `filePlayer.play`. */
  readonly name: string
  /** Where the application made it: `path:line:column`. */
  readonly site: string
  readonly channel: Channel
  readonly startedAt: Instant
  isPending: boolean
}

/** So many calls at one instant are a loop that never lets time pass. */
const MOST_AT_ONCE = 500

/**
 * Sees every function of a channel that an application awaits: which, from which line, and whether it is still waiting.
 * Applications notice nothing.
 */
export class ChannelWatch {
  readonly calls: WatchedCall[] = []
  /** Errors that were thrown at the application, with the line of the call. */
  readonly siteOfError = new WeakMap<object, string>()
  /** Told before each call, with its number from 0. */
  onAwait: (index: number) => void = () => {}
  /** Told when the application calls again and again at one instant. */
  onEndless: (call: WatchedCall) => void = () => {}
  readonly #now: () => Instant
  readonly #targets = new WeakMap<object, object>()
  readonly #faces = new WeakMap<object, object>()
  #atOnce = { at: -1, count: 0 }

  constructor(now: () => Instant) {
    this.#now = now
  }

  /** The same application over watched channels. */
  app({ run, ...rest }: AppDefinition): AppDefinition {
    return {
      ...rest,
      run: (channel, context) => {
        const watch = this
        const watched = Object.create(context, {
          extraChannels: { get: () => context.extraChannels.map((each) => watch.channel(each)) },
        }) as typeof context
        return run(this.channel(channel), watched)
      },
    }
  }

  /** The call that the application waits for, the latest when there are several. */
  get pending(): WatchedCall | undefined {
    return this.calls.findLast(({ isPending }) => isPending)
  }

  channel(channel: Channel): Channel {
    return this.#face(channel, channel, '') as Channel
  }

  #face(target: object, channel: Channel, prefix: string): object {
    const known = this.#faces.get(target)
    if (known !== undefined) return known
    const face = new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof key === 'symbol' || typeof value === 'undefined') return bound(value, target)
        if (typeof value === 'function') return this.#function(value as AnyFunction, target, channel, `${prefix}${key}`)
        return WATCHED_OBJECTS.has(key) ? this.#face(value as object, channel, `${key}.`) : value
      },
    })
    this.#faces.set(target, face)
    this.#targets.set(face, target)
    return face
  }

  #function(value: AnyFunction, target: object, channel: Channel, name: string): (...args: unknown[]) => unknown {
    return (...args) => {
      const own = args.map((arg) => (typeof arg === 'object' && arg !== null ? (this.#targets.get(arg) ?? arg) : arg))
      if (UNWATCHED.has(name.slice(name.lastIndexOf('.') + 1))) return Reflect.apply(value, target, own)
      const site = siteOf(new Error())
      const call: WatchedCall = { name, site, channel, startedAt: this.#now(), isPending: true }
      if (this.#isEndless(call)) return new Promise(() => {})
      let result: unknown
      try {
        result = Reflect.apply(value, target, own)
      } catch (error) {
        this.#note(error, site)
        throw error
      }
      if (!(result instanceof Promise)) return result
      this.onAwait(this.calls.push(call) - 1)
      // The application gets the promise that follows: whether it looks at a failure stays its own business.
      return result.then(
        (outcome: unknown) => {
          call.isPending = false
          return outcome
        },
        (error: unknown) => {
          call.isPending = false
          this.#note(error, site)
          throw error
        },
      )
    }
  }

  #note(error: unknown, site: string): void {
    if (typeof error === 'object' && error !== null && !this.siteOfError.has(error)) this.siteOfError.set(error, site)
  }

  #isEndless(call: WatchedCall): boolean {
    if (this.#atOnce.at !== call.startedAt) this.#atOnce = { at: call.startedAt, count: 0 }
    if (++this.#atOnce.count <= MOST_AT_ONCE) return false
    this.calls.push(call)
    this.onEndless(call)
    return true
  }
}

type AnyFunction = (...args: unknown[]) => unknown

const WATCHED_OBJECTS = new Set([
  'filePlayer',
  'fileRecorder',
  'tonePlayer',
  'dtmfPlayer',
  'dtmfDetector',
  'voiceAgent',
])
/** They tell and do not wait. */
const UNWATCHED = new Set(['state', 'cause', 'on', 'error', 'clearDigits', 'audioDetectedInRecording'])

function bound(value: unknown, target: object): unknown {
  return typeof value === 'function' ? value.bind(target) : value
}
