import { expect, test } from 'vitest'
import { Holds } from './holds.ts'

/** Who holds whom now. */
const who = ({ isHolding, isHeld }: Holds) => `${isHolding ? 'we hold' : '-'}, ${isHeld ? 'they hold' : '-'}`

test('our hold counts once it is taken, and again when it is taken back', () => {
  const holds = new Holds()
  expect(holds.directionOfOffer()).toBe('sendrecv')
  holds.accepted('sendrecv')
  expect(holds.directionOfChange(true)).toBe('sendonly')
  expect(who(holds)).toBe('-, -')
  expect(holds.directionOfAnswer).toBe('sendrecv')
  holds.accepted('sendonly')
  expect(who(holds)).toBe('we hold, -')
  expect([holds.directionOfAnswer, holds.directionOfOffer()]).toEqual(['sendonly', 'sendonly'])
  expect(holds.directionOfChange(false)).toBe('sendrecv')
  holds.accepted('sendrecv')
  expect(who(holds)).toBe('-, -')
})

test('a far end that does not want our music does not hold us', () => {
  const holds = new Holds()
  holds.directionOfChange(true)
  holds.accepted('inactive')
  expect(who(holds)).toBe('we hold, -')
})

test('a far end holds us by its offer, or by its answer to one that asked for everything', () => {
  for (const agreed of ['recvonly', 'inactive'] as const) {
    const byOffer = new Holds()
    byOffer.answered(agreed)
    expect(who(byOffer)).toBe('-, they hold')
    byOffer.answered('sendrecv')
    expect(who(byOffer)).toBe('-, -')
    const byAnswer = new Holds()
    byAnswer.directionOfOffer()
    byAnswer.accepted(agreed)
    expect(who(byAnswer)).toBe('-, they hold')
  }
})

test('a far end that only listens does not hold us', () => {
  const holds = new Holds()
  holds.answered('sendonly')
  expect(who(holds)).toBe('-, -')
})

test('our changes leave the far end its hold, and only its own offer ends it', () => {
  const holds = new Holds()
  holds.answered('recvonly')
  expect(holds.directionOfChange(true)).toBe('inactive')
  holds.accepted('inactive')
  expect(who(holds)).toBe('we hold, they hold')
  expect(holds.directionOfChange(false)).toBe('recvonly')
  holds.accepted('recvonly')
  expect(who(holds)).toBe('-, they hold')
  // Asked for an offer, we want everything: the far end may take us back so.
  expect(holds.directionOfOffer()).toBe('sendrecv')
  holds.accepted('sendrecv')
  expect(who(holds)).toBe('-, -')
})
