import { expectTypeOf, test } from 'vitest'
import type { CodecName, LegStatistics } from '../media/index.ts'
import type { CallDetails, EndedBy, MutableCallDetails } from './details.ts'
import type { Cause, State } from './enums.ts'

test('each field of the details is there where it is true, and can be asked for anywhere', () => {
  const check = (details: CallDetails) => {
    expectTypeOf(details.cause).toEqualTypeOf<Cause | undefined>()
    expectTypeOf(details.codec).toEqualTypeOf<CodecName | undefined>()
    expectTypeOf(details.sipCallId).toEqualTypeOf<string>()
    expectTypeOf(details.user).toEqualTypeOf<string | undefined>()
    if (details.wasAnswered) expectTypeOf(details.codec).toEqualTypeOf<CodecName>()
    if (details.hasEnded) {
      expectTypeOf(details.cause).toEqualTypeOf<Cause>()
      expectTypeOf(details.endedBy).toEqualTypeOf<EndedBy>()
      expectTypeOf(details.endedIn).toEqualTypeOf<State>()
      expectTypeOf(details.media).toEqualTypeOf<LegStatistics | undefined>()
    } else expectTypeOf(details.rawCause).toEqualTypeOf<undefined>()
    if (details.direction === 'inbound') {
      expectTypeOf(details.sipCallId).toEqualTypeOf<string>()
      expectTypeOf(details.diversion).toEqualTypeOf<string | undefined>()
      expectTypeOf(details.farEndType).toEqualTypeOf<undefined>()
    } else expectTypeOf(details.diversion).toEqualTypeOf<undefined>()
    if (details.wasAnswered && details.hasEnded && details.direction === 'outbound')
      expectTypeOf([details.codec, details.cause]).toEqualTypeOf<(CodecName | Cause)[]>()
  }
  expectTypeOf(check).toBeFunction()
})

test('what calls write is what applications read', () => {
  expectTypeOf<keyof MutableCallDetails>().toEqualTypeOf<keyof CallDetails>()
  expectTypeOf<CallDetails>().not.toEqualTypeOf<MutableCallDetails>()
})
