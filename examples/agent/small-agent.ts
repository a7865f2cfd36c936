/**
 * A small voice agent: a WebSocket server that says back what it hears, after each pause, and falls silent when the caller
 * speaks. A real one puts its recogniser, language model and voice in the place of `reply`. Run it beside the exchange:
 *
 *     npx jiti examples/agent/small-agent.ts
 */
import { type WebSocket, WebSocketServer } from 'ws'

/** What the exchange says: see docs/guides/ai-agents.md. */
interface Message {
  readonly event: 'connected' | 'start' | 'media' | 'dtmf' | 'mark' | 'stop'
  readonly streamSid?: string
  readonly media?: { readonly payload: string }
  readonly mark?: { readonly name: string }
}

/** Of µ-law: small numbers are loud. */
const isLoud = (octet: number): boolean => (octet & 0x7f) < 0x50
const PAUSE_BLOCKS = 30

/** Serves one caller. */
export function serve(socket: WebSocket): void {
  let heard: Buffer[] = []
  let quietBlocks = 0
  let isSpeaking = false

  socket.on('message', (data) => {
    const { event, streamSid, media } = JSON.parse(String(data)) as Message
    const send = (message: object): void => socket.send(JSON.stringify({ streamSid, ...message }))
    if (event === 'mark') isSpeaking = false
    if (event !== 'media' || media === undefined) return
    const block = Buffer.from(media.payload, 'base64')
    const isSound = block.some(isLoud)
    quietBlocks = isSound ? 0 : quietBlocks + 1
    if (isSound && isSpeaking) send({ event: 'clear' })
    if (isSound || heard.length > 0) heard.push(block)
    if (heard.length === 0 || quietBlocks < PAUSE_BLOCKS) return
    const reply = Buffer.concat(heard.slice(0, heard.length - PAUSE_BLOCKS))
    heard = []
    isSpeaking = true
    send({ event: 'media', media: { payload: reply.toString('base64') } })
    send({ event: 'mark', mark: { name: 'said' } })
  })
}

if (import.meta.url === `file://${process.argv[1]}`) {
  new WebSocketServer({ host: '127.0.0.1', port: 8765 }).on('connection', serve)
  console.log('the agent listens on ws://127.0.0.1:8765/talk')
}
