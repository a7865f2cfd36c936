import { exchange, type PhoneKind, phones } from 'ringdown/testing'
import { expect, test, vi } from 'vitest'
import faxMachine from './fax-machine.ts'

/** Runs the application against a callee of that kind. */
async function run(kind: PhoneKind) {
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line))
  const pbx = exchange({})
  pbx.phone('callee', kind, { address: '127.0.0.1' })
  expect(await pbx.start(faxMachine)).toMatchObject({ returnCode: 0 })
  await pbx.done()
  log.mockRestore()
  const [details] = pbx.calls
  return {
    printed,
    farEndType: details?.farEndType,
    tookMs: (details?.times.IDLE ?? 0) - (details?.times.ANSWERED ?? 0),
  }
}

test('a fax machine answers: the application says so, soon after it has heard its tone', async () => {
  const { printed, farEndType, tookMs } = await run(phones.fax())
  expect([printed, farEndType]).toEqual([['A fax machine has picked up'], 'FAX_MACHINE'])
  // The tone begins half a second after the answer.
  expect(tookMs).toBeLessThan(500 + 900)
})

test.each([
  ['LIVE', phones.person()],
  ['ANSWER_MACHINE', phones.voicemail()],
  ['UNKNOWN', phones.silent()],
])('%s is no fax machine', async (farEndType, kind) => {
  expect(await run(kind)).toMatchObject({ printed: [], farEndType })
})
