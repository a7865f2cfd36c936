import { describe, expect, it } from 'vitest'
import { Counters, Sequence, seededRandom, utf8Decode, utf8Encode } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { Connections } from './connections.ts'
import type { ConnectionsCounter, ConnectionsInput, ConnectionsLimits } from './port.ts'

const request = (method: string, via = 'SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1') =>
  utf8Encode(
    `${method} sip:a@192.0.2.9 SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:a@x>\r\nCall-ID: 1\r\nCSeq: 1 ${method}\r\nContent-Length: 0\r\n\r\n`,
  )
const OK = utf8Encode('SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n')
const FAR = { address: '192.0.2.1', port: 5060 }
const TCP: Peer = { transport: 'tcp', ...FAR }

function setUp(limits: Partial<ConnectionsLimits> = {}) {
  const ids = new Sequence()
  const counters = new Counters<ConnectionsCounter>()
  const machine = new Connections({ ids, random: seededRandom(1), counters, ...limits })
  const said: string[] = []
  const drain = () => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      switch (output.type) {
        case 'connect':
          said.push(
            `connect ${output.connection} ${output.transport} ${output.remote.address}:${output.remote.port} ${output.name}`,
          )
          break
        case 'write':
          said.push(`write ${output.connection} ${utf8Decode(output.bytes).split(' ')[0]}`)
          break
        case 'close':
          said.push(`close ${output.connection}${output.isAtOnce ? ' at once' : ''}`)
          break
        case 'message':
          said.push(
            `message from ${output.from.address}:${output.from.port} ${output.from.transport} ${output.from.connection}`,
          )
          break
        case 'sendFailed':
          said.push(
            `failed ${output.to.transport} ${output.to.address}: ${output.reason}${output.wasOpen ? ' (was open)' : ''}`,
          )
      }
    }
    return said.splice(0)
  }
  const handle = (input: ConnectionsInput, now = 0) => {
    machine.handle(input, now)
    return drain()
  }
  return {
    machine,
    counters,
    handle,
    send: (to: Peer, now = 0, bytes = request('OPTIONS')) =>
      handle({ type: 'send', bytes, to, address: to.address }, now),
    data: (connection: number, bytes: Uint8Array | string, now = 0) =>
      handle({ type: 'data', connection, bytes: typeof bytes === 'string' ? utf8Encode(bytes) : bytes }, now),
    accept: (transport: 'tcp' | 'tls' = 'tcp', address = FAR.address, port = 40_000, now = 0) => {
      const connection = ids.next()
      return { connection, said: handle({ type: 'accepted', connection, transport, remote: { address, port } }, now) }
    },
    /** Lets time pass up to `until`; what was said, with its instant. */
    run: (until: number) => {
      const trace: string[] = []
      for (let at = machine.deadline(); at <= until && at !== Infinity; at = machine.deadline()) {
        machine.expire(at)
        trace.push(...drain().map((line) => `${at} ${line}`))
      }
      return trace
    },
  }
}

describe('sending', () => {
  it('connects once, holds messages until the connection stands, and reuses it', () => {
    const { handle, send, data, machine } = setUp()
    expect(send(TCP)).toEqual(['connect 1 tcp 192.0.2.1:5060 192.0.2.1'])
    expect(send(TCP)).toEqual([])
    expect(handle({ type: 'opened', connection: 1 })).toEqual(['write 1 OPTIONS', 'write 1 OPTIONS'])
    expect(data(1, OK)).toEqual(['message from 192.0.2.1:5060 tcp 1'])
    expect(send({ ...TCP, connection: 1, port: 9 })).toEqual(['write 1 OPTIONS'])
    expect(machine.size).toBe(1)
  })

  it('goes back on the connection that the far end made; when that is gone, on a new one', () => {
    const { accept, handle, send } = setUp()
    const { connection } = accept()
    expect(send({ ...TCP, connection })).toEqual([`write ${connection} OPTIONS`])
    expect(send({ ...TCP, port: 40_000 })).toEqual([`write ${connection} OPTIONS`])
    handle({ type: 'closed', connection, reason: 'reset' })
    expect(send({ ...TCP, connection })).toEqual(['connect 2 tcp 192.0.2.1:5060 192.0.2.1'])
  })

  it('uses a connection of TLS only for the name that it was verified for (RFC 5923 section 8)', () => {
    const { handle, send } = setUp()
    const tls = { transport: 'tls', address: '192.0.2.1', port: 5061 } as const
    expect(send({ ...tls, name: 'a.example' })).toEqual(['connect 1 tls 192.0.2.1:5061 a.example'])
    handle({ type: 'opened', connection: 1 })
    expect(send({ ...tls, name: 'A.example' })).toEqual(['write 1 OPTIONS'])
    expect(send({ ...tls, name: 'b.example' })).toEqual(['connect 2 tls 192.0.2.1:5061 b.example'])
    expect(send({ ...tls, transport: 'tcp' })).toEqual(['connect 3 tcp 192.0.2.1:5061 192.0.2.1'])
  })

  it('tells everybody who sent on a connection that could not be made or that broke', () => {
    const { handle, send, machine, counters } = setUp()
    send(TCP)
    send({ ...TCP, connection: 77 })
    expect(handle({ type: 'closed', connection: 1, reason: 'ECONNREFUSED' })).toEqual([
      'failed tcp 192.0.2.1: ECONNREFUSED',
      'failed tcp 192.0.2.1: ECONNREFUSED',
    ])
    send(TCP)
    handle({ type: 'opened', connection: 2 })
    expect(handle({ type: 'closed', connection: 2, reason: 'ECONNRESET' })).toEqual([
      'failed tcp 192.0.2.1: ECONNRESET (was open)',
    ])
    expect(machine.size).toBe(0)
    expect(machine.deadline()).toBe(Number.POSITIVE_INFINITY)
    expect(counters.get('tcpConnectionsBroken')).toBe(2)
  })

  it('counts a connection that is closed in order as broken only while an answer is missing', () => {
    const { handle, send, data, counters } = setUp()
    send(TCP)
    handle({ type: 'opened', connection: 1 })
    data(1, OK)
    expect(send(TCP, 0, OK)).toEqual(['write 1 SIP/2.0'])
    expect(send(TCP, 0, request('ACK'))).toEqual(['write 1 ACK'])
    expect(handle({ type: 'closed', connection: 1 })).toEqual([])
    send(TCP)
    handle({ type: 'opened', connection: 2 })
    expect(handle({ type: 'closed', connection: 2 })[0]).toMatch(/without an answer \(was open\)/)
    expect(counters.get('tcpConnectionsBroken')).toBe(1)
  })

  it('gives up what cannot be connected to in time', () => {
    const { send, run } = setUp()
    send(TCP, 100)
    expect(run(60_000)).toEqual(['5100 close 1 at once', '5100 failed tcp 192.0.2.1: no connection within 5 s'])
  })

  it('holds no more than a mebibyte for a connection that is being made', () => {
    const { send } = setUp()
    send(TCP)
    const long = new Uint8Array(600_000)
    send(TCP, 0, long)
    expect(send(TCP, 0, long)).toEqual(['close 1 at once', 'failed tcp 192.0.2.1: too much waits for the connection'])
  })

  it('makes no more connections than it may, and takes none beyond its limits', () => {
    const { send, accept, counters } = setUp({ maxConnections: 3, maxConnectionsPerAddress: 1 })
    accept('tcp', '192.0.2.7')
    expect(accept('tcp', '192.0.2.7', 40_001).said).toEqual(['close 2 at once'])
    accept('tcp', '192.0.2.8')
    send(TCP)
    expect(send({ ...TCP, port: 1 })).toEqual(['failed tcp 192.0.2.1: too many TCP connections'])
    expect(accept('tcp', '192.0.2.9').said).toEqual(['close 5 at once'])
    expect(counters.get('tcpConnectionsRefused')).toBe(3)
  })
})

describe('keep-alives (RFC 5626 section 4.4.1)', () => {
  /** A connection of ours that was answered on once, at instant 0. */
  function answered(limits: Partial<ConnectionsLimits> = {}) {
    const all = setUp({ connectionIdleMs: 0, keepAliveMs: 100_000, ...limits })
    all.send(TCP)
    all.handle({ type: 'opened', connection: 1 })
    all.data(1, OK)
    return all
  }

  it('answers the pings of the far end', () => {
    const { accept, data } = setUp()
    const { connection } = accept()
    expect(data(connection, '\r\n')).toEqual([])
    expect(data(connection, '\r\n')).toEqual([`write ${connection} \r\n`])
  })

  it('pings what it has made while nothing else goes over it, and is content without answers', () => {
    const { run, send, data, accept } = answered()
    accept()
    const [first, ...others] = run(100_000)
    expect(first).toMatch(/^\d+\.?\d* write 1 \r\n\r\n$/)
    expect(Number.parseFloat(first as string)).toBeGreaterThanOrEqual(80_000)
    expect(others).toEqual([])
    send(TCP, 150_000)
    data(1, OK, 150_000)
    expect(run(229_000)).toEqual([])
    expect(run(250_000)).toHaveLength(1)
  })

  it('finds a connection that is open on our side only, once the far end has answered a ping before', () => {
    const { run, data, send, counters } = answered()
    const pingedAt = Number.parseFloat(run(100_000)[0] as string)
    expect(data(1, '\r\n', pingedAt + 20)).toEqual([])
    const [ping, close, failed] = run(300_000)
    const secondAt = Number.parseFloat(ping as string)
    expect(close).toBe(`${secondAt + 10_000} close 1 at once`)
    expect(failed).toBe(`${secondAt + 10_000} failed tcp 192.0.2.1: nothing came back on the connection (was open)`)
    expect(counters.get('tcpConnectionsSilent')).toBe(1)
    expect(send(TCP, 300_000)).toEqual(['connect 2 tcp 192.0.2.1:5060 192.0.2.1'])
  })

  it('tells two pongs from a ping of the far end', () => {
    const { run, data } = answered()
    let now = 0
    for (let i = 0; i < 2; i++) {
      while (run(now).length === 0) now += 1000
      expect(data(1, '\r\n', now)).toEqual([])
    }
    expect(data(1, '\r\n\r\n', now)).toEqual(['write 1 \r\n'])
  })

  it('finds it also by a request that nothing answers for 32 s', () => {
    const { run, send } = answered({ keepAliveMs: 0 })
    send(TCP, 1000)
    expect(run(100_000)).toEqual([
      '33000 close 1 at once',
      '33000 failed tcp 192.0.2.1: nothing came back on the connection (was open)',
    ])
  })

  it('closes what nobody uses; the pings of the far end use it', () => {
    const { accept, data, run, counters, machine } = setUp({ connectionIdleMs: 60_000 })
    const { connection } = accept()
    data(connection, '\r\n\r\n', 50_000)
    expect(run(109_999)).toEqual([])
    expect(run(110_000)).toEqual([`110000 close ${connection}`])
    expect(counters.get('tcpConnectionsIdle')).toBe(1)
    expect(machine.size).toBe(0)
  })
})

describe('TLS that others have begun', () => {
  it('has to stand in time', () => {
    const { accept, run, counters } = setUp()
    const { connection } = accept('tls')
    expect(run(60_000)).toEqual([`5000 close ${connection} at once`])
    expect(counters.get('tlsHandshakesFailed')).toBe(1)
  })

  it('carries our requests too, for a name that it has proven and when it says alias (RFC 5923)', () => {
    const { accept, handle, data, send, counters } = setUp()
    const { connection } = accept('tls')
    handle({ type: 'opened', connection, identities: ['proxy.example'] })
    data(connection, request('OPTIONS', 'SIP/2.0/TLS proxy.example:5071;alias;branch=z9hG4bK1'))
    const to: Peer = { transport: 'tls', address: FAR.address, port: 5071, name: 'proxy.example' }
    expect(send(to)).toEqual([`write ${connection} OPTIONS`])
    expect(send({ ...to, name: 'other.example' })).toEqual(['connect 2 tls 192.0.2.1:5071 other.example'])
    expect(counters.get('tlsAliases')).toBe(1)
    handle({ type: 'closed', connection })
    expect(send(to)).toEqual(['connect 3 tls 192.0.2.1:5071 proxy.example'])
  })

  it.each([
    ['has proven nothing', [], 'SIP/2.0/TLS proxy.example:5071;alias;branch=z9hG4bK1'],
    ['does not say so', ['proxy.example'], 'SIP/2.0/TLS proxy.example:5071;branch=z9hG4bK1'],
  ])('carries none when it %s', (_, identities, via) => {
    const { accept, handle, data, send } = setUp()
    const { connection } = accept('tls')
    handle({ type: 'opened', connection, identities })
    data(connection, request('OPTIONS', via))
    const to: Peer = { transport: 'tls', address: FAR.address, port: 5071, name: 'proxy.example' }
    expect(send(to)).toEqual(['connect 2 tls 192.0.2.1:5071 proxy.example'])
  })
})

describe('what is no SIP', () => {
  it('is answered where that can be done, and ends the connection', () => {
    const { accept, data, machine, counters } = setUp()
    const { connection } = accept()
    const bad = utf8Decode(request('OPTIONS')).replace('Content-Length: 0', 'Content-Length: many')
    expect(data(connection, bad)).toEqual([`write ${connection} SIP/2.0`, `close ${connection}`])
    expect(machine.size).toBe(0)
    expect(counters.get('tcpConnectionsBroken')).toBe(1)
  })
})
