import { inbound, type MediaFileFacts } from 'ringdown'
import { Reporter } from './report.ts'

/**
 * Answers, plays each of `parameters.play`, then records to `parameters.record` until the recording ends by itself, then
 * plays `parameters.after`; reports causes and errors of all of them, and what there is of the recording.
 */
export default inbound(async (channel, app) => {
  const { play, record, kept, after } = app.parameters as {
    play: string[]
    record: string
    kept: string
    after: string
  }
  const reporter = new Reporter('troubled-files', channel)
  await channel.answer()
  const played: Record<string, string> = {}
  for (const name of play) {
    const cause = await channel.filePlayer.play(name)
    played[name] = `${cause} ${channel.filePlayer.error()?.message ?? ''}`
  }
  const recorded = `${await channel.fileRecorder.record(record)} ${channel.fileRecorder.error()?.message ?? ''}`
  const facts: MediaFileFacts | string = await app.files.validate(kept).catch((error: Error) => error.message)
  const wrote = await app.files.write('note.txt', new Uint8Array(500_000)).catch((error: Error) => error.message)
  const state = channel.state()
  const then = await channel.filePlayer.play(after)
  await channel.hangUp()
  reporter.send({ played, recorded, facts, wrote, state, then })
})
