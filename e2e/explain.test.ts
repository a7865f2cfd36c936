import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inbound } from 'ringdown'
import { exchange, phones } from 'ringdown/testing'
import { expect, it } from 'vitest'
import type { CallStory, CallSummary } from '../src/index.ts'
import type { Child } from './harness/child.ts'
import { commandFolder } from './harness/command.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp } from './harness/sipp.ts'
import { waitFor } from './harness/wait.ts'

const ADDRESS = '127.0.78.1'
const SIPP = '127.0.78.2'
const { folder, ringdown, exitOf, write } = commandFolder()

const CONFIG = `
import { defineConfig, inbound } from 'ringdown'
export default defineConfig({
  sip: { listen: [
    { transport: 'udp', address: '${ADDRESS}', port: 5060 },
    { transport: 'tcp', address: '${ADDRESS}', port: 5060 },
  ] },
  authentication: { strangers: 'allow' },
  services: [
    { name: 'menu', app: inbound(async (channel) => {
      await channel.ring()
      await channel.answer()
      channel.tonePlayer.start('RINGBACK_EU', { loop: true })
      await channel.dtmfDetector.getDigits({ count: 1 })
      await channel.dtmfDetector.getDigits({ count: 4, private: true })
      return 7
    }) },
    { name: 'answer', app: inbound(async (channel) => {
      await channel.answer()
      await channel.waitForIdle()
    }) },
  ],
})`

async function serve(): Promise<Child> {
  write('ringdown.config.ts', CONFIG)
  const server = ringdown('serve')
  await waitFor('the server is ready', () => server.output.split('\n').includes('ready'))
  return server
}

async function explain(...args: string[]): Promise<string> {
  const child = ringdown('explain', ...args)
  expect(await exitOf(child), child.output).toBe(0)
  return child.output
}

async function recent(): Promise<CallSummary[]> {
  return JSON.parse(await explain('--json'))
}

/** What tshark reads in a capture: these fields of each packet, tab between them. */
function tshark(file: string, ...fields: string[]): string[][] {
  const checks = ['ip.check_checksum', 'udp.check_checksum', 'tcp.check_checksum'].flatMap((name) => [
    '-o',
    `${name}:TRUE`,
  ])
  const columns = fields.flatMap((field) => ['-e', field])
  const output = execFileSync('tshark', ['-r', file, ...checks, '-T', 'fields', ...columns], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return output
    .toString()
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'))
}

const WHAT = [
  'ip.src',
  'ip.dst',
  'udp.srcport',
  'udp.dstport',
  'sip.Method',
  'sip.Status-Code',
  'sdp.media.port',
  '_ws.malformed',
]

describeWith('sipp', 'tshark')('ringdown explain', () => {
  it('tells the story of a call on the terminal, as JSON and as a capture, and no private digit', async () => {
    const server = await serve()
    const before = Date.now()
    const call = ringdown('call', `sip:menu@${ADDRESS}`, '--dtmf', '71234', '--talk', '5')
    expect(await exitOf(call)).toBe(0)
    await waitFor('the call is over', async () => (await recent())[0]?.isOver)
    const [summary] = await recent()
    expect(await explain()).toMatch(new RegExp(`${summary?.id} +in +.* -> menu@${ADDRESS} +NORMAL by local`))

    const printed = await explain('last')
    for (const line of [/^served by +menu, which returned 7$/m, /^ended +NORMAL in ANSWERED, by our application/m])
      expect(printed).toMatch(line)
    expect(printed).toMatch(/INVITE menu@127\.0\.78\.1 \(1\) \+sdp -+>[\s\S]*180 Ringing[\s\S]*200 OK[\s\S]*ACK/)
    expect(printed).toMatch(/\* ANSWERED[\s\S]*\* key 7 [\s\S]*(\* key \(private\)[\s\S]*){4}BYE[\s\S]*MOS \d\.\d/)

    const told = await explain((summary as CallSummary).id.slice(0, 6), '--json')
    const story = JSON.parse(told) as CallStory
    expect(story.events.filter(({ type }) => type === 'digit').map((event) => 'digit' in event && event.digit)).toEqual(
      [...['7', false, false, false, false]],
    )
    expect(story.startedAtMs).toBeGreaterThanOrEqual(before)

    // The same call again, in virtual time.
    let collected = ''
    const again = exchange({
      apps: {
        menu: inbound(async (channel) => {
          await channel.answer()
          collected = await channel.dtmfDetector.getDigits({ count: 5, private: true })
        }),
      },
    })
    again.phone('caller', phones.replay(told, { privateDigits: '1234' }))
    await again.done()
    expect(collected).toBe('71234')
    expect(again.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'local', from: story.details?.from })

    const file = join(folder, 'call.pcap')
    expect(await explain('last', '--pcap', file)).toBe('')
    const [first, second, ...rest] = tshark(file, ...WHAT)
    const [remote, port] = [first?.[0], first?.[2]]
    expect(first).toEqual([remote, ADDRESS, port, '5060', 'INVITE', '', expect.stringMatching(/^\d+$/), ''])
    expect(second).toEqual([ADDRESS, remote, '5060', port, '', '180', '', ''])
    expect(rest.map(([, , , , method, status]) => `${method}${status}`)).toEqual(['200', 'ACK', 'BYE', '200'])
    expect(tshark(file, 'ip.checksum.status', 'udp.checksum.status').every((row) => row.join() === '1,1')).toBe(true)
    const [sentAt] = tshark(file, 'frame.time_epoch')[0] as [string]
    expect(Math.abs(Number(sentAt) * 1000 - story.startedAtMs)).toBeLessThan(1)
    expect(server.output).toContain('control door at ')
  })

  it('explains calls of SIPp, refused ones, and calls over TCP whose capture tshark puts together', async () => {
    await serve()
    const uac = { scenario: 'uac', address: SIPP, callee: `${ADDRESS}:5060`, pauseMs: 200 }
    expect(await Sipp.run({ ...uac, user: 'answer' })).toMatchObject({ exitCode: 0, errors: '' })
    expect(await exitOf(ringdown('call', `sip:nobody@${ADDRESS}`))).toBe(13)
    expect(await exitOf(ringdown('call', `sip:menu@${ADDRESS};transport=tcp`, '--dtmf', '71234', '--talk', '5'))).toBe(
      0,
    )
    await waitFor('the calls are over', async () => (await recent()).every(({ isOver }) => isOver))
    const [overTcp, refused, sipp] = (await recent()) as [CallSummary, CallSummary, CallSummary]
    expect(sipp.outcome).toBe('NORMAL by remote')
    expect(await explain(sipp.sipCallId)).toMatch(/INVITE answer@[\s\S]*BYE[\s\S]*200 OK \(2 BYE\)/)
    expect(refused.outcome).toBe('refused with 404')
    expect(await explain(refused.id)).toMatch(/^ended +404 Not Found: no application has had the call$/m)
    const file = join(folder, 'tcp.pcap')
    await explain(overTcp.id, '--pcap', file)
    const packets = tshark(
      file,
      'tcp.dstport',
      'sip.Method',
      'sip.Status-Code',
      '_ws.malformed',
      'tcp.analysis.lost_segment',
    )
    expect(packets.map(([, method, status]) => `${method}${status}`)).toEqual([
      'INVITE',
      '180',
      '200',
      'ACK',
      'BYE',
      '200',
    ])
    expect(packets[0]).toEqual(['5060', 'INVITE', '', '', ''])
    expect(tshark(file, 'tcp.checksum.status').every(([status]) => status === '1')).toBe(true)
    // The same messages between hosts that have IPv6, over TLS, one of them long: from a file.
    const story = JSON.parse(await explain(overTcp.id, '--json')) as CallStory
    const messages = story.messages.map((message, index) => ({
      ...message,
      transport: 'tls',
      local: { address: '2001:db8::1', port: 5060 },
      remote: { address: 'fe80::1:2', port: 4000 },
      text: index === 0 ? message.text.replace('\r\n', `\r\nX-Long: ${'y'.repeat(62_000)}\r\n`) : message.text,
    }))
    write('story.json', JSON.stringify({ ...story, messages }))
    await explain('story.json', '--pcap', file)
    const v6 = tshark(file, 'ipv6.src', 'sip.Method', 'sip.Status-Code', 'tcp.checksum.status', '_ws.malformed')
    expect(v6).toHaveLength(7)
    expect(v6.map(([, method, status]) => `${method}${status}`)).toEqual([
      '',
      'INVITE',
      '180',
      '200',
      'ACK',
      'BYE',
      '200',
    ])
    expect(v6[0]?.[0]).toBe('fe80::1:2')
    expect(v6.map(([, , , checksum, malformed]) => [checksum, malformed])).toEqual(Array(7).fill(['1', '']))
  })

  it('keeps others out, and says what is wrong', async () => {
    const nothing = ringdown('explain', '--config', 'ringdown.config.ts')
    write('ringdown.config.ts', CONFIG)
    expect(await exitOf(nothing)).toBe(3)
    expect(nothing.output).toContain('start one with "ringdown serve"')
    const server = await serve()
    const door = await waitFor('the door is named', () => /control door at ([^"\s]+)/.exec(server.output)?.[1])
    expect(statSync(dirname(door)).mode & 0o777).toBe(0o700)
    const none = ringdown('explain', 'last')
    expect(await exitOf(none)).toBe(1)
    expect(none.output).toContain('keeps no call')
    expect(await exitOf(ringdown('call', `sip:answer@${ADDRESS}`))).toBe(0)
    const unknown = ringdown('explain', 'no-such-call', '--door', door)
    expect(await exitOf(unknown)).toBe(1)
    expect(unknown.output).toMatch(/keeps no call "no-such-call"; the last that it keeps:\n.*answer@/)
    const wrong = join(folder, 'wrong.json')
    writeFileSync(wrong, '{}')
    for (const args of [['--pcap', 'x'], [wrong], ['--most', '0']])
      expect(await exitOf(ringdown('explain', ...args))).toBe(2)
    server.process.kill('SIGTERM')
    expect(await exitOf(server)).toBe(0)
    expect(() => readFileSync(door)).toThrow(/ENOENT/)
    const gone = ringdown('explain', '--door', door)
    expect(await exitOf(gone)).toBe(3)
  })
})
