import { Fifo, type Instant, type Machine, NEVER } from '../../kit/index.ts'
import type { Scheduled, VirtualClock } from './virtual-clock.ts'

/** Where the outputs of a driven machine go. */
export interface MachineDriverOptions<Output> {
  /** Who this is, for the report of a simulation that got stuck. */
  readonly name: string
  /** Takes each output. It may feed any machine, this one too: such an input waits until the drain is done. */
  readonly onOutput: (output: Output, now: Instant) => void
  /** The machine calls application code or resolves its promises, so that it must get a turn after each mutation. */
  readonly runsApplications?: boolean
}

/** The driver of the machine contract in virtual time: mutate, drain, re-arm one deadline. */
export class MachineDriver<Input, Output> implements Scheduled {
  readonly name: string
  readonly machine: Machine<Input, Output>
  readonly #clock: VirtualClock
  readonly #options: MachineDriverOptions<Output>
  readonly #inbox = new Fifo<Input>()
  #busy = false
  #woken = false
  #stopped = false
  #stalledUntil: Instant = 0

  constructor(clock: VirtualClock, machine: Machine<Input, Output>, options: MachineDriverOptions<Output>) {
    this.name = options.name
    this.machine = machine
    this.#clock = clock
    this.#options = options
    this.#rearm()
  }

  /** Hands in an input that happens now. */
  handle(input: Input): void {
    if (this.#stopped) return
    this.#inbox.push(input)
    if (this.#busy) return
    this.#mutate(() => {})
  }

  /** Lets the machine act at this same instant, after what is due already: application code has queued work in it. */
  wake(): void {
    this.#woken = true
    this.#rearm()
  }

  /** Called by the clock at the machine's deadline. */
  run(now: Instant): void {
    this.#woken = false
    this.#mutate(() => this.machine.expire(now))
  }

  /** Does not let the machine expire for so long, as when its thread does not get the processor. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now + ms
    this.#rearm()
  }

  /** Takes the machine off the clock, as if its process had been killed: it handles and sends nothing more. */
  stop(): void {
    this.#stopped = true
    this.#inbox.clear()
    this.#clock.schedule(this, NEVER)
  }

  #mutate(first: () => void): void {
    this.#busy = true
    try {
      first()
      this.#drain()
      for (let input = this.#inbox.shift(); input !== undefined; input = this.#inbox.shift()) {
        this.machine.handle(input, this.#clock.now)
        this.#drain()
      }
    } finally {
      this.#busy = false
    }
    if (this.#options.runsApplications === true) this.#clock.signal()
    this.#rearm()
  }

  #drain(): void {
    const { onOutput } = this.#options
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (!this.#stopped) onOutput(output, this.#clock.now)
    }
  }

  #rearm(): void {
    if (this.#stopped) return
    const due = this.#woken ? this.#clock.now : this.machine.deadline()
    this.#clock.schedule(this, Math.max(due, this.#stalledUntil))
  }
}
