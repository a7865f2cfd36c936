import { describe, expect, it } from 'vitest'
import { OpenWork } from './open-work.ts'

describe('OpenWork', () => {
  it('ends what is open, jobs before their legs, and nothing else', () => {
    const work = new OpenWork()
    for (const leg of [1, 2, 3]) work.noteCommand({ type: 'open', leg, localAddress: '127.0.0.1' })
    work.noteCommand({ type: 'sendDigits', leg: 1, job: 11, digits: '1' })
    work.noteCommand({ type: 'sendDigits', leg: 1, job: 12, digits: '1' })
    work.noteEvent({ type: 'finished', leg: 1, job: 11, cause: 'NORMAL' })
    work.noteEvent({ type: 'failed', leg: 2, reason: 'no port' })
    for (const leg of [7, 8])
      work.noteCommand({ type: 'playToRoom', leg, room: 1, job: 1, source: { kind: 'tone', steps: [], loop: true } })
    work.noteEvent({ type: 'finished', leg: 8, job: 1, cause: 'NORMAL' })
    expect(work.failAll('died')).toEqual([
      { type: 'finished', leg: 7, job: 1, cause: 'ERROR', detail: 'died' },
      { type: 'finished', leg: 1, job: 12, cause: 'ERROR', detail: 'died' },
      { type: 'failed', leg: 1, reason: 'died' },
      { type: 'failed', leg: 3, reason: 'died' },
    ])
    expect([work.legs, work.failAll('again')]).toEqual([0, []])
  })
})
