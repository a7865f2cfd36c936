import { BlockList, isIP } from 'node:net'

/** IP addresses, and ranges of them such as `10.0.0.0/8` and `fd00::/8`, which the configuration has checked. */
export class AddressRanges {
  readonly #list = new BlockList()

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address, prefix] = range.split('/') as [string, string?]
      const isV6 = isIP(address) === 6
      this.#list.addSubnet(address, Number(prefix ?? (isV6 ? 128 : 32)), isV6 ? 'ipv6' : 'ipv4')
    }
  }

  /** Whether an IP address is in one of them; a host name is in none. */
  has(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}
