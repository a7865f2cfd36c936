import { UsageError } from '../kit/index.ts'
import type { ChannelCore } from './channel-core.ts'
import type { PlayerCause } from './enums.ts'
import type { Leg } from './leg.ts'
import { MediaJob } from './media-job.ts'
import { assertMediaName, type Playable } from './media-store.ts'

/** How something is played. */
export interface PlayOptions {
  /** A new digit ends the playing with BARGEIN. Digits that are already buffered do not. Default false. */
  bargeIn?: boolean
  /** Begin again at the end, until stopped. Default false. */
  loop?: boolean
}

/** Plays files of the media store to the far end. */
export class FilePlayer extends MediaJob<PlayerCause> {
  constructor(core: ChannelCore) {
    super(core, 'filePlayer', 'transmitter')
  }

  /**
   * Plays a file and resolves with the cause when it has ended: NORMAL when played to its end.
   * @param file a name in the media store: WAV, MP3, Ogg Vorbis or Opus, FLAC, or raw G.711 by its ending (.ul, .al)
   * @throws Hangup, UsageError as every media function; a file that cannot be played gives ERROR and `error()`
   */
  async play(file: string, options: PlayOptions = {}): Promise<PlayerCause> {
    this.start(file, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(file: string, options: PlayOptions = {}): void {
    assertMediaName(file)
    this.startOn(this.core.requireAnswered('filePlayer.play'), file, options)
  }

  /** @internal On a leg that the caller has checked: a ringtone plays before the answer. */
  startOn(leg: Leg, file: string, options: PlayOptions): void {
    const { bargeIn = false, loop = false } = options
    let playable: Playable | undefined
    this.launch(leg, {
      bargeIn,
      what: file,
      prepare: async () => {
        playable = await this.core.host.files.read(file, { loop, mostHz: leg.media.sampleRateHz })
        return { type: 'play', source: playable.source, bargeIn }
      },
      complete: async (_outcome, end) => {
        try {
          await playable?.close()
        } catch (error) {
          // What was not wanted any more need not have been readable.
          if (end === 'NORMAL') throw error
        }
      },
    })
  }
}

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
    const { bargeIn = false, loop = false } = options
    const steps = this.core.host.tones.steps(tone)
    this.launch(leg, {
      bargeIn,
      what: tone,
      prepare: () => ({ type: 'play', source: { kind: 'tone', steps, loop }, bargeIn }),
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
  start(digits: string, { via = 'auto' }: PressOptions = {}): void {
    const leg = this.core.requireAnswered('dtmfPlayer.play')
    const wanted = digits.toUpperCase()
    if (!/^[0-9A-D*#,]{1,32}$/.test(wanted))
      throw new UsageError(`"${digits}" cannot be sent as DTMF: use 1 to 32 of 0-9 A-D * # and the comma`)
    if (via !== 'auto' && via !== 'media' && via !== 'info')
      throw new UsageError(`dtmfPlayer.play: via must be 'auto', 'media' or 'info', not ${JSON.stringify(via)}`)
    const isInfo = via === 'info' || (via === 'auto' && leg.media.takesKeysByInfo)
    this.launch(leg, {
      bargeIn: false,
      // Which keys they are is nobody's business: they may be a PIN.
      what: `${wanted.length} ${wanted.length === 1 ? 'key' : 'keys'}`,
      prepare: () => (isInfo ? { type: 'infoKeys', keys: wanted } : { type: 'sendDigits', digits: wanted }),
    })
  }
}
