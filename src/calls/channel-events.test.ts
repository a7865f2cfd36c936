import { expect, expectTypeOf, test } from 'vitest'
import { ChannelEvents, type ChannelEventType } from './channel-events.ts'
import type { Cause, State } from './enums.ts'

function events() {
  let now = 1000
  const errors: unknown[] = []
  const channel = new ChannelEvents(() => now++)
  const emit = (event: Parameters<ChannelEvents['emit']>[0]) => channel.emit(event, (error) => errors.push(error))
  return { channel, emit, errors }
}

test('each event has its number, whatever its type and whoever listens, and its time', () => {
  const { channel, emit } = events()
  const seen: unknown[] = []
  emit({ type: 'state', state: 'CALL_INCOMING' })
  channel.on('digit', ({ type, digit, sequence, at }) => seen.push([type, digit, sequence, at]))
  const stop = channel.on('farEndHold', ({ sequence }) => seen.push(['first', sequence]))
  channel.on('farEndHold', ({ sequence }) => seen.push(['second', sequence]))
  emit({ type: 'digit', digit: '5' })
  emit({ type: 'farEndHold' })
  emit({ type: 'farEndRetrieve' })
  stop()
  stop()
  emit({ type: 'farEndHold' })
  expect(seen).toEqual([
    ['digit', '5', 2, 1000],
    ['first', 3],
    ['second', 3],
    ['second', 5],
  ])
})

test('a listener that throws keeps nothing from the others', () => {
  const { channel, emit, errors } = events()
  const seen: number[] = []
  const error = new Error('a bug of the application')
  channel.on('farEndHold', () => {
    throw error
  })
  channel.on('farEndHold', ({ sequence }) => seen.push(sequence))
  emit({ type: 'farEndHold' })
  expect([seen, errors]).toEqual([[1], [error]])
})

test('listeners that come and go while an event is told', () => {
  const { channel, emit } = events()
  const seen: string[] = []
  const stop = channel.on('farEndHold', () => {
    seen.push('once')
    stop()
  })
  channel.on('farEndHold', () => seen.push('always'))
  emit({ type: 'farEndHold' })
  emit({ type: 'farEndHold' })
  expect(seen).toEqual(['once', 'always', 'always'])
})

test('a listener is given the fields of its type', () => {
  const { channel } = events()
  channel.on('state', (event) => expectTypeOf(event.state).toEqualTypeOf<State>())
  channel.on('ended', (event) => expectTypeOf(event.cause).toEqualTypeOf<Cause>())
  channel.on('connected', (event) => expectTypeOf(event.connectedId).toEqualTypeOf<string>())
  channel.on('progress', (event) => {
    expectTypeOf(event.status).toEqualTypeOf<number>()
    expectTypeOf(event.sequence).toEqualTypeOf<number>()
    expectTypeOf(event.at).toEqualTypeOf<number>()
  })
  expectTypeOf<Parameters<typeof channel.on>[0]>().toEqualTypeOf<ChannelEventType>()
})
