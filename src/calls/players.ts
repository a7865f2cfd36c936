import { UsageError } from '../kit/index.ts'
import { bargeInOf } from './barge-in.ts'
import type { ChannelCore } from './channel-core.ts'
import { checkTimeout } from './channel-options.ts'
import type { PlayerCause } from './enums.ts'
import type { PlayOptions } from './file-player.ts'
import { InfoKeys } from './info-keys.ts'
import type { Leg } from './leg.ts'
import { MediaJob } from './media-job.ts'

/** Plays tones by name: the presets, and those that `ToneManager.createTone` added. */
export class TonePlayer extends MediaJob<PlayerCause> {
  constructor(core: ChannelCore) {
    super(core, 'tonePlayer', 'transmitter')
  }

  /**
   * Plays a tone, once through its steps or in a loop until stopped.
   * @param tone a name known to the ToneManager, for example 'RINGBACK_UK'
   * @throws UsageError for a name that is not known; Hangup, UsageError as every media function
   */
  async play(tone: string, options: PlayOptions = {}): Promise<PlayerCause> {
    this.start(tone, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(tone: string, options: PlayOptions = {}): void {
    this.startOn(this.core.requireAnswered('tonePlayer.play'), tone, options)
  }

  /** @internal On a leg that the caller has checked. */
  startOn(leg: Leg, tone: string, options: PlayOptions): void {
    const { bargeIn = false, loop = false, timeoutMs } = options
    checkTimeout('tonePlayer', timeoutMs)
    const interruption = bargeInOf('tonePlayer', bargeIn)
    const steps = this.core.host.tones.steps(tone)
    this.launch(leg, {
      bargeIn: interruption.bargeIn,
      timeoutMs,
      what: tone,
      prepare: () => ({ type: 'play', source: { kind: 'tone', steps, loop }, ...interruption }),
    })
  }
}

/** How keys are pressed. */
export interface PressOptions {
  /**
   * `media`: in the stream, as RFC 4733 events or in-band. `info`: by SIP INFO (`application/dtmf-relay`). Default
   * `auto`: by INFO where the far end itself has pressed keys so in this call and did not agree to events, else `media`.
   */
  via?: 'auto' | 'media' | 'info'
  /** Ends with TIMEOUT after so long. Default: no limit. */
  timeoutMs?: number
}

/** Presses keys towards the far end. */
export class DtmfPlayer extends MediaJob<PlayerCause> {
  constructor(core: ChannelCore) {
    super(core, 'dtmfPlayer', 'transmitter')
  }

  /**
   * Sends digits as RFC 4733 events, in-band where the far end did not agree to events, or by SIP INFO; a comma is half
   * a second. An INFO that is refused gives ERROR.
   * @param digits 1 to 32 of `0-9 A-D * # ,`
   * @throws UsageError for any other character; Hangup, UsageError as every media function
   */
  async play(digits: string, options: PressOptions = {}): Promise<PlayerCause> {
    this.start(digits, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(digits: string, { via = 'auto', timeoutMs }: PressOptions = {}): void {
    const leg = this.core.requireAnswered('dtmfPlayer.play')
    const wanted = digits.toUpperCase()
    if (!/^[0-9A-D*#,]{1,32}$/.test(wanted))
      throw new UsageError(`"${digits}" cannot be sent as DTMF: use 1 to 32 of 0-9 A-D * # and the comma`)
    if (via !== 'auto' && via !== 'media' && via !== 'info')
      throw new UsageError(`dtmfPlayer.play: via must be 'auto', 'media' or 'info', not ${JSON.stringify(via)}`)
    checkTimeout('dtmfPlayer', timeoutMs)
    const isInfo = via === 'info' || (via === 'auto' && leg.media.takesKeysByInfo)
    this.launch(leg, {
      bargeIn: false,
      timeoutMs,
      // Which keys they are is nobody's business: they may be a PIN.
      what: `${wanted.length} ${wanted.length === 1 ? 'key' : 'keys'}`,
      prepare: () =>
        isInfo
          ? { type: 'infoKeys', press: (listener) => new InfoKeys(this.core.host, leg, wanted, listener) }
          : { type: 'sendDigits', digits: wanted },
    })
  }
}
