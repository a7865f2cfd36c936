import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect } from 'vitest'
import { parseWav, samplesOfWav, wavHeader } from '../../src/media/index.ts'
import { speechLike } from '../../src/media/test/signals.ts'
import type { RecordsParameters } from '../apps/records.ts'
import { TestExchange } from './exchange.ts'
import { LoopbackNetwork } from './loopback.ts'

/** Of the test file that imports this. */
export const network = new LoopbackNetwork()
/** Those that are stopped after each test. */
export const exchanges: TestExchange[] = []
afterEach(async () => {
  for (const exchange of exchanges.splice(0)) await exchange.stop()
})

/** What the caller says, 20 s. */
export const SAID = speechLike(20_000, 1)
/** What the callee answers, as long. */
export const ANSWERED = speechLike(20_000, 2)

/** 16-bit samples as a file. */
export function wavFile(samples: Int16Array): Uint8Array {
  return Buffer.concat([wavHeader('pcm16', samples.length * 2), new Uint8Array(samples.buffer)])
}

/** The channels of a file that is whole: its header counts what is there, no more and no less. */
export function channelsIn(path: string): Int16Array[] {
  const bytes = readFileSync(path)
  const wav = parseWav(bytes)
  if (!wav.ok) throw new Error(`${path}: ${wav.error}`)
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
  expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44)
  const samples = samplesOfWav(wav.value)
  const { channels } = wav.value
  return Array.from({ length: channels }, (_, channel) => samples.filter((_, i) => i % channels === channel))
}

/** A callee that records, by services of that name, and a caller. */
export async function records(
  services: Readonly<Record<string, RecordsParameters>>,
): Promise<{ callee: TestExchange; caller: TestExchange }> {
  const callee = await TestExchange.start({
    address: network.next(),
    services: Object.fromEntries(
      Object.entries(services).map(([name, parameters]) => [name, { app: 'records', parameters: { ...parameters } }]),
    ),
  })
  exchanges.push(callee)
  const caller = await TestExchange.start({ address: network.next() })
  exchanges.push(caller)
  writeFileSync(callee.file('short.wav'), wavFile(speechLike(300)))
  writeFileSync(callee.file('answered.wav'), wavFile(ANSWERED))
  writeFileSync(caller.file('said.wav'), wavFile(SAID))
  return { callee, caller }
}
