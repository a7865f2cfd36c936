import { setTimeout as sleep } from 'node:timers/promises'
import { inbound, type WholeCallRecordOptions } from 'ringdown'
import { Reporter } from './report.ts'

export interface RecordsParameters {
  readonly file: string
  readonly recorder?: 'fileRecorder' | 'wholeCallRecorder'
  readonly options?: WholeCallRecordOptions & { bargeIn?: boolean }
  /** A second recording of the same call, by the other recorder. */
  readonly also?: string
  /** Played meanwhile. */
  readonly play?: string
  /** When the application stops it. */
  readonly stopAfterMs?: number
}

/**
 * Answers, records as `parameters` say, and reports why the recording ended, between which times it ran when it was stopped, in
 * which state the call was then, and whether something can be played after it.
 */
export default inbound(async (channel, app) => {
  const parameters = app.parameters as unknown as RecordsParameters
  const { file, recorder = 'fileRecorder', options = {}, also, play, stopAfterMs } = parameters
  const reporter = new Reporter('records', channel)
  await channel.answer()
  const job = channel[recorder]
  const other = recorder === 'fileRecorder' ? channel.wholeCallRecorder : channel.fileRecorder
  const startedAt = performance.now()
  job.start(file, options)
  if (also !== undefined) other.start(also)
  if (play !== undefined) channel.filePlayer.start(play)
  let ran: { readonly atLeastMs: number; readonly atMostMs: number } | undefined
  if (stopAfterMs !== undefined) {
    await job.waitUntilBegun()
    const begunAt = performance.now()
    await sleep(stopAfterMs)
    const atLeastMs = performance.now() - begunAt
    await job.stop()
    ran = { atLeastMs, atMostMs: performance.now() - startedAt }
  }
  const cause = await job.waitUntilFinished()
  const stateThen = channel.state()
  await channel.filePlayer.stop()
  const played = stateThen === 'ANSWERED' ? await channel.filePlayer.play('short.wav') : undefined
  await channel.hangUp()
  await other.waitUntilFinished()
  reporter.send({ cause, error: job.error()?.message, stateThen, played, ...ran })
})
