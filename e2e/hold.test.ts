import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { babble, silence, writeWav } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'

const MUSIC = babble(2, 33)

describeWith('baresip')('hold with baresip', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: { hold: { app: 'hold', parameters: { music: 'music.wav' } }, held: 'held' },
    })
    writeWav(exchange.file('music.wav'), MUSIC)
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  async function calling(user: string): Promise<Baresip> {
    const far = await Baresip.start({ address: network.next(), says: silence(60), answers: false })
    onTestFinished(() => far.stop())
    far.dial(`sip:${user}@${exchange.address}`)
    await far.untilEstablished()
    return far
  }

  // That it hears the music is not tested: its dump of what it decodes ends with the first re-INVITE.
  test('we hold it: it takes the re-INVITE, is sent the music, and is taken back', async () => {
    const far = await calling('hold')
    expect(await exchange.report('hold')).toMatchObject({ state: 'ANSWERED' })
    far.hangUp()
    const ours = await exchange.report('hold')
    expect(ours).toMatchObject({ found: { held: 'HOLDING', retrieved: 'ANSWERED' }, details: { endedBy: 'remote' } })
    expect(ours.states).toEqual(['CALL_INCOMING', 'ANSWERING', 'ANSWERED', 'HOLDING', 'ANSWERED', 'IDLE'])
    // Three seconds, each of 50 packets but for those that a busy machine skips.
    const { packetsSent = 0, slotsSkipped = 0 } = ours.details?.media ?? {}
    expect(packetsSent + slotsSkipped).toBeGreaterThan(140)
  })

  test('it holds us and resumes: ON_HOLD meanwhile', async () => {
    const far = await calling('held')
    far.hold()
    expect(await exchange.report('held')).toMatchObject({ found: { change: 'farEndHold' } })
    far.resume()
    expect(await exchange.report('held')).toMatchObject({ found: { change: 'farEndRetrieve' } })
    far.hangUp()
    const ours = await exchange.report('held')
    expect(ours.states).toEqual(['CALL_INCOMING', 'ANSWERING', 'ANSWERED', 'ON_HOLD', 'ANSWERED', 'IDLE'])
  })
})
