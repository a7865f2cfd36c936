import { expect, it } from 'vitest'
import { ControlLatch } from './control-latch.ts'

const SIGNALLED = { address: '10.0.0.5', port: 4001 }
const RTP = { address: '198.51.100.7' }
const SEEN = { ...RTP, port: 61_234 }

function latch(): ControlLatch {
  const control = new ControlLatch()
  control.signal(SIGNALLED.address, SIGNALLED.port)
  return control
}

const target = ({ address, port }: ControlLatch): { address: string; port: number } => ({ address, port })

it('sends where the description says until somebody was heard', () => {
  const control = latch()
  expect(target(control)).toEqual(SIGNALLED)
  expect(control.mayCome(SEEN, RTP, 0)).toBe(true)
  expect(target(control)).toEqual(SIGNALLED)
  control.heard(SEEN, 0)
  expect(target(control)).toEqual(SEEN)
})

it('hears the signalled address, and one port of the machine whose RTP is heard', () => {
  const control = latch()
  control.heard(SEEN, 0)
  expect(control.mayCome(SEEN, RTP, 100)).toBe(true)
  expect(control.mayCome(SIGNALLED, RTP, 100)).toBe(true)
  expect(control.mayCome({ ...RTP, port: 61_235 }, RTP, 100)).toBe(false)
  expect(control.mayCome({ ...SIGNALLED, port: 4003 }, RTP, 100)).toBe(false)
  expect(control.mayCome({ address: '203.0.113.1', port: 61_234 }, RTP, 100)).toBe(false)
})

it('follows to another port of that machine when the first has been silent for long', () => {
  const control = latch()
  control.heard(SEEN, 0)
  const moved = { ...RTP, port: 61_300 }
  expect(control.mayCome(moved, RTP, 24_999)).toBe(false)
  expect(control.mayCome(moved, RTP, 25_000)).toBe(true)
  expect(control.mayCome({ address: '203.0.113.1', port: 1 }, RTP, 1_000_000)).toBe(false)
})

it('begins anew with another signalled address only', () => {
  const control = latch()
  control.heard(SEEN, 0)
  control.signal(SIGNALLED.address, SIGNALLED.port)
  expect(target(control)).toEqual(SEEN)
  control.signal('10.0.0.6', 4001)
  expect(target(control)).toEqual({ address: '10.0.0.6', port: 4001 })
})
