import { type CallDetails, type Channel, outbound } from '../../calls/index.ts'

/** What one call from the shell does. */
export interface ShellCall {
  readonly to: string
  readonly timeoutMs: number
  readonly from: string | undefined
  readonly plays: boolean
  readonly records: boolean
  readonly dtmf: string | undefined
  /** How long to stay once everything was played; `undefined`: until the far end hangs up. */
  readonly talkMs: number | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Hears each step: milliseconds since the call was placed, what, and what about it. */
  readonly onStep: (atMs: number, step: string, about: string) => void
  readonly onEnd: (details: CallDetails) => void
  readonly signal: AbortSignal
}

/** The application behind `ringdown call`. */
export function shellCall(call: ShellCall) {
  return outbound(async (channel) => {
    const placedAt = performance.now()
    const step = (name: string, about = '') => call.onStep(performance.now() - placedAt, name, about)
    channel.on('state', ({ state }) => step(state, aboutState(channel)))
    channel.on('digit', ({ digit }) => step('digit', `the far end pressed ${digit}`))
    const hangUp = () => void channel.hangUp()
    call.signal.addEventListener('abort', hangUp)
    try {
      const { timeoutMs, headers, from, signal } = call
      const state = await channel.call(call.to, { timeoutMs, headers, signal, ...(from !== undefined && { from }) })
      if (state === channel.State.ANSWERED) await talk(channel, call, step)
    } finally {
      call.signal.removeEventListener('abort', hangUp)
      await channel.hangUp()
      if (call.records) await channel.fileRecorder.waitUntilFinished()
      if (channel.fileRecorder.error() !== undefined) step('record', channel.fileRecorder.error()?.message)
      if (channel.details !== undefined) call.onEnd(channel.details)
    }
  })
}

async function talk(channel: Channel, call: ShellCall, step: (name: string, about: string) => void): Promise<void> {
  if (call.records) channel.fileRecorder.start('recording.wav')
  if (call.plays) step('play', await channel.filePlayer.play('prompt.wav'))
  if (call.dtmf !== undefined) step('dtmf', await channel.dtmfPlayer.play(call.dtmf))
  await channel.waitForIdle(call.talkMs === undefined ? {} : { timeoutMs: call.talkMs })
}

function aboutState(channel: Channel): string {
  const { details } = channel
  if (details === undefined) return ''
  switch (channel.state()) {
    case 'CALL_OUTGOING':
      return details.target
    case 'ANSWERED':
      return details.codec ?? ''
    case 'IDLE':
      return `${details.cause}, ended by ${details.endedBy}`
    default:
      return ''
  }
}
