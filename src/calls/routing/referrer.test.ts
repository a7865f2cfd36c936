import { expect, test } from 'vitest'
import { presentReferrer } from './caller-id.ts'
import type { NumberPlan } from './number-plan.ts'
import type { Trunk } from './trunk.ts'

const PLAN: NumberPlan = { countryCode: '44', nationalPrefix: '0', internationalPrefix: '00' }
const TRUNK: Trunk = { name: 'carrier', uri: 'sip:carrier.example', from: 'sip:+441632960000@house.example' }
const EXTENSION = 'sip:bob@10.0.0.7:5062;transport=tcp'
const NUMBER = 'sip:01632960001@10.0.0.7'
const IDENTITY = 'sip:ringdown@192.0.2.1'

test.each([
  ['no trunk: within the house', EXTENSION, undefined, {}, EXTENSION],
  ['a trunk of our trust domain', EXTENSION, { ...TRUNK, isTrusted: true }, { isHidden: true }, EXTENSION],
  ['a name of the house', EXTENSION, TRUNK, {}, undefined],
  ['a short number of the house', 'sip:101@10.0.0.7', TRUNK, {}, undefined],
  ['a public number', NUMBER, TRUNK, {}, 'sip:+441632960001@house.example'],
  [
    'as the trunk writes it',
    NUMBER,
    { ...TRUNK, callerId: { format: 'national' } },
    {},
    'sip:01632960001@house.example',
  ],
  ['of somebody who hides', NUMBER, TRUNK, { isHidden: true }, undefined],
  [
    'one that may be shown',
    NUMBER,
    { ...TRUNK, callerId: { allowed: ['+44163296000*'] } },
    {},
    'sip:+441632960001@house.example',
  ],
  ['one that may not', NUMBER, { ...TRUNK, callerId: { allowed: ['+441632960002'] } }, {}, undefined],
  ['without a host of its own', 'tel:+441632960001', { name: 'x', uri: 'sip:x' }, {}, 'sip:+441632960001@192.0.2.1'],
] satisfies [string, string, Trunk | undefined, { isHidden?: boolean }, string | undefined][])(
  'who has asked for a call, to %s',
  (_, uri, trunk, how, told) => {
    expect(presentReferrer({ uri, ...how }, trunk, PLAN, IDENTITY)).toBe(told)
  },
)
