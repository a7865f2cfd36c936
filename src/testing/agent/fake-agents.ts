import type { AgentConnection, AgentConnector, AgentListener, AgentRequest } from '../../calls/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { LiveUtterance } from '../truth/live-truth.ts'
import type { Truth } from '../truth/truth.ts'
import { FakeAgent } from './fake-agent.ts'

/** What a voice agent does with a caller, from the moment when the connection stands. When it returns, it hangs up. */
export type AgentScript = (agent: FakeAgent) => Promise<void>

/** What fake agents need of the simulation around them. */
export interface AgentWorld {
  readonly clock: VirtualClock
  /** Runs a script as part of the simulation; the test fails when it does. */
  runScript(script: () => Promise<void>): void
  /** What the caller said whose sound is being sent. */
  truthOfTap(): Truth | undefined
}

/**
 * Voice agents in virtual time, each at its address: an exchange that dials an address without one is refused. A message
 * takes 5 ms either way.
 */
export class FakeAgents implements AgentConnector {
  /** Every agent that was dialled, in order. */
  readonly dialled: FakeAgent[] = []
  /** Everything that agents have said. */
  readonly said: LiveUtterance[] = []
  readonly #scripts: Readonly<Record<string, AgentScript>>
  #world: AgentWorld | undefined

  /** @param scripts what the agent at each address does */
  constructor(scripts: Readonly<Record<string, AgentScript>>) {
    this.#scripts = scripts
  }

  /** @internal The simulation that they live in. */
  settle(world: AgentWorld): void {
    this.#world = world
  }

  connect(request: AgentRequest, listener: AgentListener): AgentConnection {
    const world = this.#world as AgentWorld
    const script = Object.hasOwn(this.#scripts, request.url) ? this.#scripts[request.url] : undefined
    const agent = new FakeAgent(request, listener, world, (utterance) => this.said.push(utterance))
    if (script === undefined) agent.refuse('connection refused')
    else {
      this.dialled.push(agent)
      agent.accept(() => world.runScript(async () => agent.run(script)))
    }
    return agent.connection
  }
}
