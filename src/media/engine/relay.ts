import { CODEC_RATES, eventClockRateHz, isWideband } from '../codec/codec-rates.ts'
import { digitTones } from '../dtmf/digits.ts'
import { EVENT_PAYLOAD_LENGTH, scaleEventDuration } from '../dtmf/event-payload.ts'
import { PressLedger } from '../dtmf/press-ledger.ts'
import { EventSender } from '../node/event-sender.ts'
import { FrameRelay } from '../node/frame-relay.ts'
import { TonePlayer } from '../node/tone-player.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import type { StreamParameters } from './control.ts'
import type { Inbound, PacketListener } from './inbound.ts'
import type { Outbound } from './outbound.ts'

/**
 * One direction of a bridge: what one leg hears, another sends.
 *
 * Where both have the same codec, payloads pass as they are in the sub-tick they arrived in; where not, the jitter
 * buffer and a {@link FrameRelay} stand between. Telephone events always pass as packets, and become tones where the
 * sending leg has no payload type for them. A key that came by signalling is pressed anew.
 */
export class Relay implements PacketListener {
  readonly #from: Inbound
  readonly #to: Outbound
  readonly #passesKeys: boolean
  /** While the codecs differ. */
  #frames: FrameRelay | undefined
  /** How much faster the clock of the events' durations runs at the leg that sends. */
  #eventRatio = 1
  /** Keys still to be pressed by ourselves, the first of which is down. */
  #keys = ''
  /** Made by the first key that came by signalling: some far ends tell of each press in the stream too. */
  #presses: PressLedger | undefined
  /** Of the event that is not passed on: we press its key, or it was down before and was meant for us. */
  #withheldTimestamp: number | undefined

  /** @param passesKeys whether telephone events are passed on; otherwise they are kept */
  constructor(from: Inbound, to: Outbound, passesKeys = true) {
    this.#passesKeys = passesKeys
    this.#from = from
    this.#to = to
    this.#withheldTimestamp = from.latestEventTimestamp
    from.forwardTo(this)
  }

  /** Fits the relay to the streams of both legs, at the beginning and whenever one of them has changed. */
  useStreams(from: StreamParameters, to: StreamParameters, mediaMs: number): void {
    this.#to.resplice(CODEC_RATES[to.codec].clockRateHz / CODEC_RATES[from.codec].clockRateHz)
    this.#eventRatio = eventClockRateHz(to) / eventClockRateHz(from)
    this.#endKeys()
    const isSame = from.codec === to.codec
    const isWide = isWideband(from.codec) && isWideband(to.codec)
    if (isSame ? this.#frames === undefined : this.#frames?.isWideband === isWide) return
    this.#endFrames()
    if (isSame) return
    this.#frames = new FrameRelay(isWide)
    this.#from.attach(this.#frames, mediaMs)
    this.#to.transmit(this.#frames)
  }

  end(): void {
    this.#endFrames()
    this.#from.forwardTo(undefined)
    this.#to.stop()
  }

  touch(): number {
    return this.#eventRatio
  }

  hearSound(packet: RtpPacket, content: 'audio' | 'noise', mediaMs: number, isStale: boolean): void {
    if (this.#frames === undefined && this.#keys === '' && !isStale) this.#to.forward(packet, content, mediaMs)
  }

  /** Presses a key of which the far end told by signalling, unless its event has passed. */
  pressSignalled(digit: string, mediaMs: number): void {
    this.#presses ??= new PressLedger()
    if (this.#presses.isNew(digit, 'info', mediaMs)) this.#sayKey(digit)
  }

  hearEvent(packet: RtpPacket, digit: string | undefined, mediaMs: number): void {
    if (!this.#passesKeys) return
    if (digit !== undefined) {
      const isNew = this.#presses?.isNew(digit, 'event', mediaMs) ?? true
      const isOurs = !isNew || !this.#to.takesEvents || this.#keys !== ''
      this.#withheldTimestamp = isOurs ? packet.timestamp : undefined
      if (isOurs && isNew) this.#sayKey(digit)
    }
    if (!this.#to.takesEvents || packet.timestamp === this.#withheldTimestamp) return
    if (this.#eventRatio !== 1 && packet.payloadLength >= EVENT_PAYLOAD_LENGTH)
      scaleEventDuration(packet.bytes, packet.payloadOffset, this.#eventRatio)
    this.#frames?.mute()
    if (this.#frames === undefined) this.#to.forward(packet, 'event', mediaMs)
    else this.#to.forwardEvent(packet, mediaMs)
  }

  #sayKey(digit: string): void {
    this.#keys = (this.#keys + digit).slice(0, MAX_KEYS)
    if (this.#keys.length === 1) this.#sayNextKey()
  }

  #sayNextKey(): void {
    const key = this.#keys[0]!
    const press = this.#to.takesEvents ? new EventSender(key) : new TonePlayer(digitTones(key), false)
    this.#to.transmit(press, () => {
      this.#keys = this.#keys.slice(1)
      if (this.#keys !== '') this.#sayNextKey()
      else if (this.#frames === undefined) this.#to.resplice()
      else this.#to.transmit(this.#frames)
    })
  }

  #endKeys(): void {
    if (this.#keys === '') return
    this.#keys = ''
    this.#to.stop()
    if (this.#frames !== undefined) this.#to.transmit(this.#frames)
  }

  #endFrames(): void {
    if (this.#frames === undefined) return
    this.#from.detach(this.#frames)
    this.#to.stop()
    this.#frames = undefined
  }
}

/** Keys that may wait to be pressed: more come only from a hostile far end. */
const MAX_KEYS = 32
