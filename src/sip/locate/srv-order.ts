import { integerBelow, type Random } from '../../kit/index.ts'
import type { SrvRecord } from './dns.ts'

/**
 * SRV records in the order in which they are to be tried (RFC 2782): by priority, and among those of one priority by
 * lot, each with the chance that its weight gives it.
 */
export function srvOrder(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const rest = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight)
  const ordered: SrvRecord[] = []
  while (rest.length > 0) {
    const priority = rest[0]?.priority
    const peers = rest.filter((record) => record.priority === priority)
    const total = peers.reduce((sum, { weight }) => sum + weight, 0)
    // A lot from 0 to the total, both included, gives those without weight a very small chance.
    let lot = peers.length === 1 ? 0 : integerBelow(random, total + 1)
    const drawn = peers.find(({ weight }) => {
      lot -= weight
      return lot <= 0
    }) as SrvRecord
    ordered.push(drawn)
    rest.splice(rest.indexOf(drawn), 1)
  }
  return ordered
}
