import { describe, expect, it } from 'vitest'
import type { BenchResult } from '../src/server/bench/bench.ts'
import { commandFolder } from './harness/command.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor, within } from './harness/wait.ts'

const ADDRESS = new LoopbackNetwork().next()
const { ringdown, write } = commandFolder()

async function bench(...args: string[]): Promise<{ code: number; result: BenchResult; output: string }> {
  const child = ringdown('bench', '--json', ...args)
  const code = await within(`bench ${args.join(' ')}`, child.exited, 60_000)
  const { output } = child
  const at = output.indexOf('{')
  return { code, output, result: at < 0 ? (undefined as never) : JSON.parse(output.slice(at)) }
}

describe('ringdown bench', () => {
  // In real time, on machines that others share: another try is given where sound is, as with baresip.
  it('measures calls with a prompt: all answered, both directions heard, nothing lost', { retry: 2 }, async () => {
    const { code, result } = await bench('--calls', '40', '--rate', '40', '--hold', '5')
    expect(code).toBe(0)
    expect(result.calls).toMatchObject({ placed: 40, answered: 40, failed: 0, most: 40, causes: {} })
    expect(result.cpu?.plateau).toMatchObject({ calls: 40 })
    expect(result.cpu?.plateau?.percentPer100Calls).toBeGreaterThan(0)
    expect(result.memory?.idleBytes).toBeGreaterThan(20e6)
    // 5 s at 50 packets a second, less what a busy machine lets slip.
    expect(result.media).toMatchObject({ streams: 40, lost: 0, lostBySubject: 0 })
    expect(result.media?.packets).toBeGreaterThan(40 * 200)
    expect(result.latenessMs?.p999).toBeGreaterThan(0)
  })

  it('measures bridged calls: the load hears itself through the exchange, on both ends', async () => {
    const { code, result } = await bench('--mode', 'bridge', '--calls', '20', '--rate', '40', '--hold', '4')
    expect(code).toBe(0)
    expect(result.calls).toMatchObject({ answered: 20, failed: 0 })
    expect(result.media).toMatchObject({ streams: 40, lost: 0 })
    expect(result.media?.packets).toBeGreaterThan(40 * 130)
  })

  it('measures conferences: everybody hears the room, on either network', async () => {
    for (const io of ['auto', 'dgram']) {
      const rooms = ['--mode', 'conference', '--room-size', '5', '--speakers', '2']
      const { code, result } = await bench(...rooms, '--calls', '20', '--rate', '40', '--hold', '4', '--io', io)
      expect(code).toBe(0)
      expect(result.plan.rooms).toEqual({ size: 5, speakers: 2 })
      expect(result.calls).toMatchObject({ answered: 20, failed: 0 })
      expect(result.media).toMatchObject({ streams: 20, lost: 0, lostBySubject: 0 })
      expect(result.media?.packets).toBeGreaterThan(20 * 150)
    }
  })

  it('measures signalling, on the portable network too', async () => {
    const args = ['--mode', 'signalling', '--calls', '400', '--rate', '100']
    for (const io of ['auto', 'dgram']) {
      const { code, result } = await bench(...args, '--io', io)
      expect(code).toBe(0)
      expect(result.calls).toMatchObject({ placed: 400, answered: 400, failed: 0 })
      expect(result.cpu?.msPerCall).toBeGreaterThan(0)
    }
  })

  it('loads what it is told to, measures the process it is told of, and fails when calls fail', async () => {
    write(
      'ringdown.config.ts',
      `import { defineConfig, inbound } from 'ringdown'
       let calls = 0
       export default defineConfig({
         sip: { listen: [{ transport: 'udp', address: '${ADDRESS}', port: 5060 }] },
         services: [
           { name: 'every-third-busy', app: inbound(async (channel) => {
             if (++calls % 3 === 0) return void await channel.reject('BUSY')
             await channel.answer()
             await channel.tonePlayer.play('RINGBACK_EU', { loop: true })
           }) },
           { name: 'impatient', app: inbound(async (channel) => {
             await channel.answer()
           }) },
         ],
       })`,
    )
    const server = ringdown('serve')
    await waitFor('the server is ready', () => server.output.split('\n').includes('ready'))
    const load = ['--calls', '9', '--rate', '20', '--hold', '3', '--pid', String(server.pid)]
    const busy = await bench(`sip:every-third-busy@${ADDRESS}`, ...load)
    expect(busy.code).toBe(1)
    expect(busy.result.calls).toMatchObject({ placed: 9, answered: 6, failed: 3, causes: { BUSY: 3 } })
    expect(busy.result.memory?.idleBytes).toBeGreaterThan(20e6)
    expect(busy.result.latenessMs).toBeUndefined()
    const cut = await bench(`sip:impatient@${ADDRESS}`, ...load)
    expect(cut.code).toBe(1)
    expect(cut.result.calls).toMatchObject({ answered: 9, failed: 9 })
    expect(Object.keys(cut.result.calls.causes)).toEqual(['cut by the far end (NORMAL)'])
  })

  it('ends at Ctrl-C with what was measured so far', async () => {
    const child = ringdown('bench', '--json', '--calls', '10', '--hold', '60')
    await waitFor('the calls stand', () => child.output.includes('10 up'), 30_000)
    child.process.kill('SIGINT')
    expect(await within('the bench ends', child.exited, 20_000)).toBe(0)
    const result = JSON.parse(child.output.slice(child.output.indexOf('{'))) as BenchResult
    expect(result.calls).toMatchObject({ answered: 10, failed: 0 })
    expect(result.media?.packets).toBeGreaterThan(0)
  })

  it.each([
    [['--calls', '0'], /--calls <number>' argument '0' is invalid\. give a whole number from 1/],
    [['--calls', '1.5'], /--calls/],
    [['--rate', '-3'], /--rate <number>' argument '-3' is invalid\. give a number above 0/],
    [['--hold', 'long'], /--hold <seconds>' argument 'long' is invalid/],
    [['--mode', 'chat'], /--mode <mode>' argument 'chat' is invalid\. Allowed choices are ivr, bridge/],
    [['--mode', 'conference', '--room-size', '2', '--speakers', '3'], /--speakers 3 --room-size 2: more would speak/],
    [['--room-size', '20'], /--room-size 20: it goes with --mode conference/],
    [['--calls', '20000', '--rate', '5000'], /20000 media ports would be taken/],
    [['--pid', '1'], /--pid 1: it goes with a URI/],
    [['sip:x@127.0.0.1', '--io', 'dgram'], /--io dgram: .* with a URI none is/],
    [['sip:x@127.0.0.1', '--pid', '4194304'], /--pid 4194304: there is no such process/],
    [['sip:x@192.0.2.1'], /192\.0\.2\.1 is not on this machine.*--allow-network/],
    [['tel:123'], /cannot load "tel:123": give a sip: URI/],
  ])('refuses %s', async (args, message) => {
    const child = ringdown('bench', ...args)
    expect(await within('the refusal', child.exited, 20_000)).toBe(2)
    expect(child.output).toMatch(message)
  })
})
