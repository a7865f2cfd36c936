import { Sequence } from '../../kit/index.ts'
import type { MachineDriver } from '../clock/machine-driver.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import { SimulatedHost } from './host.ts'
import type { NetworkInput, NetworkOutput, StreamId } from './port.ts'
import type { SimulatedNetwork } from './simulated-network.ts'

/** The hosts on a simulated network: drives the network and hands each output to the host that it is for. */
export class Hosts {
  readonly #network: SimulatedNetwork
  readonly #driver: MachineDriver<NetworkInput, NetworkOutput>
  readonly #hosts = new Map<string, SimulatedHost>()
  readonly #streamOwners = new Map<StreamId, SimulatedHost>()
  readonly #streamIds = new Sequence()

  /** @param observe sees every output first; the ladder diagram is drawn from it */
  constructor(clock: VirtualClock, network: SimulatedNetwork, observe: (output: NetworkOutput, now: number) => void) {
    this.#network = network
    this.#driver = clock.drive(network, {
      name: 'network (packets in flight)',
      onOutput: (output, now) => {
        observe(output, now)
        this.#dispatch(output)
      },
    })
  }

  /** The host at `address`, made when it is not there yet. */
  host(address: string, name?: string): SimulatedHost {
    const known = this.#hosts.get(address)
    if (known !== undefined) return known
    const host: SimulatedHost = new SimulatedHost(
      {
        handle: (input) => {
          if (input.type === 'connect') this.#streamOwners.set(input.stream, host)
          else if (input.type === 'end' || input.type === 'reset' || input.type === 'forget')
            this.#streamOwners.delete(input.stream)
          this.#driver.handle(input)
        },
        nextStream: () => this.#streamIds.next(),
      },
      address,
      name,
    )
    this.#hosts.set(address, host)
    this.#network.addHost(address)
    return host
  }

  #dispatch(output: NetworkOutput): void {
    switch (output.type) {
      case 'datagram':
        this.#hosts.get(output.to.address)?.receiveDatagram(output.to.port, output.bytes, output.from, output.truth)
        return
      case 'unreachable':
        this.#hosts.get(output.at.address)?.receiveUnreachable(output.at.port, output.about)
        return
      case 'accepted': {
        const host = this.#hosts.get(output.local.address)
        if (host === undefined) return
        this.#streamOwners.set(output.stream, host)
        host.acceptStream(output.stream, output.local, output.remote)
        return
      }
      case 'connected':
        this.#streamOwners.get(output.stream)?.streamEvent(output.stream, { type: 'open' })
        return
      case 'data':
        this.#streamOwners.get(output.stream)?.streamEvent(output.stream, { type: 'data', bytes: output.bytes })
        return
      case 'refused':
        this.#close(output.stream, output.reason)
        return
      case 'ended':
      case 'reset':
        this.#close(output.stream, output.type)
    }
  }

  #close(stream: StreamId, reason: 'ended' | 'reset' | 'refused' | 'timeout'): void {
    const owner = this.#streamOwners.get(stream)
    this.#streamOwners.delete(stream)
    owner?.streamEvent(stream, { type: 'closed', reason })
  }
}
