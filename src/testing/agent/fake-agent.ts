import type { AgentConnection, AgentListener, AgentRequest } from '../../calls/index.ts'
import { fromBase64, type Instant, toBase64 } from '../../kit/index.ts'
import { codecNamed, levelDbm0, RateConverter } from '../../media/index.ts'
import { ExpectationError } from '../phone/expectation-error.ts'
import type { WithinOptions } from '../phone/expectations.ts'
import type { LiveUtterance } from '../truth/live-truth.ts'
import { type Truth, type Utterance, wordsHeard } from '../truth/truth.ts'
import { voiceOf } from '../truth/voice.ts'
import type { AgentScript, AgentWorld } from './fake-agents.ts'

/** A message of the exchange, as it came. */
export interface StreamMessage {
  readonly event: string
  readonly sequenceNumber?: string
  readonly streamSid?: string
  readonly start?: {
    readonly callSid: string
    readonly mediaFormat: { readonly encoding: string; readonly sampleRate: number }
    readonly customParameters: Readonly<Record<string, string>>
  }
  readonly media?: { readonly chunk: string; readonly timestamp: string; readonly payload: string }
  readonly mark?: { readonly name: string }
  readonly dtmf?: { readonly digit: string }
}

/**
 * A voice agent in the hands of a script: it hears what the caller says, word by word, and speaks with the synthetic voice of
 * the test kit, in the messages that real agents use.
 */
export class FakeAgent {
  /** With what headers it was dialled. */
  readonly request: AgentRequest
  /** What came but sound, in order. */
  readonly messages: StreamMessage[] = []
  /** Digits that the caller pressed. */
  digits = ''
  /** @internal The end in the hands of the exchange. */
  readonly connection: AgentConnection
  /** When sound of the caller came last that is not silence. */
  lastSoundAt: Instant = Number.NEGATIVE_INFINITY
  /** Messages of sound. */
  chunks = 0
  readonly #listener: AgentListener
  readonly #world: AgentWorld
  readonly #onSaid: (utterance: LiveUtterance) => void
  readonly #heard: Heard[] = []
  readonly #looking = new Set<() => void>()
  #piece = 0
  #letter = 0
  #marks = 0
  #isOpen = false
  #isDialled = true

  /** @internal Made when an exchange dials it. */
  constructor(
    request: AgentRequest,
    listener: AgentListener,
    world: AgentWorld,
    onSaid: (utterance: LiveUtterance) => void,
  ) {
    this.request = request
    this.#listener = listener
    this.#world = world
    this.#onSaid = onSaid
    this.connection = {
      queuedBytes: 0,
      send: (text) => {
        const truth = this.#world.truthOfTap()
        this.#later(() => this.#take(text, truth))
      },
      close: () => {
        this.#isDialled = false
        this.#later(() => this.#closed())
      },
    }
  }

  /** What the exchange said at the beginning. */
  get start(): NonNullable<StreamMessage['start']> {
    const start = this.messages.find(({ event }) => event === 'start')?.start
    if (start === undefined) throw new ExpectationError('the agent has not heard "start" yet')
    return start
  }

  /** Whether the connection stands. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Speaks, all at once as speech engines do.
   * @returns whether it was played to the end; false when it was cleared, or the caller has gone
   */
  async say(text: string): Promise<boolean> {
    const { sampleRate } = this.start.mediaFormat
    const samples = this.#encoded(voiceOf(text).data as Int16Array)
    const lengthMs = (1000 * samples.length) / sampleRate
    this.#onSaid({ utterance: { speaker: 'agent', text, lengthMs }, samples, sampleRateHz: sampleRate })
    const name = `said ${++this.#marks}`
    const endsAt = this.#world.clock.now + lengthMs
    this.send({ event: 'media', media: { payload: toBase64(bytesOf(samples)) } })
    this.send({ event: 'mark', mark: { name } })
    await this.until(
      `expected "${text}" to be played`,
      () => !this.#isOpen || this.messages.some(({ mark }) => mark?.name === name),
      { withinMs: lengthMs + 60_000 },
    )
    return this.#isOpen && this.#world.clock.now >= endsAt
  }

  /** Silences what the exchange has not played yet. */
  clear(): void {
    this.send({ event: 'clear' })
  }

  /** Sends a message, or any text. */
  send(message: object | string): void {
    const text =
      typeof message === 'string' ? message : JSON.stringify({ streamSid: this.messages[1]?.streamSid, ...message })
    this.#later(() => {
      if (this.#isDialled) this.#listener.onMessage(text)
    })
  }

  /** Waits until the caller has said something that matches. What was waited for is used up. */
  async expectSpeech(pattern: RegExp | string, options?: WithinOptions): Promise<string> {
    let found: string | undefined
    await this.until(
      `expected to hear ${String(pattern)}`,
      () => {
        found ??= this.#takeSpeech(pattern)
        return found !== undefined
      },
      options,
    )
    return found as string
  }

  /** Waits until the caller has hung up, or the exchange has let it go otherwise. */
  async expectEnd(options?: WithinOptions): Promise<void> {
    await this.until('expected the end of the connection', () => !this.#isOpen, options)
  }

  /** Waits until something holds; it is asked whenever a message has come. */
  async until(what: string, holds: () => boolean, { withinMs = 30_000 }: WithinOptions = {}): Promise<void> {
    const { clock } = this.#world
    if (holds()) return
    const waiter = clock.waiter<void>(`agent ${what}`)
    const heard = () => this.#heard.map(({ utterance, reachedMs }) => wordsHeard(utterance, reachedMs)).join(' | ')
    const callOff = clock.after(withinMs, () =>
      waiter.reject(
        new ExpectationError(`${what}: nothing within ${withinMs / 1000} s; heard: ${heard() || 'nothing'}`),
      ),
    )
    const look = (): void => {
      if (holds()) waiter.resolve()
    }
    this.#looking.add(look)
    await waiter.promise.finally(() => {
      callOff()
      this.#looking.delete(look)
    })
  }

  /** Closes the connection in order. */
  close(): void {
    if (!this.#isOpen) return
    this.#closed()
    this.#later(() => {
      if (this.#isDialled) this.#listener.onClose(true, 'closed')
    })
  }

  /** Is gone without a word, as a process that was killed. */
  vanish(): void {
    this.#closed()
    this.#later(() => {
      if (this.#isDialled) this.#listener.onClose(false, 'connection reset')
    })
  }

  /** @internal */
  refuse(reason: string): void {
    this.#later(() => {
      if (this.#isDialled) this.#listener.onClose(false, reason)
    })
  }

  /** @internal */
  accept(run: () => void): void {
    this.#later(() => {
      if (!this.#isDialled) return
      this.#isOpen = true
      this.#listener.onOpen()
      this.#world.clock.after(2 * LATENCY_MS + 1, run, 'agent')
    })
  }

  /** @internal */
  async run(script: AgentScript): Promise<void> {
    await this.until('expected "start"', () => this.messages.length >= 2)
    await script(this)
    this.close()
  }

  #later(action: () => void): void {
    const { clock } = this.#world
    const act = (): void => {
      clock.signal()
      action()
    }
    clock.after(LATENCY_MS, act, 'message of an agent')
  }

  #closed(): void {
    this.#isOpen = false
    this.#changed()
  }

  #changed(): void {
    for (const look of [...this.#looking]) look()
  }

  #take(text: string, truth: Truth | undefined): void {
    if (!this.#isOpen) return
    const message = JSON.parse(text) as StreamMessage
    if (message.media !== undefined) this.#hear(message.media.payload, truth)
    else this.messages.push(message)
    this.digits += message.dtmf?.digit ?? ''
    this.#changed()
  }

  #hear(payload: string, truth: Truth | undefined): void {
    this.chunks++
    if (levelDbm0(this.#decoded(fromBase64(payload))) <= AUDIBLE_DBM0) return
    this.lastSoundAt = this.#world.clock.now
    if (truth === undefined) return
    const { utterance, positionMs } = truth
    const reachedMs = positionMs + CHUNK_MS
    const piece = this.#heard.find((each) => each.utterance === utterance)
    if (piece === undefined) this.#heard.push({ utterance, reachedMs })
    else piece.reachedMs = Math.max(piece.reachedMs, reachedMs)
  }

  #takeSpeech(pattern: RegExp | string): string | undefined {
    for (; this.#piece < this.#heard.length; this.#piece++, this.#letter = 0) {
      const { utterance, reachedMs } = this.#heard[this.#piece] as Heard
      const words = wordsHeard(utterance, reachedMs).slice(this.#letter)
      const found = new RegExp(pattern, typeof pattern === 'string' ? 'i' : pattern.flags.replace(/[gy]/g, '')).exec(
        words,
      )
      if (found !== null) {
        this.#letter += found.index + found[0].length
        return found[0]
      }
      if (this.#piece === this.#heard.length - 1) return undefined
    }
    return undefined
  }

  #decoded(bytes: Uint8Array): Int16Array {
    const codec = CODECS[this.start.mediaFormat.encoding]
    if (codec === undefined) return new Int16Array(bytes.slice().buffer)
    const samples = new Int16Array(bytes.length)
    codecNamed(codec).decodeInto(bytes, 0, bytes.length, samples, 0)
    return samples
  }

  #encoded(samples: Int16Array): Int16Array | Uint8Array {
    const { encoding, sampleRate } = this.start.mediaFormat
    const codec = CODECS[encoding]
    if (codec === undefined) return new RateConverter(8000, sampleRate).push(samples).slice()
    const octets = new Uint8Array(samples.length)
    codecNamed(codec).encodeInto(samples, 0, samples.length, octets, 0)
    return octets
  }
}

/** Something that the caller says, as far as it was heard. */
interface Heard {
  readonly utterance: Utterance
  reachedMs: number
}

function bytesOf(samples: Int16Array | Uint8Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
}

const LATENCY_MS = 5
const CHUNK_MS = 20
const AUDIBLE_DBM0 = -45
/** Anything else is 16-bit samples. */
const CODECS: Readonly<Partial<Record<string, 'PCMU' | 'PCMA'>>> = { 'audio/x-mulaw': 'PCMU', 'audio/x-alaw': 'PCMA' }
