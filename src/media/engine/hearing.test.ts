import { expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { CODEC_RATES } from '../codec/codec-rates.ts'
import { MAX_PAYLOAD, RtpPacket } from '../rtp/packet.ts'
import { createKernels } from '../wasm/kernels.ts'
import { Hearing } from './hearing.ts'
import type { MediaIo } from './media-io.ts'
import { Workshop } from './workshop.ts'

const nowhere: MediaIo = {
  source: { address: '', port: 0 },
  open() {},
  poll: () => undefined,
  receive: () => -1,
  send: () => true,
  openControl() {},
  receiveControl: () => -1,
  sendControl: () => true,
  waitedMs: 0,
  release: () => ({ address: '', port: 0, hasControl: false }),
  adopt() {},
  close() {},
}

it('gives back all that a stream was heard with, however long its packets and whatever its codec became', () => {
  const kernels = createKernels()
  const workshop = new Workshop(nowhere, seededRandom(1), kernels)
  const packet = new RtpPacket()
  const datagram = new Uint8Array(12 + MAX_PAYLOAD)
  datagram[0] = 0x80
  const hear = (): number => {
    const hearing = new Hearing(workshop)
    hearing.attach({ hear() {} }, 0)
    for (let i = 0; i < 8; i++) {
      datagram[3] = i
      packet.parse(datagram, 12 + 80 * (i + 1))
      hearing.put(packet, 'audio', 80 * (i + 1))
      hearing.hearUntil(20 * i, workshop.codecs.open('PCMU'))
    }
    hearing.useStream(CODEC_RATES['L16/16000'])
    expect(hearing.delayMs).toBeGreaterThan(0)
    hearing.release()
    expect(hearing.delayMs).toBeGreaterThan(0)
    return kernels.arena.left
  }
  const left = hear()
  for (let i = 0; i < 20; i++) expect(hear()).toBe(left)
})
