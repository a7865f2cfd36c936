// Runs the media engine for a long virtual time over a network that is always in step and allocates nothing, and says
// how many garbage collections that took: node --expose-gc e2e/harness/ticks.mjs <scenario> <ticks>
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../dist/kit/index.js'
import { codecNamed, createAudioStream, createLiveAudio, createTapRing, MediaEngine } from '../../dist/media/index.js'

const LEGS = 20
const TICK_MS = 20
/** Of those in a room. */
const SPEAKING = 4

/** Every leg finds one packet of sound at each tick, and whatever is sent is gone. */
class SteadyIo {
  source = { address: '192.0.2.1', port: 4000 }
  sent = 0
  #bound = []
  #packet = new Uint8Array(172).fill(0xd5)
  #sequence = new Uint32Array(LEGS)
  #hasWaiting = new Uint8Array(LEGS)

  tick() {
    this.#hasWaiting.fill(1)
  }

  open(leg, address) {
    this.#bound.push({ type: 'bound', leg, address, port: 20_000 + 2 * leg })
  }

  poll() {
    return this.#bound.shift()
  }

  receive(leg, into) {
    if (this.#hasWaiting[leg] === 0) return -1
    this.#hasWaiting[leg] = 0
    const packet = this.#packet
    const sequence = this.#sequence[leg]++
    const timestamp = 160 * sequence
    packet[0] = 0x80
    packet[1] = payloadTypes[leg]
    packet[2] = sequence >>> 8
    packet[3] = sequence
    for (let i = 0; i < 4; i++) packet[4 + i] = timestamp >>> (24 - 8 * i)
    if (listensForTones || listensForSpeech)
      for (let i = 0; i < 160; i++) packet[12 + i] = chord[(160 * sequence + i) % chord.length]
    if (isRoom) for (let i = 12; i < 172; i++) packet[i] = sounds[leg]
    packet[11] = leg
    this.source.port = 4000 + 2 * leg
    into.set(packet)
    return packet.length
  }

  send() {
    this.sent++
    return true
  }

  close() {}
}

const [scenario, ticks] = process.argv.slice(2)
const isRoom = scenario.endsWith('room')
const listensForTones = scenario === 'player and listening for digits'
const listensForSpeech = scenario === 'player that speech interrupts'
/** Half a second of two tones of the keypad that are no digit, one being too soft, then as much silence. */
const chord = new Uint8Array(8000).fill(0xff)
const sineOf = (hz, peak, i) => peak * Math.sin((2 * Math.PI * hz * i) / 8000)
const chordPcm = Int16Array.from({ length: 4000 }, (_, i) => sineOf(770, 9000, i) + sineOf(1336, 2200, i))
codecNamed('PCMU').encodeInto(chordPcm, 0, 4000, chord, 0)
const codecOf = (leg) => {
  if (scenario === 'wideband room' && leg % 4 === 0) return 'G722'
  return (scenario === 'bridge with transcoding' || isRoom) && leg % 2 === 1 ? 'PCMA' : 'PCMU'
}
/** Everything that a room can do with what is said: of four who speak one whispers, and the loudest two are heard. */
const levelled = (leg) => ({
  direct: true,
  automaticLevel: true,
  volumeDb: leg === 1 ? 3 : 0,
  mixing: { mostTalkers: 2, comfortNoise: true },
  ...(leg === 3 && { audience: [5, 6] }),
})
const payloadTypes = Array.from({ length: LEGS }, (_, leg) => ({ PCMU: 0, PCMA: 8, G722: 9 })[codecOf(leg)])
/** What every octet of a leg's payload is: of those in a room, most are silent. */
const soundOf = (leg) => (leg < SPEAKING ? 0x55 : { PCMU: 0xff, PCMA: 0xd5, G722: 0xfa }[codecOf(leg)])
const sounds = Uint8Array.from({ length: LEGS }, (_, leg) => soundOf(leg))

const io = new SteadyIo()
const engine = new MediaEngine({ io, random: seededRandom(1) })
// Whole milliseconds are no objects, so that what is found is the engine's own.
let now = 1000
const send = (command) => {
  engine.handle(command, now)
  for (let event = engine.poll(); event !== undefined; event = engine.poll())
    if (['failed', 'finished', 'bridgeFailed', 'mixFailed'].includes(event.type)) throw new Error(JSON.stringify(event))
}
/** What players read while it is written; the disk is always a packet ahead. */
const streams = []
/** Whoever reads them wants to be told of each block. */
const taps = []
const run = (count) => {
  for (let tick = 0; tick < count; tick++) {
    io.tick()
    for (let i = 0; i < streams.length; i++) Atomics.add(streams[i].control, 0, 160)
    for (let i = 0; i < taps.length; i++) Atomics.store(taps[i].control, 1, 0)
    for (const end = now + TICK_MS; engine.deadline() <= end; ) {
      now = engine.deadline()
      engine.expire(now)
      while (engine.poll() !== undefined);
    }
  }
}

for (let leg = 0; leg < LEGS; leg++) {
  send({ type: 'open', leg, localAddress: '192.0.2.9' })
  const stream = {
    remoteAddress: '192.0.2.1',
    remotePort: 4000 + 2 * leg,
    codec: codecOf(leg),
    payloadType: payloadTypes[leg],
    telephoneEventPayloadType: 101,
    inBandDigits: listensForTones,
    ptimeMs: TICK_MS,
    direction: 'sendrecv',
  }
  send({ type: 'start', leg, stream })
}
for (let leg = 0; leg < LEGS; leg++) {
  if (scenario.startsWith('bridge')) {
    if (leg % 2 === 1) send({ type: 'bridge', leg, other: leg - 1 })
  } else if (isRoom) send({ type: 'mix', leg, room: 1, ...(scenario === 'levelled room' && levelled(leg)) })
  else if (scenario === 'streaming player') {
    const stream = createAudioStream(leg % 2 === 0 ? 'pcmu' : 'pcm16', 32_768)
    streams.push(stream)
    Atomics.store(stream.control, 0, 320)
    send({ type: 'play', leg, job: leg, source: { kind: 'stream', stream }, bargeIn: false })
  } else if (scenario === 'live audio and taps') {
    const audio = createLiveAudio(leg % 2 === 0 ? 'pcmu' : 'pcm16', 32_768)
    streams.push(audio)
    send({ type: 'play', leg, job: leg, source: { kind: 'live', audio }, bargeIn: false })
    const ring = createTapRing(leg % 4 < 2 ? 8000 : 16_000)
    taps.push(ring)
    send({ type: 'tap', leg, job: LEGS + leg, ring })
  } else {
    const samples = Int16Array.from({ length: 80_000 }, (_, i) => 8000 * Math.sin(i / 7))
    const clip =
      scenario === 'player' && leg % 2 === 0
        ? { encoding: 'pcmu', sampleRateHz: 8000, data: new Uint8Array(80_000).map((_, i) => i) }
        : { encoding: 'pcm16', sampleRateHz: 8000, data: samples }
    const source = { kind: 'audio', clip, loop: true }
    // A few are enough: to listen for speech costs ten times what to play does.
    const bargeInOnSpeech = listensForSpeech && leg % 5 === 0
    send({ type: 'play', leg, job: leg, source, bargeIn: false, bargeInOnSpeech })
    if (bargeInOnSpeech) send({ type: 'listen', leg, job: LEGS + leg, for: { bargeIn: false } })
  }
}

let collections = 0
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length
})
observer.observe({ entryTypes: ['gc'] })

// Until everything is compiled, and what compiling has left is gone.
for (let i = 0; i < 10; i++) {
  run(2000)
  await sleep(20)
}
globalThis.gc()
await sleep(50)
collections = 0
io.sent = 0
const heapBefore = process.memoryUsage().heapUsed
run(Number(ticks))
const heapGrowth = process.memoryUsage().heapUsed - heapBefore
await sleep(50)
console.log(JSON.stringify({ collections, sent: io.sent, heapGrowth }))
