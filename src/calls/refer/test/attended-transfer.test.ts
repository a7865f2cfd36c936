import { expect, test } from 'vitest'
import type { PeerCall, SipPeer } from '../../../testing/index.ts'
import { outcomeOf, type Referred, referred, referToOf } from './refer-script.ts'

interface Attended extends Referred {
  readonly bob: SipPeer
  /** Bob's call, which he has answered. */
  readonly consulted: PeerCall
  /** What the application sees: of the transfer, and of its other channel. */
  outcome(): object
}

/** The application has alice on one channel and calls bob on another; then it asks alice to take its place. */
function attended(options: object, script: (at: Attended) => Promise<void>): Promise<void> {
  let bob: SipPeer
  let outcome: object = {}
  return referred(
    async (channel, other) => {
      await other.call('sip:bob@192.0.2.9')
      const isThere = await channel.attendedTransfer(other, options)
      outcome = { ...outcomeOf(channel, isThere), other: other.state() }
      await channel.waitForIdle()
    },
    async (at) => {
      const consulted = await bob.expectCall()
      consulted.respond(200, { sdp: true })
      await consulted.expect('ACK')
      await script({ ...at, bob, consulted, outcome: () => outcome })
    },
    { peers: (sim) => (bob = sim.peer('192.0.2.9', { name: 'bob', retransmits: true })) },
  )()
}

test('the far end is asked to take the place of our call to the target, and then neither is ours', () =>
  attended({}, async ({ call, bob, consulted, takeRefer, notify, seen, done, outcome }) => {
    const { uri, replaces } = referToOf(await takeRefer())
    expect(uri).toBe(bob.contactUri)
    // As bob knows it: to-tag is his.
    expect(replaces).toEqual({
      callId: consulted.callId,
      toTag: consulted.localTag,
      fromTag: /;tag=([^;]+)/.exec(consulted.invite.headers.get('from') ?? '')?.[1],
      earlyOnly: false,
    })
    await notify(180)
    consulted.bye()
    await consulted.expectResponse(200)
    await notify(200)
    call.respond(200, {}, await call.expect('BYE'))
    await done
    expect(outcome()).toEqual({ isThere: true, state: 'IDLE', cause: 'NORMAL', other: 'IDLE' })
    expect(seen).toEqual(['TRANSFERRING', '180', '200', 'TRANSFERRED', 'IDLE'])
  }))

test('when nothing comes of it, both calls are with the application again', () =>
  attended({}, async ({ sim, call, consulted, takeRefer, notify, done, outcome }) => {
    await takeRefer()
    await notify(486)
    await sim.clock.sleep(100)
    expect(outcome()).toEqual({
      isThere: false,
      state: 'ANSWERED',
      cause: 'TARGETREJECT',
      rawCause: 486,
      other: 'ANSWERED',
    })
    call.bye()
    consulted.respond(200, {}, await consulted.expect('BYE'))
    await done
  }))

test('a target that hangs up meanwhile', () =>
  attended({}, async ({ sim, call, consulted, takeRefer, notify, done, outcome }) => {
    await takeRefer()
    consulted.bye()
    await notify(481)
    await sim.clock.sleep(100)
    expect(outcome()).toEqual({
      isThere: false,
      state: 'ANSWERED',
      cause: 'TARGETHANGUP',
      rawCause: 481,
      other: 'IDLE',
    })
    call.bye()
    await done
  }))

test('a far end that hangs up meanwhile: the target is with the application', () =>
  attended({}, async ({ sim, call, consulted, done, outcome }) => {
    await call.expect('REFER')
    call.bye()
    await sim.clock.sleep(100)
    expect(outcome()).toEqual({ isThere: false, state: 'IDLE', cause: 'HANGUP', other: 'ANSWERED' })
    consulted.respond(200, {}, await consulted.expect('BYE'))
    await done
  }))

test('a far end that refuses: the two are connected here when that was asked for, as long as both want', () =>
  attended({ bridgeIfRefused: true }, async ({ sim, call, consulted, takeRefer, seen, done, outcome }) => {
    await takeRefer(405)
    await sim.clock.sleep(1000)
    expect(outcome()).toEqual({
      isThere: true,
      state: 'TRANSFERRED',
      cause: 'NORMAL',
      other: 'TRANSFERRED',
    })
    consulted.bye()
    call.respond(200, {}, await call.expect('BYE'))
    await done
    expect(seen).toEqual(['TRANSFERRING', 'ANSWERED', 'TRANSFERRING', 'TRANSFERRED', 'IDLE'])
  }))
