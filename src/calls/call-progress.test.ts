import { describe, expect, it } from 'vitest'
import type { MediaEvent } from '../media/index.ts'
import { CallProgress, causeOfTone, type ToneOptions } from './call-progress.ts'
import type { MutableCallDetails } from './details.ts'
import type { CallHost } from './host.ts'
import type { JobListener, LegJobs } from './leg-jobs.ts'

/** A call whose network says what the test says. */
function placed(options: ToneOptions = {}) {
  const failures: string[] = []
  const details = {} as MutableCallDetails
  let job: JobListener | undefined
  let patience: (() => void) | undefined
  const stopped: number[] = []
  const jobs = {
    start: (_: unknown, listener: JobListener) => {
      job = listener
      return 7
    },
    stop: (id: number) => stopped.push(id),
  } as unknown as LegJobs
  const host = {
    wallTimeMs: () => 50_000,
    timer: (onDue: () => void) => ({ setIn: () => (patience = onDue), clear: () => (patience = undefined) }),
  } as unknown as CallHost
  const progress = new CallProgress(host, jobs, details, options, {
    emit: () => {},
    onHeard: () => {},
    onFailure: (cause, text) => failures.push(`${cause}: ${text}`),
  })
  const hear = (sound: Extract<MediaEvent, { type: 'heard' }>['sound'], startedMsAgo = 2000): void =>
    job?.onHeard?.({ type: 'heard', leg: 1, job: 7, sound, startedMsAgo })
  return { progress, details, failures, stopped, hear, listens: () => job !== undefined, wait: () => patience?.() }
}

describe('CallProgress', () => {
  it('listens from the first sound before the answer, and believes a tone', () => {
    const call = placed()
    call.progress.noteProgress('a', false)
    expect(call.listens()).toBe(false)
    call.progress.noteProgress('a', true)
    call.hear('ringback', 4000)
    call.hear('busy')
    expect(call.failures).toEqual(['BUSY: busy tone heard before the answer'])
    expect(call.details.tonesHeard).toEqual([
      { tone: 'ringback', startedAt: 46_000 },
      { tone: 'busy', startedAt: 48_000 },
    ])
    expect(call.stopped).toEqual([7])
  })

  it('believes no tone of one phone while another rings as well', () => {
    const call = placed()
    call.progress.noteProgress('a', true)
    call.progress.noteProgress('b', false)
    call.hear('busy')
    expect(call.failures).toEqual([])
    expect(call.details.tonesHeard).toHaveLength(1)
  })

  it('believes no tone after the answer, and stops at the first audio', () => {
    const call = placed()
    call.progress.noteAnswer()
    call.hear('congestion')
    call.hear('audio', 100)
    expect(call.failures).toEqual([])
    expect(call.details.firstAudioAt).toBe(49_900)
    expect(call.stopped).toEqual([7])
  })

  it('stops at the answer when audio was heard before, and some time after it when none ever was', () => {
    const early = placed()
    early.progress.noteProgress('a', true)
    early.hear('audio')
    expect(early.stopped).toEqual([])
    early.progress.noteAnswer()
    expect(early.stopped).toEqual([7])
    const silent = placed()
    silent.progress.noteAnswer()
    silent.wait()
    expect(silent.stopped).toEqual([7])
  })

  it('keeps so many tones and no more', () => {
    const call = placed({ earlyMediaTones: 'report' })
    call.progress.noteProgress('a', true)
    for (let i = 0; i < 20; i++) call.hear(i % 2 === 0 ? 'ringback' : 'busy')
    expect(call.details.tonesHeard).toHaveLength(16)
    expect(call.failures).toEqual([])
  })

  it('does not listen where tones are ignored', () => {
    const call = placed({ earlyMediaTones: 'ignore' })
    call.progress.noteProgress('a', true)
    call.progress.noteAnswer()
    expect(call.listens()).toBe(false)
  })
})

describe('causeOfTone', () => {
  it('says what special information means for the call', () => {
    expect(causeOfTone('ringback')).toBeUndefined()
    expect(
      (['intercept', 'vacantCode', 'ineffective', 'unspecified', 'reorder', 'noCircuit'] as const).map((meaning) =>
        causeOfTone('specialInformation', meaning),
      ),
    ).toEqual(['UNOBTAINABLE', 'UNOBTAINABLE', 'UNOBTAINABLE', 'UNOBTAINABLE', 'CONGESTION', 'NOCHANNELS'])
  })
})
