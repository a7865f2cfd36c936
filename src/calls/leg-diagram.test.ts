import { describe, expect, it } from 'vitest'
import { State } from './enums.ts'
import { LEG_DIAGRAMS, offDiagram } from './leg-diagram.ts'

describe('the diagrams of legs', () => {
  it.each(Object.entries(LEG_DIAGRAMS))(
    '%s: every state leads to IDLE, and no state is named that has no way on',
    (_, diagram) => {
      for (const followers of Object.values(diagram)) {
        expect(followers).toContain(State.IDLE)
        for (const state of followers) expect(state === State.IDLE || diagram[state] !== undefined, state).toBe(true)
      }
    },
  )

  it('say which step they do not allow', () => {
    const { inbound, outbound } = LEG_DIAGRAMS
    expect(offDiagram(['CALL_INCOMING', 'RING_INCOMING', 'ANSWERING', 'ANSWERED', 'IDLE'], inbound)).toBeUndefined()
    expect(offDiagram(['CALL_OUTGOING', 'ANSWERED', 'RING_OUTGOING', 'IDLE'], outbound)).toBe(
      'ANSWERED -> RING_OUTGOING',
    )
    expect(offDiagram(['CALL_OUTGOING', 'IDLE', 'IDLE'], outbound)).toBe('IDLE -> IDLE')
    expect(offDiagram(['CALL_OUTGOING'], inbound)).toBe('CALL_OUTGOING is not in it')
  })
})
