import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type AppDefinition, inbound } from '../../calls/index.ts'
import { type Finding, FuzzError, type FuzzOptions, fuzzCalls } from '../index.ts'

const SOURCE = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n')
const FILES = {
  'welcome.wav': 'Welcome to Acme.',
  'menu.wav': 'Press 1 for sales.',
  'wrong.wav': 'Please try again.',
  'sorry.wav': 'Nobody is there. Goodbye.',
}

async function findingsOf(app: AppDefinition, options: FuzzOptions = {}): Promise<readonly Finding[]> {
  try {
    await fuzzCalls(app, { files: FILES, runs: 100, ...options })
    return []
  } catch (error) {
    if (error instanceof FuzzError) return error.findings
    throw error
  }
}

/** The line of this file that carries the mark `BUG: name`. */
function lineOf(name: string): number {
  return SOURCE.findIndex((line) => line.trimEnd().endsWith(`// BUG: ${name}`)) + 1
}

function expectAt(finding: Finding | undefined, name: string): void {
  expect(finding?.site).toMatch(new RegExp(`fuzz-calls\\.test\\.ts:${lineOf(name)}:\\d+`))
}

/** Connects the caller to somebody, as it should be done. */
const good = inbound(async (channel, app) => {
  await channel.answer()
  await channel.filePlayer.play('welcome.wav', { bargeIn: true })
  for (let tries = 0; tries < 3; tries++) {
    channel.dtmfDetector.clearDigits()
    await channel.filePlayer.play('menu.wav', { bargeIn: true })
    const digit = await channel.dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 4000 })
    if (digit !== '1') continue
    const [sales] = app.extraChannels
    if (sales === undefined) return
    channel.tonePlayer.start('RINGBACK', { loop: true })
    const hangUpSales = channel.on('ended', () => void sales.hangUp())
    await sales.call('+15550100', { timeoutMs: 20_000 })
    hangUpSales()
    await channel.tonePlayer.stop()
    if (sales.state() !== 'ANSWERED') {
      await channel.filePlayer.play('sorry.wav')
      return
    }
    await channel.connect(sales)
    await Promise.race([channel.waitForIdle(), sales.waitForIdle()])
    return
  }
})

test('a good application has nothing wrong with it', async () => {
  expect(await findingsOf(good, { runs: 1000 })).toEqual([])
})

test('a forgotten hang-up: the caller has gone, the other call goes on', async () => {
  const findings = await findingsOf(
    inbound(async (channel, app) => {
      await channel.answer()
      const [other] = app.extraChannels
      if (other === undefined) return
      channel.tonePlayer.start('RINGBACK', { loop: true })
      await other.call('+15550100', { timeoutMs: 20_000 })
      await channel.tonePlayer.stop()
      if (other.state() !== 'ANSWERED') return
      await channel.connect(other)
      await other.waitForIdle() // BUG: forgotten hang-up
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['forgotten hang-up'])
  expectAt(findings[0], 'forgotten hang-up')
  expect(findings[0]?.message).toContain('it keeps the call to +15550100, waiting for waitForIdle')
})

test('an unhandled Hangup: a promise that nobody awaits', async () => {
  const findings = await findingsOf(
    inbound(async (channel) => {
      await channel.answer()
      await channel.filePlayer.play('welcome.wav')
      void channel.dtmfDetector.getDigits({ count: 1, timeoutMs: 1000 }) // BUG: unhandled Hangup
      await channel.waitForIdle({ timeoutMs: 5000 })
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['unhandled rejection'])
  expectAt(findings[0], 'unhandled Hangup')
  expect(findings[0]?.message).toContain('the call has ended')
})

test('a double answer', async () => {
  const findings = await findingsOf(
    inbound(async (channel) => {
      await channel.answer()
      await channel.filePlayer.play('welcome.wav', { bargeIn: true })
      const digit = await channel.dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 4000 })
      if (digit === '#') await channel.answer() // BUG: double answer
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['uncaught error'])
  expectAt(findings[0], 'double answer')
  expect(findings[0]?.message).toContain('answer needs a call that is not answered yet')
})

test('a caller left in silence after a second call that failed', async () => {
  const findings = await findingsOf(
    inbound(async (channel, app) => {
      await channel.answer()
      await channel.filePlayer.play('welcome.wav')
      const [other] = app.extraChannels
      if (other === undefined) return
      channel.tonePlayer.start('RINGBACK', { loop: true })
      channel.on('ended', () => void other.hangUp())
      const state = await other.call('+15550100', { timeoutMs: 20_000 }) // BUG: failed call
      await channel.tonePlayer.stop()
      if (state === 'ANSWERED') {
        await channel.connect(other)
        await Promise.race([channel.waitForIdle(), other.waitForIdle()])
        return
      }
      await channel.waitForIdle() // BUG: silence
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['silence'])
  expectAt(findings[0], 'silence')
  expect(findings[0]?.message).toMatch(
    new RegExp(`since the call at .*fuzz-calls\\.test\\.ts:${lineOf('failed call')}:`),
  )
})

test('an endless digit loop', async () => {
  const findings = await findingsOf(
    inbound(async (channel) => {
      await channel.answer()
      for (;;) {
        await channel.filePlayer.play('menu.wav', { bargeIn: true })
        const digits = await channel.dtmfDetector.getDigits({ count: 4, predigitsTimeoutMs: 4000 }) // BUG: endless digit loop
        if (digits === '4711') return
        await channel.filePlayer.play('wrong.wav', { bargeIn: true })
      }
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['endless loop'])
  expectAt(findings[0], 'endless digit loop')
})

test('a loop that swallows the end of the call, and never lets time pass after it', async () => {
  const findings = await findingsOf(
    inbound(async (channel) => {
      await channel.answer()
      for (;;) {
        try {
          if ((await channel.dtmfDetector.getDigits({ count: 1, timeoutMs: 3000 })) === '1') return // BUG: swallowed
        } catch {}
      }
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['endless loop'])
  expectAt(findings[0], 'swallowed')
})

test('a loop that plays on to nobody, at one instant', async () => {
  const findings = await findingsOf(
    inbound(async (channel) => {
      await channel.answer()
      for (;;) {
        try {
          await channel.filePlayer.play('menu.wav', { bargeIn: true }) // BUG: played to nobody
          await channel.dtmfDetector.getDigits({ count: 1, timeoutMs: 3000 })
          return
        } catch {}
      }
    }),
  )
  expect(findings.map(({ kind }) => kind)).toEqual(['endless loop'])
  expectAt(findings[0], 'played to nobody')
  expect(findings[0]?.message).toContain('calls filePlayer.play again and again at one instant')
})

test('the seed of a finding shows it again, alone', async () => {
  const app = inbound(async (channel) => {
    await channel.answer()
    if ((await channel.dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 4000 })) === '2') throw new Error('two')
  })
  const [first] = await findingsOf(app)
  expect(first).toMatchObject({ kind: 'uncaught error', message: 'two' })
  const [again] = await findingsOf(app, { runs: 1, seed: first?.seed ?? 0 })
  expect(again?.transcript).toBe(first?.transcript)
  await expect(fuzzCalls(app, { files: FILES })).rejects.toThrow(
    /uncaught error at .*:\d+:\d+\n {2}two\n {2}met in \d+ of 200 runs/,
  )
})
