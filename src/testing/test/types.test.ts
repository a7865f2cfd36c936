import { expectTypeOf, test } from 'vitest'
import type { AppDefinition, CallDetails, InstanceRecord } from '../../calls/index.ts'
import {
  exchange,
  type FuzzOptions,
  fuzzCalls,
  type HeardTone,
  type Phone,
  type PhoneKind,
  type phones,
  type RealPhones,
  type TestExchange,
} from '../index.ts'

test('the types of the test kit are what users rely on', () => {
  expectTypeOf(exchange).returns.toEqualTypeOf<TestExchange>()
  expectTypeOf(exchange).parameter(0).extract<AppDefinition>().toEqualTypeOf<AppDefinition>()
  expectTypeOf<TestExchange['phone']>().returns.toEqualTypeOf<Phone>()
  expectTypeOf<TestExchange['calls']>().toEqualTypeOf<readonly CallDetails[]>()
  expectTypeOf<TestExchange['start']>().returns.resolves.toEqualTypeOf<InstanceRecord>()
  expectTypeOf<Phone['call']>().returns.resolves.toEqualTypeOf<number>()
  expectTypeOf<Phone['expectSpeech']>().parameter(0).toEqualTypeOf<RegExp | string>()
  expectTypeOf<Phone['hears']['tone']>().returns.resolves.toEqualTypeOf<Readonly<HeardTone>>()
  expectTypeOf<Omit<typeof phones, 'real'>[Exclude<keyof typeof phones, 'real'>]>().returns.toEqualTypeOf<PhoneKind>()
  expectTypeOf<(typeof phones)['real']>().returns.toEqualTypeOf<RealPhones>()
  expectTypeOf<RealPhones['phone']>().returns.toEqualTypeOf<Phone>()
  expectTypeOf(fuzzCalls).parameter(0).toEqualTypeOf<AppDefinition>()
  expectTypeOf<FuzzOptions>().toHaveProperty('runs').toEqualTypeOf<number | undefined>()
  expectTypeOf(fuzzCalls).returns.resolves.toBeVoid()
})
