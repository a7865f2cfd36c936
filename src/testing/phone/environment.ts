import type { Random } from '../../kit/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { SimulatedHost, UdpSocket } from '../network/host.ts'

/** The time that a phone lives in: virtual in a simulation, the machine's own on real sockets. */
export type PhoneClock = Pick<VirtualClock, 'now' | 'after' | 'waiter' | 'pull' | 'sleep'>

/** The machine that a phone stands on. */
export type PhoneHost = Pick<SimulatedHost, 'address' | 'name' | 'bindUdp' | 'listen' | 'connect'>

export type PhoneSocket = UdpSocket

/** What a phone is given. */
export interface PhoneEnvironment {
  readonly clock: PhoneClock
  readonly host: PhoneHost
  readonly random: Random
  readonly resolve: (name: string) => string
  /** The exchange, with its port unless that is 5060, for a number or user that is called without a host. */
  readonly exchangeAddress: string
  /** Its SIP port, 0 for any free one. Default 5060. */
  readonly sipPort?: number
  /** What is said comes with its words beside the sound. Default true, as in every simulation. */
  readonly hearsWords?: boolean
  /** Hears what the phone does and hears, for the transcript. */
  readonly onEvent: (text: string) => void
  /** What is added to the message of a failed expectation: the transcript and the ladder. */
  readonly story: () => string
  /** Runs a script of the phone as a part of the simulation. */
  readonly runScript: (script: () => Promise<void>) => void
}
