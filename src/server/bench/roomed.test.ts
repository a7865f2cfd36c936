import { expect, it } from 'vitest'
import type { MediaCommand, MediaEvent } from '../../media/index.ts'
import { roomed } from './roomed.ts'

function create(size: number) {
  const sent: MediaCommand[] = []
  let tell: (event: MediaEvent) => void = () => {}
  const plane = {
    send: (command: MediaCommand) => void sent.push(command),
    onEvent: (listener: typeof tell) => {
      tell = listener
    },
    counters: () => ({ legs: sent.length }),
    close: async () => {},
  }
  const media = roomed(plane, size)
  media.onEvent(() => {})
  const call = (leg: number): void => {
    media.send({ type: 'open', leg, localAddress: '127.0.0.1' })
    // A re-INVITE starts the stream anew.
    for (let i = 0; i < 2; i++) media.send({ type: 'start', leg, stream: {} as never })
  }
  const rooms = () => sent.flatMap((command) => (command.type === 'mix' ? [[command.leg, command.room]] : []))
  const besides = () => sent.flatMap((command) => (command.type === 'open' ? [command.with] : []))
  return { plane, media, sent, call, rooms, besides, tell: (event: MediaEvent) => tell(event) }
}

it('fills rooms one after the other, each beside its own, and takes seats that have become free', () => {
  const { call, rooms, besides, tell } = create(2)
  for (const leg of [1, 2, 3]) call(leg)
  tell({ type: 'failed', leg: 1, reason: '' })
  for (const leg of [4, 5]) call(leg)
  expect(rooms()).toEqual([
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 0],
    [5, 1],
  ])
  expect(besides()).toEqual([undefined, 1, undefined, 2, 3])
})

it('hides no failure, and leaves media alone where there are no rooms', () => {
  const { plane, tell } = create(2)
  expect(() => tell({ type: 'mixFailed', leg: 1, room: 0, reason: 'no stream' })).toThrow('no stream')
  expect(roomed(plane, undefined)).toBe(plane)
})
