import { describe, expect, test } from 'vitest'
import { hears, type Meeting, meeting, settings } from '../../conference/test/meeting.ts'

/** Bob ends the room when he leaves it, and wants the others to hear that he goes. */
function meet(): Meeting {
  return meeting(
    (name, channel) => {
      const media = settings(channel)
      if (name === 'bob') media.onExitMedia.textToSay('Bob has closed the meeting and says goodbye to all of you.')
      return {
        conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ destroyOnExit: name === 'bob' }),
        conferencePartyMediaSettings: media,
      }
    },
    {},
    (channel) => channel.filePlayer.say('You are with the desk again.').then(() => {}),
  )
}

/** The application takes the caller of that name back. */
async function retrieve(all: Meeting, name: string): Promise<unknown[]> {
  const { channel, other } = all.of(name)
  const state = await all.until(channel.retrieveTransfer())
  return [state, channel.transferCause(), await all.until(other.waitForIdle())]
}

const BACK = ['ANSWERED', 'NORMAL', 'IDLE']

describe('a caller is taken out of a room', () => {
  test('that is stopped: he hears no ringback any more, and the room is gone', async () => {
    const all = meet()
    const alice = await all.join('alice')
    await alice.hears.tone('ringback')
    expect(all.room.state()).toBe('stopped')
    expect(await retrieve(all, 'alice')).toEqual(BACK)
    const backAt = all.pbx.sim.now
    await alice.expectSpeech(/with the desk again/i)
    await all.pbx.sleep(6000)
    expect(alice.ears.tones.filter(({ startedAt }) => startedAt > backAt)).toEqual([])
    expect(all.of('alice').app.rooms.get('r')).toBeUndefined()
    await all.over()
  })

  test('that is started: the two hear each other no more, and who stays waits again', async () => {
    const all = meet()
    const alice = await all.join('alice')
    const bob = await all.join('bob')
    await alice.say('Hello Bob.')
    await bob.expectSpeech(/hello bob/i)
    expect(await retrieve(all, 'alice')).toEqual(BACK)
    await alice.expectSpeech(/with the desk again/i)
    await alice.say('Bob must not hear this.')
    await bob.hears.tone('ringback')
    expect(bob.hasHeard(/desk again|must not hear/i)).toBe(false)
    await all.over()
  })

  test('that is about to be destroyed: he is with the application, and the others are hung up on', async () => {
    const all = meet()
    const alice = await all.join('alice')
    const carol = await all.join('carol')
    const bob = await all.join('bob')
    await bob.hangUp()
    await alice.expectSpeech(/bob has closed/i)
    expect(await retrieve(all, 'alice')).toEqual(BACK)
    await carol.expectHangUp()
    await alice.expectSpeech(/with the desk again/i)
    expect([alice.state, all.of('alice').channel.state()]).toEqual(['ANSWERED', 'ANSWERED'])
    expect(await all.until(all.of('carol').channel.waitForIdle())).toBe('IDLE')
    await all.over()
  })
})

test.each([
  ['first the retrieval: he is with the application', ['retrieve', 'destroy'], 'ANSWERED'],
  ['first the end of the room: he is hung up on, as all are', ['destroy', 'retrieve'], 'IDLE'],
] as const)('a caller is taken out of a room in the moment in which it is destroyed, %s', async (_, order, where) => {
  const all = meet()
  const alice = await all.join('alice')
  const carol = await all.join('carol')
  const { channel, other } = all.of('alice')
  const { room } = all
  const doing = order.map((what) => (what === 'destroy' ? room.destroy() : channel.retrieveTransfer()))
  await all.until(Promise.all(doing))
  await carol.expectHangUp()
  if (where === 'ANSWERED') await alice.expectSpeech(/with the desk again/i)
  else await alice.untilEnded()
  expect([alice.state, channel.state(), await all.until(other.waitForIdle())]).toEqual([where, where, 'IDLE'])
  expect(all.of('alice').app.rooms.get('r')).toBeUndefined()
  await all.over()
})

describe('a caller goes to a room', () => {
  test('that is stopped, and stays so: he is there, and hears its ringback', async () => {
    const all = meeting((_, channel) => ({
      conferenceLifetimeControl: new channel.ConferenceLifetimeControl({ startOnEntry: false }),
    }))
    const alice = await all.join('alice')
    const bob = await all.join('bob')
    expect(all.room.state()).toBe('stopped')
    for (const phone of [alice, bob]) await phone.hears.tone('ringback')
    expect(all.of('bob')).toMatchObject({ result: 'TRANSFERRED' })
    expect(all.of('bob').channel.transferCause()).toBe('NORMAL')
    await bob.say('Is anybody there?')
    expect(alice.hasHeard(/anybody/i)).toBe(false)
    await all.over()
  })

  test('that is stopped, and starts with him: nobody waits any more, and the two hear each other', async () => {
    const all = meeting()
    const alice = await all.join('alice')
    await alice.hears.tone('ringback')
    const bob = await all.join('bob')
    const startedAt = all.pbx.sim.now
    expect([all.room.state(), all.of('bob').result]).toEqual(['started', 'TRANSFERRED'])
    expect(await hears(alice, bob, 'Hello Alice.')).toBe(true)
    expect(await hears(bob, alice, 'Hello Bob.')).toBe(true)
    await all.pbx.sleep(6000)
    for (const { ears } of [alice, bob]) expect(ears.tones.filter((tone) => tone.startedAt > startedAt)).toEqual([])
    await all.over()
  })

  test('that is started: he hears both, and both hear him', async () => {
    const all = meeting()
    const [alice, bob] = [await all.join('alice'), await all.join('bob')]
    expect(all.room.state()).toBe('started')
    const carol = await all.join('carol')
    expect(all.of('carol').result).toBe('TRANSFERRED')
    expect(await hears(carol, alice, 'Alice here.')).toBe(true)
    expect(await hears(carol, bob, 'Bob here.')).toBe(true)
    expect(await hears(alice, carol, 'Carol here.')).toBe(true)
    expect(bob.hasHeard(/carol here/i)).toBe(true)
    await all.over()
  })

  test('that is about to be destroyed: there is no place for him, and he never left the application', async () => {
    const all = meet()
    await all.join('alice')
    const bob = await all.join('bob')
    await bob.hangUp()
    const dave = await all.join('dave')
    const { channel, other, result } = all.of('dave')
    expect([result, channel.state(), channel.transferCause(), other.cause()]).toEqual([
      'ANSWERED',
      'ANSWERED',
      'TARGETREJECT',
      'BUSY',
    ])
    await dave.expectSpeech(/with the desk again/i)
    await all.over()
  })

  test('that is destroyed while the media engine lets him in: the transfer has failed, and he is not lost', async () => {
    const all = meet()
    const alice = await all.join('alice')
    const { handle } = all.pbx.exchange.engine
    all.pbx.exchange.engine.handle = function (command, now) {
      // A slow engine: it has not let him in when the room ends.
      if (command.type !== 'mix') handle.call(this, command, now)
    }
    const dave = await all.join('dave')
    expect(all.of('dave').channel.state()).toBe('TRANSFERRING')
    await all.until(all.room.destroy())
    await alice.expectHangUp()
    await dave.expectSpeech(/with the desk again/i)
    const { channel, other, result } = all.of('dave')
    expect([result, channel.transferCause(), other.state()]).toEqual(['ANSWERED', 'TARGETHANGUP', 'IDLE'])
    await all.over()
  })

  test('that the media engine never lets him into: he is back when his time is over', async () => {
    const all = meeting(() => ({ timeoutMs: 3000 }))
    const { handle } = all.pbx.exchange.engine
    all.pbx.exchange.engine.handle = function (command, now) {
      if (command.type !== 'mix') handle.call(this, command, now)
    }
    const dave = await all.join('dave')
    await all.pbx.sleep(3100)
    const { channel, result } = all.of('dave')
    expect([result, channel.state(), channel.transferCause()]).toEqual(['ANSWERED', 'ANSWERED', 'TIMEOUT'])
    expect(dave.state).toBe('ANSWERED')
    await all.over()
  })
})
