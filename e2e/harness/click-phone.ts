import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { waitFor } from './wait.ts'

/** A click that was sent, and when it was heard again. */
export interface Click {
  readonly sentAt: number
  heardAt: number | undefined
}

/**
 * A caller with a stopwatch: it sends silence each 20 ms, now and then a click in it, and notes when sound comes back, to the
 * sample. µ-law on one socket, and as much SIP as one call needs.
 */
export class ClickPhone {
  readonly clicks: Click[] = []
  /** When sound began after silence, to the sample. */
  readonly sounds: number[] = []
  /** When the last packet with sound came. */
  lastSoundAt = Number.NEGATIVE_INFINITY
  packets = 0
  readonly #address: string
  readonly #exchange: string
  readonly #sip: Socket
  readonly #rtp: Socket
  #remotePort = 0
  #toTag = ''
  #timer: NodeJS.Timeout | undefined
  #sequence = 1000
  #nextAt = 0
  #clicksDue = 0
  #hasEnded = false
  #isClosed = false
  #user = ''
  readonly #callId: string

  private constructor(address: string, exchange: string) {
    this.#address = address
    this.#exchange = exchange
    this.#callId = `click-${address}-${performance.now()}`
    this.#sip = createSocket('udp4')
    this.#rtp = createSocket('udp4')
  }

  /** Calls a user of the exchange, and speaks when it has answered. */
  static async call(address: string, exchange: string, user: string): Promise<ClickPhone> {
    const phone = new ClickPhone(address, exchange)
    await phone.#dial(user)
    return phone
  }

  /** Sends a click with the next packet. */
  click(): void {
    this.#clicksDue++
  }

  /** Sends what is no sound, or not its own, from where its sound comes from. */
  throwIn(datagram: Uint8Array): void {
    this.#rtp.send(datagram, this.#remotePort, this.#exchange)
  }

  /** Whether the exchange has hung up. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  async hangUp(): Promise<void> {
    if (!this.#hasEnded) this.#send('BYE', 2, '')
    await waitFor('the call is over', () => this.#hasEnded, 5000)
    this.close()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#sip.close()
    this.#rtp.close()
  }

  async #dial(user: string): Promise<void> {
    for (const [socket, port] of [
      [this.#sip, 5060],
      [this.#rtp, 0],
    ] as const) {
      socket.bind(port, this.#address)
      await once(socket, 'listening')
    }
    this.#rtp.on('message', (packet) => this.#hear(packet))
    this.#sip.on('message', (bytes) => this.#onSip(bytes.toString()))
    this.#user = user
    const { port } = this.#rtp.address()
    const sdp = [
      'v=0',
      `o=- 1 1 IN IP4 ${this.#address}`,
      's=-',
      `c=IN IP4 ${this.#address}`,
      't=0 0',
      `m=audio ${port} RTP/AVP 0`,
      '',
    ].join('\r\n')
    this.#send('INVITE', 1, sdp)
    await waitFor('the exchange answers', () => this.#remotePort > 0, 10_000)
    this.#nextAt = performance.now()
    this.#speak()
  }

  #send(method: string, sequence: number, body: string): void {
    const to = `<sip:${this.#user}@${this.#exchange}>${this.#toTag === '' ? '' : `;tag=${this.#toTag}`}`
    const text = [
      `${method} sip:${this.#user}@${this.#exchange} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.#address}:5060;branch=z9hG4bK-${method}-${sequence}-${this.#callId}`,
      'Max-Forwards: 70',
      `From: <sip:click@${this.#address}>;tag=click`,
      `To: ${to}`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: <sip:click@${this.#address}:5060>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n')
    this.#sip.send(text, 5060, this.#exchange)
  }

  #onSip(text: string): void {
    if (text.startsWith('BYE')) {
      this.#hasEnded = true
      const headers = text.split('\r\n').filter((line) => /^(via|from|to|call-id|cseq):/i.test(line))
      this.#sip.send(['SIP/2.0 200 OK', ...headers, 'Content-Length: 0', '', ''].join('\r\n'), 5060, this.#exchange)
    } else if (/^SIP\/2.0 200/.test(text) && /cseq:\s*\d+ invite/i.test(text)) {
      this.#toTag = /^to:.*;tag=([^\s;]+)/im.exec(text)?.[1] ?? ''
      this.#remotePort = Number(/^m=audio (\d+)/m.exec(text)?.[1])
      this.#send('ACK', 1, '')
    } else if (/^SIP\/2.0 200/.test(text)) this.#hasEnded = true
  }

  /** On an absolute grid: a timer that is late does not put off the next packet. */
  #speak(): void {
    const isClick = this.#clicksDue > 0
    if (isClick) this.#clicksDue--
    const packet = Buffer.alloc(172, isClick ? CLICK : SILENCE)
    packet.writeUInt16BE(0x8000, 0)
    packet.writeUInt16BE(++this.#sequence & 0xffff, 2)
    packet.writeUInt32BE((160 * this.#sequence) >>> 0, 4)
    packet.writeUInt32BE(0x1234, 8)
    // A square wave of 1 kHz: sound, and not only a level.
    if (isClick) for (let i = 12; i < 172; i++) packet[i] = (i >> 2) % 2 === 0 ? CLICK : CLICK | 0x80
    this.#rtp.send(packet, this.#remotePort, this.#exchange)
    if (isClick) this.clicks.push({ sentAt: performance.now(), heardAt: undefined })
    this.#nextAt += 20
    this.#timer = setTimeout(() => this.#speak(), Math.max(0, this.#nextAt - performance.now()))
  }

  #hear(packet: Buffer): void {
    const now = performance.now()
    this.packets++
    const at = packet.subarray(12).findIndex(isLoud)
    if (at < 0) return
    // What sounds on from the packet before is no click of its own.
    const isNew = now - this.lastSoundAt > 100
    this.lastSoundAt = now
    // The one before it, if it was not heard, is lost: clicks are further apart than sound may take.
    if (isNew) this.sounds.push(now + at / 8)
    const click = this.clicks.at(-1)
    if (isNew && click !== undefined) click.heardAt ??= now + at / 8
  }
}

/** µ-law: exponent and mantissa are inverted, so the loud ones have small numbers. */
function isLoud(octet: number): boolean {
  return (octet & 0x7f) < 0x30
}

const SILENCE = 0xff
const CLICK = 0x10
