import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ThreadEngine } from './thread-engine.ts'

/** The scheduling policies of this process' threads, `policy` of proc(5). */
function policies(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return Number(fields[38])
  })
}

it.runIf(process.platform === 'linux')('speech has what nobody else wants of the processors', async () => {
  expect(policies()).not.toContain(SCHED_IDLE)
  const engine = new ThreadEngine({ type: 'flite' })
  const sentence = { text: 'hello', voice: 'rms', rate: 1, sampleRateHz: 8000 } as const
  for await (const _ of engine.speak(sentence, new AbortController().signal)) {
    expect(policies().filter((policy) => policy === SCHED_IDLE)).toEqual([SCHED_IDLE])
    break
  }
  await engine.close()
})

const SCHED_IDLE = 5
