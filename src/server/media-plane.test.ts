import { describe, expect, it } from 'vitest'
import type { MediaCommand, MediaEvent } from '../media/index.ts'
import { announcedAs, type MediaPlane } from './media-plane.ts'

describe('announcedAs', () => {
  it('changes the address of ports that were bound, and nothing else', () => {
    let say: (event: MediaEvent) => void = () => {}
    const sent: MediaCommand[] = []
    const inside: MediaPlane = {
      send: (command) => void sent.push(command),
      onEvent: (listener) => {
        say = listener
      },
      counters: () => ({ legs: 1 }),
      close: async () => {},
    }
    const outside = announcedAs('198.51.100.7', inside)
    const heard: MediaEvent[] = []
    outside.onEvent((event) => heard.push(event))
    say({ type: 'opened', leg: 1, address: '10.0.0.7', port: 20_000 })
    say({ type: 'digit', leg: 1, digit: '5' })
    expect(heard).toEqual([
      { type: 'opened', leg: 1, address: '198.51.100.7', port: 20_000 },
      { type: 'digit', leg: 1, digit: '5' },
    ])
    outside.send({ type: 'open', leg: 2, localAddress: '10.0.0.7' })
    expect(sent).toEqual([{ type: 'open', leg: 2, localAddress: '10.0.0.7' }])
    expect(outside.counters()).toEqual({ legs: 1 })
  })
})
