import { expect, test } from 'vitest'
import { MemoryMediaStore, withSimulation } from '../../testing/index.ts'
import { inbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

test(
  'a bug that strikes one call ends that call with ERROR, is counted, and harms no other',
  withSimulation({}, async (sim) => {
    const files = new MemoryMediaStore()
    const write = files.write.bind(files)
    files.write = async (name, format) => {
      const sink = await write(name, format)
      if (name !== 'bad.wav') return sink
      return {
        ...sink,
        write: () => {
          throw new TypeError('a bug in the store')
        },
      }
    }
    const record = (name: string) =>
      inbound(async (channel) => {
        await channel.answer()
        await channel.fileRecorder.record(name, { timeoutMs: 2000 })
        await channel.waitForIdle({ timeoutMs: 1000 })
      })
    const ringdown = sim.exchange(US, { files, services: { bad: record('bad.wav'), good: record('good.wav') } })
    const peer = sim.peer(THEM)
    const bad = peer.invite(`sip:bad@${US}`)
    await bad.expectResponse(200)
    bad.ack()
    const good = peer.invite(`sip:good@${US}`)
    await good.expectResponse(200)
    good.ack()
    peer.respond(await bad.expect('BYE'), 200)
    expect(sim.now).toBeLessThan(1000)
    peer.respond(await good.expect('BYE'), 200)
    await sim.clock.runUntilIdle()
    expect(ringdown.calls.map(({ cause, endedBy }) => [cause, endedBy])).toEqual([
      ['ERROR', 'network'],
      ['NORMAL', 'local'],
    ])
    expect(files.recording('good.wav')).toHaveLength(16_000)
    expect(ringdown.exchange.counters.get('brokenInvariants')).toBeGreaterThan(0)
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'a media worker that dies ends its own calls with ERROR, jobs first, and no other',
  withSimulation({}, async (sim) => {
    const causes: string[] = []
    const ringdown = sim.exchange(US, {
      services: {
        '*': inbound(async (channel) => {
          await channel.answer()
          causes.push(await channel.fileRecorder.record('a.wav', { timeoutMs: 2000 }))
          await channel.hangUp()
        }),
      },
    })
    const { mediaIo } = ringdown
    const legs: number[] = []
    const open = mediaIo.open.bind(mediaIo)
    mediaIo.open = (leg, address) => {
      legs.push(leg)
      open(leg, address)
    }
    const peer = sim.peer(THEM)
    const calls = ['first', 'second'].map((user) => peer.invite(`sip:${user}@${US}`))
    for (const call of calls) {
      await call.expectResponse(200)
      call.ack()
    }
    await sim.clock.sleep(500)
    const poll = mediaIo.poll.bind(mediaIo)
    let isDead = false
    mediaIo.poll = () => {
      if (isDead) return poll()
      isDead = true
      return { type: 'failed', leg: legs[0]!, reason: 'the media worker has died' }
    }
    peer.respond(await calls[0]!.expect('BYE', { withinMs: 100 }), 200)
    peer.respond(await calls[1]!.expect('BYE', { withinMs: 3000 }), 200)
    await sim.clock.runUntilIdle()
    expect(causes).toEqual(['ERROR', 'TIMEOUT'])
    expect(ringdown.calls.map(({ cause, endedBy, reason }) => [cause, endedBy, reason?.text])).toEqual([
      ['ERROR', 'network', 'the media worker has died'],
      ['NORMAL', 'local', undefined],
    ])
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'a service directory that throws: the caller is told 500',
  withSimulation({}, async (sim) => {
    const services = {
      get app(): never {
        throw new TypeError('a bug in the directory')
      },
    }
    const ringdown = sim.exchange(US, { services })
    await sim.peer(THEM).invite(`sip:app@${US}`).expectResponse(500)
    await sim.clock.runUntilIdle()
    expect(ringdown.exchange.counters.snapshot()).toEqual({ brokenInvariants: 1 })
    expect(ringdown.alive).toBe(0)
  }),
)
