import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AudioClip, decodeAudioFile, replayTape, tapeOfWav } from '../src/media/index.ts'
import { startServer } from '../src/server/main.ts'
import { phones } from '../src/testing/index.ts'
import { LoopbackNetwork } from './harness/loopback.ts'

/**
 * Live speaker detection as servers have it: a media worker, the detection thread, real sockets; and a CED that is not ours. It
 * was made by SpanDSP 0.0.6 (`bench/lsd/prepare/fax-signals.c`), cut to the tone, in µ-law.
 */
const CED = sound('ced-of-spandsp.ul')
const FAX_MACHINE = fileURLToPath(new URL('../examples/reference/fax-machine.ts', import.meta.url))
const network = new LoopbackNetwork()
const folder = mkdtempSync(join(tmpdir(), 'ringdown-lsd-'))

function sound(name: string): AudioClip {
  const clip = decodeAudioFile(name, readFileSync(new URL(`sounds/${name}`, import.meta.url)))
  if (!clip.ok) throw new Error(clip.error)
  return clip.value
}

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

describe('a fax machine with the CED of SpanDSP', () => {
  it('is told from all others by the example of the reference, and its evidence says the same again', async () => {
    const [us, them] = [network.next(), network.next()]
    const printed: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line))
    const real = phones.real({ address: them })
    let hummedAt = 0
    let endedAt = 0
    real.phone(
      'fax',
      phones.scripted(async (phone) => {
        phone.ring()
        await phone.sleep(200)
        await phone.answer()
        // T.30 gives a machine that is called 1.8 to 2.5 s until its tone.
        await phone.sleep(1800)
        hummedAt = phone.now
        await phone.say(CED)
        endedAt = phone.now
        await phone.untilEnded()
      }),
      { port: 5060 },
    )
    const server = await startServer(
      {
        sip: { listen: [{ transport: 'udp', address: us, port: 5060 }], outboundProxy: `sip:${them}:5060` },
        media: { workers: 1 },
        lsd: { evidence: { directory: join(folder, 'evidence') } },
        log: { level: 'silent' },
      },
      { directory: folder },
    )
    try {
      expect(await server.startOutbound(FAX_MACHINE)).toMatchObject({ returnCode: 0 })
      expect(printed).toEqual(['A fax machine has picked up'])
      await real.done()
      expect(hummedAt).toBeGreaterThan(0)
      // The call was over long before the tone was.
      expect(endedAt - hummedAt).toBeLessThan(2500)
      expect(server.counters()).toMatchObject({ farEndsListenedTo: 1 })
      expect(server.counters()).not.toHaveProperty('farEndsLate')
    } finally {
      await server.close({ graceMs: 0 })
      await real.close()
    }
    const [file, ...others] = readdirSync(join(folder, 'evidence'))
    expect(others).toEqual([])
    const read = tapeOfWav(readFileSync(join(folder, 'evidence', file as string)))
    if (!read.ok || read.value.tape === undefined) throw new Error('the evidence cannot be read')
    const { tape } = read.value
    const verdicts = replayTape(tape).filter(({ type }) => type === 'verdict')
    expect(tape.verdicts.at(-1)).toMatchObject({ stage: 'final', kind: 'fax' })
    expect(verdicts.slice(0, tape.verdicts.length)).toEqual(tape.verdicts)
  })
})
