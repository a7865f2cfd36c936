import { UsageError } from '../../kit/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { AgentCause } from '../enums.ts'
import type { JobState } from '../media-job.ts'
import { type AgentOptions, agentWishes, publicUrl } from './agent-options.ts'
import { AgentSession } from './agent-session.ts'

/**
 * Attaches a program that listens and speaks, such as an AI agent, to the call: it is dialled by WebSocket, and talks in
 * messages of the shape of Twilio Media Streams. While it is attached it has the place of the transmitter; recorders and
 * digits go on.
 */
export class VoiceAgent {
  readonly #core: ChannelCore
  #session: AgentSession | undefined
  #cause: AgentCause = AgentCause.NONE
  #error: Error | undefined
  #finished: Promise<void> = Promise.resolve()

  constructor(core: ChannelCore) {
    this.#core = core
  }

  state(): JobState {
    return this.#session === undefined ? 'IDLE' : 'RUNNING'
  }

  /** Why the last attachment ended; NONE while one runs or none ever did. */
  cause(): AgentCause {
    return this.#cause
  }

  /** What went wrong, when {@link cause} is ERROR. */
  error(): Error | undefined {
    return this.#error
  }

  /**
   * Dials an agent, lets it and the far end talk, and resolves with the cause when that has ended: NORMAL when the agent
   * closed the connection, after what it had said was played; ERROR when it could not be reached, vanished, or talked
   * nonsense: the call goes on, and it can be tried again.
   * @param url `wss://...`, or `ws://...` where nobody can listen in
   * @throws UsageError for wrong options, when an agent is attached or something else plays; Hangup, UsageError as every
   *   media function
   */
  async connect(url: string, options: AgentOptions = {}): Promise<AgentCause> {
    this.start(url, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(url: string, options: AgentOptions = {}): void {
    const wishes = agentWishes(url, options)
    const { host } = this.#core
    if (host.agents === undefined)
      throw new UsageError('voiceAgent.connect: nothing dials agents here; give the exchange `agents`')
    const leg = this.#core.requireAnswered('voiceAgent.connect')
    if (this.#session !== undefined)
      throw new UsageError('voiceAgent is already running; stop it or wait until it finished')
    let resolve: () => void = () => {}
    const what = publicUrl(url)
    this.#session = new AgentSession(this.#core, leg, host.agents, wishes, (cause, error) => {
      this.#session = undefined
      this.#cause = cause
      this.#error = error
      leg.record?.add(host.now, { type: 'finished', job: NAME, cause })
      if (error !== undefined) {
        host.count('agentsFailed')
        host.logger.warn({ err: error, agent: what, callId: leg.details.callId }, `voiceAgent failed: ${error.message}`)
      }
      resolve()
    })
    this.#cause = AgentCause.NONE
    this.#error = undefined
    this.#finished = new Promise((r) => {
      resolve = r
    })
    leg.record?.add(host.now, { type: 'started', job: NAME, what })
  }

  /** Forgets what the agent has said and was not played yet: at most two packets after it, the far end hears silence. */
  clear(): void {
    this.#session?.clear()
  }

  /** Ends the attachment with ABORTED and resolves when it has ended; nothing happens when there is none. */
  async stop(): Promise<AgentCause> {
    const session = this.#session
    if (session !== undefined) this.#core.host.post(() => session.finish(AgentCause.ABORTED))
    return this.waitUntilFinished()
  }

  /** Resolves with the cause when the attachment has ended, at once when there is none. */
  async waitUntilFinished(): Promise<AgentCause> {
    await this.#finished
    return this.#cause
  }
}

const NAME = 'voiceAgent'
