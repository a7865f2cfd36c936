import { LEG_DIAGRAMS } from '../src/calls/leg-diagram.ts'
import { TRANSFER_DIAGRAM } from '../src/calls/transfer/transfer-diagram.ts'

type Edge = readonly [from: string, to: string, by?: string]

/** The page of state diagrams, drawn from the tables that the code itself walks along. */
export function statePage(): string {
  return `# States

Drawn from the tables in the code: \`src/calls/leg-diagram.ts\` and \`src/calls/transfer/transfer-diagram.ts\`. After a change of
those: \`npx vitest run --project unit tools/state-docs.test.ts -u\`.

## An incoming call

What \`channel.state()\` reads, from the first event to the last. Every state may end in \`IDLE\`, which is left out.

${drawn([['[*]', 'CALL_INCOMING'], ...legEdges('inbound')])}

## An outgoing call

A call to a conference room that carries a transferred caller goes from \`CALL_OUTGOING\` to \`TRANSFERRED\` at once.

${drawn([['[*]', 'CALL_OUTGOING'], ...legEdges('outbound')])}

## A transfer

Where a caller is who is transferred, and by which step he goes on: for \`managedTransfer\`, \`retrievableTransfer\` and
\`transferToInboundService\` from \`dialling\`, for \`transferToConferenceRoom\` and \`joinConferenceRoom\` from \`joining\`. His channel
is \`TRANSFERRING\` until he is \`together\` with the target (\`TRANSFERRED\`); when he is taken back it is \`RECONNECTING\`.
A step that is not drawn came too late, and nothing follows from it.

${drawn([['[*]', 'dialling', 'to targets'], ['[*]', 'joining', 'into a room'], ...transferEdges()])}
`
}

function legEdges(direction: 'inbound' | 'outbound'): Edge[] {
  return Object.entries(LEG_DIAGRAMS[direction]).flatMap(([from, followers]) =>
    followers.filter((to) => to !== 'IDLE').map((to): Edge => [from, to]),
  )
}

function transferEdges(): Edge[] {
  const edges = Object.entries(TRANSFER_DIAGRAM).flatMap(([from, steps]) =>
    Object.entries(steps).map(([step, to]): Edge => [from, to, step]),
  )
  return [...edges, ['back', '[*]'], ['gone', '[*]'], ['handedOn', '[*]']]
}

function drawn(edges: readonly Edge[]): string {
  const lines = edges.map(([from, to, by]) => `    ${from} --> ${to}${by === undefined ? '' : `: ${by}`}`)
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n')
}
