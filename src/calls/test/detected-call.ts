import { expect } from 'vitest'
import { exchange, type PhoneKind, phones, type TestExchange } from '../../testing/index.ts'
import { type CallDetails, type CallOptions, Channel, outbound } from '../index.ts'
import { ScriptedDetection, verdict } from './scripted-detection.ts'

export const PERSON = verdict('final', 'person', 'person')
export const MACHINE = verdict('final', 'machine', 'voicemail')

export interface World {
  readonly pbx: TestExchange
  readonly detection: ScriptedDetection
  readonly channel: Channel
}

/** Lets `act` use a channel while `meanwhile` plays the detector; a person answers at once and says nothing. */
export async function run(
  act: (channel: Channel, world: World) => Promise<void>,
  meanwhile: (world: World) => Promise<void> = async () => {},
  kind: PhoneKind = phones.silent({ rings: 0 }),
  files: Readonly<Record<string, string>> = {},
): Promise<World & { readonly details: CallDetails }> {
  const detection = new ScriptedDetection()
  const pbx = exchange({ farEnd: detection, files })
  pbx.phone('far', kind)
  let world: World | undefined
  const running = pbx.start(
    outbound(async (channel) => {
      world = { pbx, detection, channel }
      await act(channel, world)
      await channel.hangUp()
    }),
  )
  await pbx.sleep(500)
  await meanwhile(world as World)
  expect((await running).error).toBeUndefined()
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
  return { ...(world as World), details: (world as World).channel.details as CallDetails }
}

export const call = (channel: Channel, options: CallOptions = {}) =>
  channel.call('sip:far@far', { liveSpeakerDetect: Channel.LiveSpeakerDetectionSettings.DEFAULT, ...options })
