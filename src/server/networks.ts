import { BlockList, isIP } from 'node:net'
import type { NetworkSettings } from './config/settings.ts'

/** Which of the configured networks a far end is in. */
export class Networks {
  readonly #networks: readonly { readonly settings: NetworkSettings; readonly list: BlockList }[]

  constructor(networks: readonly NetworkSettings[]) {
    this.#networks = networks.map((settings) => ({ settings, list: listOf(settings.ranges) }))
  }

  /** The first network that holds an IP address; none for a host name. */
  of(address: string | undefined): NetworkSettings | undefined {
    if (this.#networks.length === 0 || address === undefined) return undefined
    const family = isIP(address)
    if (family === 0) return undefined
    return this.#networks.find(({ list }) => list.check(address, family === 6 ? 'ipv6' : 'ipv4'))?.settings
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address, prefix] = range.split('/') as [string, string?]
    const isV6 = isIP(address) === 6
    list.addSubnet(address, Number(prefix ?? (isV6 ? 128 : 32)), isV6 ? 'ipv6' : 'ipv4')
  }
  return list
}
