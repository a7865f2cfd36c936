import { randomFillSync } from 'node:crypto'
import type { Random } from '../kit/index.ts'

/** The operating system's generator, drawn from in blocks: one system call for a thousand numbers. */
export function systemRandom(): Random {
  const block = new Uint32Array(1024)
  let at = block.length
  return {
    uint32() {
      if (at === block.length) {
        randomFillSync(block)
        at = 0
      }
      const value = block[at] as number
      // A number that was handed out is a secret from then on: it may be part of a tag or nonce.
      block[at++] = 0
      return value
    },
  }
}
