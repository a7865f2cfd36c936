import { expect } from 'vitest'
import { EMPTY_SIZES, type Pair } from './wire.ts'

/** After the last retransmission could have come, neither side holds anything. */
export function expectNothingLeft({ wire, alice, bob }: Pair): void {
  wire.run(70_000)
  expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  expect(bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
}
