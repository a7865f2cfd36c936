import type { Random } from '../../kit/index.ts'
import { type AudioClip, codecNamed, ToneGenerator, type ToneStep } from '../../media/index.ts'
import type { Truth, Utterance } from '../truth/truth.ts'
import type { DtmfHabits } from './dtmf-habits.ts'
import type { RemoteAudio } from './remote-audio.ts'

/** Something that a phone says: words for a synthetic voice, or a clip. */
export type Sayable = string | AudioClip

/** Samples in a packet of 20 ms. */
const FRAME = 160
const FRAME_MS = 20

/** Something to send, 20 ms at a time. */
interface Sound {
  /** Sends one packet; false when there was nothing left to send. */
  sendNext(): boolean
  readonly onDone: () => void
}

/**
 * The sending half of a phone's audio: one RTP packet each 20 ms, of what it has to say, of keys, or of silence. It
 * writes its packets itself, so that it can write them wrongly.
 */
export class Mouth {
  readonly #send: (packet: Uint8Array, to: RemoteAudio, truth: Truth | undefined) => void
  readonly #ssrc: number
  readonly #queue: Sound[] = []
  readonly #samples = new Int16Array(FRAME)
  #sequence: number
  #timestamp: number
  #remote: RemoteAudio | undefined
  #marker = true

  constructor(random: Random, send: (packet: Uint8Array, to: RemoteAudio, truth: Truth | undefined) => void) {
    this.#send = send
    this.#ssrc = random.uint32()
    this.#sequence = random.uint32() & 0xffff
    this.#timestamp = random.uint32()
  }

  /** Where packets go from now on. */
  speakTo(remote: RemoteAudio): void {
    this.#remote = remote
  }

  /** Something waits to be sent or is being sent. */
  get isBusy(): boolean {
    return this.#queue.length > 0
  }

  /** Says a clip after what waits already; `onDone` is called when its last packet was sent, or it was silenced. */
  say(clip: AudioClip, utterance: Utterance | undefined, onDone: () => void): void {
    const samples = linear(clip)
    let at = 0
    this.#queue.push({
      onDone,
      sendNext: () => {
        if (at >= samples.length) return false
        this.#samples.fill(0)
        this.#samples.set(samples.subarray(at, at + FRAME))
        this.#sendFrame(utterance && { utterance, positionMs: at / 8 })
        at += FRAME
        return true
      },
    })
  }

  /** Plays a tone; endless when it loops. */
  hum(steps: readonly ToneStep[], loop: boolean, onDone: () => void): void {
    const generator = new ToneGenerator(steps, loop)
    this.#queue.push({
      onDone,
      sendNext: () => {
        if (generator.readInto(this.#samples, FRAME) === 0) return false
        this.#sendFrame(undefined)
        return true
      },
    })
  }

  /** Presses one key as an RFC 4733 event. */
  press(event: number, habits: DtmfHabits, onDone: () => void): void {
    const pressed = Math.ceil(habits.keyMs / FRAME_MS)
    const pause = Math.ceil(habits.gapMs / FRAME_MS)
    let packets = 0
    let start = 0
    this.#queue.push({
      onDone,
      sendNext: () => {
        if (packets === pressed + pause) return false
        packets++
        if (packets === 1) start = this.#timestamp
        if (packets <= pressed) {
          const isLast = packets === pressed && habits.ends > 0
          for (let copy = 0; copy < (isLast ? habits.ends : 1); copy++)
            this.#sendEvent(event, isLast, packets, start, habits)
          this.#timestamp = (this.#timestamp + FRAME) >>> 0
        } else {
          this.#samples.fill(0)
          this.#sendFrame(undefined)
        }
        return true
      },
    })
  }

  /** Stops at once whatever is being sent or waits. */
  silence(): void {
    for (const sound of this.#queue.splice(0)) sound.onDone()
  }

  /** Sends the packet of this instant. */
  tick(isSilenceSent: boolean): void {
    while (this.#queue.length > 0) {
      const sound = this.#queue[0] as Sound
      if (sound.sendNext()) return
      this.#queue.shift()
      sound.onDone()
    }
    if (isSilenceSent) {
      this.#samples.fill(0)
      this.#sendFrame(undefined)
    } else {
      this.#timestamp = (this.#timestamp + FRAME) >>> 0
      this.#marker = true
    }
  }

  /** Lets `slots` of 20 ms pass in which nothing could be sent; what was being said goes on after them. */
  skip(slots: number): void {
    this.#timestamp = (this.#timestamp + slots * FRAME) >>> 0
  }

  #sendFrame(truth: Truth | undefined): void {
    const remote = this.#remote
    if (remote !== undefined) {
      const packet = this.#packet(FRAME, remote.codec === 'PCMU' ? 0 : 8, this.#marker, this.#timestamp)
      codecNamed(remote.codec).encodeInto(this.#samples, 0, FRAME, packet, HEADER)
      this.#send(packet, remote, truth)
      this.#marker = false
    }
    this.#timestamp = (this.#timestamp + FRAME) >>> 0
  }

  #sendEvent(event: number, isEnd: boolean, packets: number, start: number, habits: DtmfHabits): void {
    const remote = this.#remote
    if (remote?.telephoneEvent === undefined) return
    const marker = habits.marker && packets === 1
    const timestamp = habits.movingTimestamp ? this.#timestamp : start
    const packet = this.#packet(4, remote.telephoneEvent, marker, timestamp)
    const duration = habits.movingTimestamp ? FRAME : packets * FRAME
    packet.set([event, (isEnd ? 0x80 : 0) | 10, duration >> 8, duration & 0xff], HEADER)
    this.#send(packet, remote, undefined)
  }

  #packet(payload: number, type: number, marker: boolean, timestamp: number): Uint8Array {
    const packet = new Uint8Array(HEADER + payload)
    const view = new DataView(packet.buffer)
    view.setUint8(0, 0x80)
    view.setUint8(1, (marker ? 0x80 : 0) | type)
    view.setUint16(2, this.#sequence)
    view.setUint32(4, timestamp)
    view.setUint32(8, this.#ssrc)
    this.#sequence = (this.#sequence + 1) & 0xffff
    return packet
  }
}

const HEADER = 12

function linear(clip: AudioClip): Int16Array {
  if (clip.encoding === 'pcm16') return clip.data
  const samples = new Int16Array(clip.data.length)
  codecNamed(clip.encoding === 'pcmu' ? 'PCMU' : 'PCMA').decodeInto(clip.data, 0, clip.data.length, samples, 0)
  return samples
}
