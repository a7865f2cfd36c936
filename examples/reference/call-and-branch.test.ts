import { exchange, type PhoneKind, phones } from 'ringdown/testing'
import { expect, test, vi } from 'vitest'
import callAndBranch from './call-and-branch.ts'

/** Runs the application against a callee of that kind. */
async function run(kind: PhoneKind): Promise<{ printed: string[]; cause: string | undefined }> {
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line))
  const pbx = exchange({})
  const callee = pbx.phone('callee', kind, { address: '127.0.0.1' })
  expect(await pbx.start(callAndBranch)).toMatchObject({ returnCode: 0 })
  await pbx.done()
  log.mockRestore()
  expect(callee.sip.latestCall.invite.uri).toBe('sip:1234@127.0.0.1:5060;user=phone')
  return { printed, cause: pbx.calls[0]?.cause }
}

test('a busy callee: the application says so', async () => {
  expect(await run(phones.busy())).toEqual({ printed: ['Busy, try again'], cause: 'BUSY' })
})

test('a callee who refuses is not busy', async () => {
  expect(await run(phones.rejects())).toEqual({ printed: [], cause: 'REJECTED' })
})

test('a callee who answers is called and hung up on', async () => {
  expect(await run(phones.person())).toEqual({ printed: [], cause: 'NORMAL' })
})
