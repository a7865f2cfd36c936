import { AddressRanges } from './address-ranges.ts'
import type { NetworkSettings } from './config/settings.ts'

/** Which of the configured networks a far end is in. */
export class Networks {
  readonly #networks: readonly { readonly settings: NetworkSettings; readonly ranges: AddressRanges }[]

  constructor(networks: readonly NetworkSettings[]) {
    this.#networks = networks.map((settings) => ({ settings, ranges: new AddressRanges(settings.ranges) }))
  }

  /** The first network that holds an IP address; none for a host name. */
  of(address: string | undefined): NetworkSettings | undefined {
    if (this.#networks.length === 0 || address === undefined) return undefined
    return this.#networks.find(({ ranges }) => ranges.has(address))?.settings
  }
}
