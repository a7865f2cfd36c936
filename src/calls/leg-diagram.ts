import { State } from './enums.ts'

/** For each state of a call the states that may follow it at once. */
export type LegDiagram = Readonly<Partial<Record<State, readonly State[]>>>

const CONNECTED: LegDiagram = {
  ANSWERED: [State.HOLDING, State.ON_HOLD, State.TRANSFERRING, State.IDLE],
  HOLDING: [State.ANSWERED, State.ON_HOLD, State.IDLE],
  ON_HOLD: [State.ANSWERED, State.HOLDING, State.TRANSFERRING, State.IDLE],
  TRANSFERRING: [State.TRANSFERRED, State.ANSWERED, State.ON_HOLD, State.IDLE],
  TRANSFERRED: [State.TRANSFERRING, State.RECONNECTING, State.ANSWERED, State.ON_HOLD, State.IDLE],
  RECONNECTING: [State.ANSWERED, State.ON_HOLD, State.IDLE],
}

/**
 * Every way that a call can take, from its first state to IDLE. What an application sees of a call is a path through
 * the diagram of its direction, whatever the far end does; the model test holds that.
 */
export const LEG_DIAGRAMS: Readonly<Record<'inbound' | 'outbound', LegDiagram>> = {
  inbound: {
    CALL_INCOMING: [State.RING_INCOMING, State.ANSWERING, State.ERROR, State.IDLE],
    RING_INCOMING: [State.ANSWERING, State.ERROR, State.IDLE],
    ERROR: [State.IDLE],
    ANSWERING: [State.ANSWERED, State.IDLE],
    ...CONNECTED,
  },
  outbound: {
    CALL_OUTGOING: [State.RING_OUTGOING, State.ANSWERED, State.TRANSFERRED, State.IDLE],
    RING_OUTGOING: [State.ANSWERED, State.IDLE],
    ...CONNECTED,
  },
}

/** The first step of a path of states that a diagram does not allow, such as `ANSWERED -> RING_OUTGOING`. */
export function offDiagram(path: readonly State[], diagram: LegDiagram): string | undefined {
  for (const [index, state] of path.entries()) {
    const next = path[index + 1]
    if (next === undefined)
      return diagram[state] === undefined && state !== State.IDLE ? `${state} is not in it` : undefined
    if (diagram[state]?.includes(next) !== true) return `${state} -> ${next}`
  }
  return undefined
}
