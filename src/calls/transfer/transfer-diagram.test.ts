import { expect, test } from 'vitest'
import { TRANSFER_DIAGRAM, type TransferPhase } from './transfer-diagram.ts'

const phases = Object.keys(TRANSFER_DIAGRAM) as TransferPhase[]

/** The phases that can be reached from one. */
function reach(from: TransferPhase, seen = new Set<TransferPhase>()): ReadonlySet<TransferPhase> {
  if (seen.has(from)) return seen
  seen.add(from)
  for (const to of Object.values(TRANSFER_DIAGRAM[from])) reach(to, seen)
  return seen
}

test('a transferred caller may hang up at every moment, and comes back or is gone, in the end', () => {
  for (const phase of phases) {
    const isOver = Object.keys(TRANSFER_DIAGRAM[phase]).length === 0
    expect(TRANSFER_DIAGRAM[phase].callerGone, phase).toBe(isOver ? undefined : 'gone')
    if (!isOver) expect([...reach(phase)], phase).toEqual(expect.arrayContaining(['back', 'gone']))
  }
})

test('every phase is reached from the first ones, and nobody is with a target who was not joined to him', () => {
  expect([...reach('dialling')].toSorted()).toEqual(phases.toSorted())
  for (const phase of phases)
    for (const [step, to] of Object.entries(TRANSFER_DIAGRAM[phase])) expect(to === 'together').toBe(step === 'joined')
})
