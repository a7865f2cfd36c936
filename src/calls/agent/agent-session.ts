import { AgentError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { AgentCause } from '../enums.ts'
import type { CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { LiveSamples } from '../live/live-format.ts'
import { LiveLink } from '../live/live-link.ts'
import type { AgentConnection, AgentConnector } from './agent-connector.ts'
import type { AgentWishes } from './agent-options.ts'
import { parseAgentMessage, StreamMessages } from './stream-messages.ts'

/**
 * One attachment of an agent to a call.
 *
 *     connecting --onOpen--> open --closed, stopped, hung up, failed--> over
 *
 * An agent that closes the connection in order has said all: what waits is played first. Whatever else ends it ends it at
 * once. The call goes on in any case.
 */
export class AgentSession {
  readonly #core: ChannelCore
  readonly #wishes: AgentWishes
  readonly #onOver: (cause: AgentCause, error: Error | undefined) => void
  readonly #link: LiveLink
  readonly #messages: StreamMessages
  readonly #connection: AgentConnection
  readonly #patience: CallTimer
  readonly #stopListening: () => void
  #phase: 'connecting' | 'open' | 'closed' = 'connecting'
  #end: AgentEnd | undefined
  /** Blocks of the far end's sound that were sent or could not be. */
  #blocks = 0
  #senseless = 0

  /** @throws UsageError when something else feeds the channel */
  constructor(
    core: ChannelCore,
    leg: Leg,
    connector: AgentConnector,
    wishes: AgentWishes,
    onOver: (cause: AgentCause, error: Error | undefined) => void,
  ) {
    const { host } = core
    this.#core = core
    this.#wishes = wishes
    this.#onOver = onOver
    this.#link = new LiveLink(core, leg, 'voiceAgent', wishes.format, {
      onSound: () => this.#sendSound(),
      onEnd: (end, error) => this.#linkEnded(end === 'HANGUP' ? AgentCause.HANGUP : AgentCause.ERROR, error),
    })
    this.#link.speak()
    this.#link.interruptBy(wishes.bargeIn)
    this.#messages = new StreamMessages({
      streamSid: `MZ${host.random.uint32().toString(16).padStart(8, '0')}${leg.details.callId}`,
      callSid: leg.details.callId,
      format: wishes.format,
      customParameters: wishes.parameters,
    })
    this.#patience = host.timer(() =>
      this.finish(AgentCause.ERROR, new AgentError(`no connection within ${wishes.connectTimeoutMs} ms`)),
    )
    this.#patience.setIn(wishes.connectTimeoutMs)
    this.#stopListening = core.events.on('digit', ({ digit }) => this.#onDigit(digit))
    this.#connection = connector.connect(wishes.request, {
      onOpen: () => host.post(() => this.#onOpen()),
      onMessage: (text) => this.#onMessage(text),
      onClose: (isOrderly, reason) => host.post(() => this.#onClose(isOrderly, reason)),
    })
  }

  /** Forgets what the agent has said and was not played yet. */
  clear(): void {
    this.#link.output.clear()
  }

  /** Ends it, unless it has ended; `onOver` follows. */
  finish(cause: AgentCause, error?: Error): void {
    if (this.#end !== undefined) return
    this.#end = { cause, error }
    this.#patience.clear()
    this.#stopListening()
    if (this.#phase === 'open') this.#connection.send(this.#messages.stop())
    if (this.#phase !== 'closed') this.#connection.close()
    this.#phase = 'closed'
    this.#link.stop()
  }

  #linkEnded(cause: AgentCause, error: Error | undefined): void {
    this.finish(cause, error)
    const end = this.#end as AgentEnd | undefined
    this.#onOver(end?.cause ?? cause, end?.error)
  }

  #onOpen(): void {
    if (this.#phase !== 'connecting') return
    this.#phase = 'open'
    this.#patience.clear()
    this.#core.host.count('agentsConnected')
    this.#connection.send(this.#messages.connected())
    this.#connection.send(this.#messages.start())
    this.#link.listen()
  }

  #onClose(isOrderly: boolean, reason: string): void {
    const wasOpen = this.#phase === 'open'
    if (this.#end !== undefined) return
    this.#phase = 'closed'
    if (!isOrderly || !wasOpen) {
      this.finish(AgentCause.ERROR, new AgentError(wasOpen ? `the connection has failed: ${reason}` : reason))
      return
    }
    this.#link.output.mark((outcome) => {
      if (outcome !== 'ENDED') this.#core.host.post(() => this.finish(AgentCause.NORMAL))
    })
  }

  #sendSound(): void {
    const { input } = this.#link
    for (let block = input.read(); block !== undefined; block = input.read()) {
      const atMs = BLOCK_MS * this.#blocks++ + input.lostMs
      if (this.#phase !== 'open') continue
      if (this.#connection.queuedBytes <= MOST_QUEUED_BYTES) this.#connection.send(this.#messages.media(block, atMs))
      else this.#core.host.count('agentSoundUnsentMs', BLOCK_MS)
    }
  }

  #onDigit(digit: string): void {
    if (this.#wishes.sendDigits && this.#phase === 'open') this.#connection.send(this.#messages.dtmf(digit))
  }

  /** Not within a mutation: it touches nothing but what is to be played. */
  #onMessage(text: string | undefined): void {
    if (this.#phase !== 'open' || this.#senseless >= MOST_SENSELESS) return
    const message = text === undefined ? undefined : parseAgentMessage(text, this.#wishes.format)
    if (message === undefined) this.#onSenseless()
    else if (message.type === 'media') this.#say(message.samples)
    else if (message.type === 'clear') this.clear()
    else if (message.type === 'mark') this.#mark(message.name)
  }

  #say(samples: LiveSamples): void {
    const { output } = this.#link
    if (output.bufferedMs <= this.#wishes.maxBufferedMs) output.push(samples)
    else this.#core.host.count('agentSpeechDroppedMs', (1000 * samples.length) / this.#wishes.format.sampleRateHz)
  }

  #mark(name: string): void {
    const { output } = this.#link
    if (output.marks >= MOST_MARKS) {
      this.#onSenseless()
      return
    }
    output.mark(() => {
      if (this.#phase === 'open') this.#connection.send(this.#messages.mark(name))
    })
  }

  #onSenseless(): void {
    const { host } = this.#core
    host.count('agentMessagesRefused')
    if (++this.#senseless < MOST_SENSELESS) return
    const error = new AgentError(`${MOST_SENSELESS} messages of the agent made no sense`)
    host.post(() => this.finish(AgentCause.ERROR, error))
  }
}

interface AgentEnd {
  readonly cause: AgentCause
  readonly error: Error | undefined
}

const BLOCK_MS = 20
/** Some seconds of sound: a network that is further behind will not catch up with a talk. */
const MOST_QUEUED_BYTES = 65_536
/** Agents that mark each piece of some 20 ms of a long speech have as many on their way. */
const MOST_MARKS = 10_000
const MOST_SENSELESS = 100
