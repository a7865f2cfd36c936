import { expect, it } from 'vitest'
import { spokenTransports } from './listener-choice.ts'

it.each([
  [
    ['udp', 'tcp'],
    ['udp', 'tcp'],
  ],
  [
    ['tls', 'udp', 'tcp'],
    ['udp', 'tcp', 'tls'],
  ],
  [
    ['udp', 'tls', 'tls'],
    ['udp', 'tls', 'tcp'],
  ],
  [['tls'], ['tls', 'tcp']],
  [['udp'], ['udp', 'tcp']],
] as const)('who listens on %j may send over %j', (listened, spoken) => {
  const sockets = listened.map((transport) => ({ transport, address: '192.0.2.1', port: 5060 }))
  expect(spokenTransports(sockets)).toEqual(spoken)
})
