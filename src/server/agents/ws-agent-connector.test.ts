import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { AgentConnection } from '../../calls/index.ts'
import { TestAuthority } from '../test/certificates.ts'
import { WsAgentConnector, type WsAgentOptions } from './ws-agent-connector.ts'

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const each of cleanUp.splice(0)) each()
})

/** An agent on loopback; `onConnection` is what it does. */
async function agent(onConnection: (socket: WebSocket, headers: Record<string, unknown>) => void): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket, request) => onConnection(socket, request.headers))
  cleanUp.push(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/talk`
}

/** Dials, and writes down what is heard. */
function dial(url: string, options: WsAgentOptions = {}, headers: Record<string, string> = {}) {
  const story: unknown[] = []
  const connector = new WsAgentConnector(options)
  cleanUp.push(() => connector.close())
  const connection: AgentConnection = connector.connect(
    { url, headers },
    {
      onOpen: () => story.push('open'),
      onMessage: (text) => story.push(text),
      onClose: (isOrderly, reason) => story.push({ isOrderly, reason }),
    },
  )
  const until = (length: number) => vi.waitUntil(() => story.length >= length, { timeout: 10_000, interval: 5 })
  return { story, connector, connection, until }
}

describe('WsAgentConnector', () => {
  it('carries messages both ways, with the headers that were asked for, and hears of an orderly end', async () => {
    let heard: unknown
    const url = await agent((socket, { authorization }) => {
      socket.on('message', (data) => {
        heard = String(data)
        socket.send('{"event":"clear"}')
        socket.send(Buffer.from([1, 2, 3]))
        socket.close(1000)
      })
      socket.send(String(authorization))
    })
    const { story, connection, connector, until } = dial(url, {}, { Authorization: 'Bearer 123' })
    await until(2)
    connection.send('hello')
    await until(5)
    expect(heard).toBe('hello')
    expect(story.slice(0, 2)).toEqual(['open', 'Bearer 123'])
    expect(story.slice(2)).toEqual(['{"event":"clear"}', undefined, { isOrderly: true, reason: 'closed with 1000' }])
    expect(connector.connections).toBe(0)
  })

  it.each([
    ['that is killed', (socket: WebSocket) => socket.terminate(), /closed with 1006/],
    ['that fails', (socket: WebSocket) => socket.close(1011, 'out of memory'), /closed with 1011 \(out of memory\)/],
    ['that says too much at once', (socket: WebSocket) => socket.send('x'.repeat(5000)), /payload size/i],
  ])('an agent %s ends without order', async (_, act, reason) => {
    const url = await agent(act)
    const { story, until } = dial(url, { maxMessageBytes: 4096 })
    await until(2)
    expect(story).toEqual(['open', { isOrderly: false, reason: expect.stringMatching(reason) }])
  })

  it('an agent that cannot be reached, or refuses, or has no address', async () => {
    const refusing = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient: () => false })
    cleanUp.push(() => refusing.close())
    await once(refusing, 'listening')
    const port = (refusing.address() as AddressInfo).port
    for (const [url, reason] of [
      [`ws://127.0.0.1:${port}/?key=secret`, /401/],
      ['ws://127.0.0.1:1/?key=secret', /ECONNREFUSED/],
      ['wss://[no address/?key=secret', /no address of an agent/],
    ] as const) {
      const { story, until, connector } = dial(url)
      await until(1)
      expect(story).toEqual([{ isOrderly: false, reason: expect.stringMatching(reason) }])
      expect(JSON.stringify(story)).not.toContain('secret')
      expect(connector.connections).toBe(0)
    }
  })

  it('an agent that does not answer pings is gone', async () => {
    const url = await agent((socket) => {
      // It hears nothing any more, as a process that hangs.
      ;(socket as unknown as { _socket: Socket })._socket.pause()
    })
    const { story, until } = dial(url, { pingEachMs: 50 })
    await until(2)
    expect(story).toEqual(['open', { isOrderly: false, reason: 'a ping was not answered' }])
  })

  it('hears nothing after it was closed, whether it stood or not; a far end that does not close is left', async () => {
    const silent = createTcpServer(() => {})
    silent.listen(0, '127.0.0.1')
    cleanUp.push(() => silent.close())
    await once(silent, 'listening')
    const early = dial(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
    early.connection.close()
    await vi.waitUntil(() => early.connector.connections === 0, { timeout: 10_000 })
    expect(early.story).toEqual([])

    const url = await agent((socket) => socket.on('close', () => {}))
    const { story, connection, connector, until } = dial(url)
    await until(1)
    connection.close()
    connection.close()
    connection.send('unheard')
    await vi.waitUntil(() => connector.connections === 0, { timeout: 10_000 })
    expect(story).toEqual(['open'])
  })

  it('over TLS an agent needs a certificate of its name from a trusted authority', async () => {
    const authority = new TestAuthority()
    const serve = async (name: string): Promise<string> => {
      const { certificate, key } = authority.issue(name)
      const https = createServer({ cert: certificate, key })
      const server = new WebSocketServer({ server: https })
      server.on('connection', (socket) => socket.send('hello'))
      https.listen(0, '127.0.0.1')
      cleanUp.push(() => {
        for (const client of server.clients) client.terminate()
        https.close()
      })
      await once(https, 'listening')
      return `wss://127.0.0.1:${(https.address() as AddressInfo).port}/`
    }
    const ours = await serve('127.0.0.1')
    const trusted = dial(ours, { tls: () => ({ ca: authority.certificate }) })
    await trusted.until(2)
    expect(trusted.story).toEqual(['open', 'hello'])
    const unknown = dial(ours)
    await unknown.until(1)
    expect(unknown.story).toEqual([{ isOrderly: false, reason: expect.stringMatching(/certificate/) }])
    const other = dial(await serve('agent.example'), { tls: () => ({ ca: authority.certificate }) })
    await other.until(1)
    expect(other.story).toEqual([{ isOrderly: false, reason: expect.stringMatching(/altnames/) }])
  })
})
