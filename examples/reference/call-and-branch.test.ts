import { simulate } from 'ringdown/testing'
import { expect, test, vi } from 'vitest'
import callAndBranch from './call-and-branch.ts'

const URI_HOST = '127.0.0.1'

async function run(status: number): Promise<{ printed: string[]; cause: string | undefined }> {
  const sim = simulate()
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line))
  const ringdown = sim.exchange('192.0.2.1')
  const callee = sim.peer(URI_HOST)
  await sim.clock.run(async () => {
    const ended = ringdown.startOutbound(callAndBranch)
    const call = await callee.expectCall()
    expect(call.invite.uri).toBe('sip:1234@127.0.0.1:5060;user=phone')
    call.respond(180)
    call.respond(status, status === 200 ? { sdp: true } : {})
    if (status === 200) callee.respond(await call.expect('BYE'), 200)
    expect(await ended).toMatchObject({ returnCode: 0 })
  })
  log.mockRestore()
  return { printed, cause: ringdown.calls[0]?.cause }
}

test('a busy callee: the application says so', async () => {
  expect(await run(486)).toEqual({ printed: ['Busy, try again'], cause: 'BUSY' })
})

test('a callee who refuses is not busy', async () => {
  expect(await run(603)).toEqual({ printed: [], cause: 'REJECTED' })
})

test('a callee who answers is called and hung up on', async () => {
  expect(await run(200)).toEqual({ printed: [], cause: 'NORMAL' })
})
