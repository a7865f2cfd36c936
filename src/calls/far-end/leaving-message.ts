import type { FarEndEvent } from '../../media/index.ts'
import type { ChannelCore } from '../channel-core.ts'
import { CallFarEndType, PlayerCause } from '../enums.ts'
import type { FilePlayer } from '../file-player.ts'
import type { Leg } from '../leg.ts'
import type { FileToPlay, TextToSay } from '../playable-media.ts'
import type { FarEndWatch } from './far-end-watch.ts'

/** What has become of a message. */
export interface MessageReport {
  /**
   * `delivered`: it was spoken to its end after the greeting was over, and nothing was heard meanwhile; `truncated`: it was
   * not spoken to its end, as the call ended or the player failed; `unknown`: it was spoken, and whether all of it was
   * recorded cannot be told.
   */
  readonly outcome: 'delivered' | 'truncated' | 'unknown'
  /** By what the last attempt knew that the greeting was over: a beep, silence, or only that it had waited long enough. */
  readonly after?: 'beep' | 'silence' | 'timeout'
  /** How often the message was begun. */
  readonly attempts: number
  /** When the last attempt was, wall time in ms since 1970. */
  readonly startedAt?: number
  readonly endedAt?: number
  /** How the player ended; NONE when nothing was spoken. */
  readonly cause: PlayerCause
  /** A person has picked up meanwhile: nothing more was spoken. */
  readonly isPickedUp: boolean
}

/**
 * A message on its way to an answering machine: it waits until the greeting is over, and speaks. When the greeting goes on, or
 * a beep comes only now, it waits again and begins anew.
 *
 *     waiting --ready, or it has waited long enough--> speaking --played to its end--> delivered, unknown
 *        ^                                               |  |
 *        +--------------- greeting or beep --------------+  +-- hang-up, error --> truncated
 */
export class LeavingMessage {
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #watch: FarEndWatch
  readonly #player: FilePlayer
  readonly #message: FileToPlay | TextToSay
  readonly #options: { readonly timeoutMs: number; readonly mostAttempts: number }
  #attempts = 0
  #isSpeaking = false
  /** Something was heard while it spoke. */
  #isDisturbed = false
  #isPickedUp = false

  constructor(
    core: ChannelCore,
    leg: Leg,
    watch: FarEndWatch,
    player: FilePlayer,
    message: FileToPlay | TextToSay,
    options: { readonly timeoutMs: number; readonly mostAttempts: number },
  ) {
    this.#core = core
    this.#leg = leg
    this.#watch = watch
    this.#player = player
    this.#message = message
    this.#options = options
  }

  async run(): Promise<MessageReport> {
    let stop = (): void => {}
    await this.#core.do(() => {
      stop = this.#watch.on((event) => this.#hear(event))
    })
    try {
      for (;;) {
        const after = await this.#ready()
        if (after === undefined) return this.#report('truncated', { cause: PlayerCause.NONE })
        const spoken = await this.#speak()
        const isLast = this.#attempts >= this.#options.mostAttempts
        if (this.#isDisturbed && !this.#isPickedUp && !isLast && !this.#leg.isEnding) continue
        const isWhole = spoken.cause === PlayerCause.NORMAL
        const isSure = isWhole && !this.#isDisturbed && after !== 'timeout'
        return this.#report(isSure ? 'delivered' : isWhole ? 'unknown' : 'truncated', { ...spoken, after })
      }
    } finally {
      stop()
    }
  }

  /** Waits for the end of the greeting; `undefined` when nothing may be spoken any more. */
  async #ready(): Promise<MessageReport['after']> {
    const isOver = () => this.#watch.isReady !== undefined || this.#isPickedUp || this.#leg.isEnding
    await this.#core.waitAtMost(this.#options.timeoutMs, this.#leg, isOver)
    if (this.#isPickedUp || this.#leg.isEnding) return undefined
    return this.#watch.isReady ?? 'timeout'
  }

  async #speak(): Promise<Pick<MessageReport, 'startedAt' | 'endedAt' | 'cause'>> {
    this.#attempts++
    this.#isDisturbed = false
    this.#isSpeaking = true
    const startedAt = this.#core.host.wallTimeMs()
    this.#player.startOn(this.#leg, this.#message, {})
    const cause = await this.#player.waitUntilFinished()
    this.#isSpeaking = false
    return { startedAt, endedAt: this.#core.host.wallTimeMs(), cause }
  }

  #report(
    outcome: MessageReport['outcome'],
    rest: Omit<MessageReport, 'outcome' | 'attempts' | 'isPickedUp'>,
  ): MessageReport {
    return { outcome, attempts: this.#attempts, isPickedUp: this.#isPickedUp, ...rest }
  }

  #hear(event: FarEndEvent): void {
    if (
      event.type === 'verdict' &&
      event.stage === 'revised' &&
      this.#watch.details.verdict?.farEndType === CallFarEndType.LIVE
    )
      this.#isPickedUp = true
    if (this.#isSpeaking && (event.type === 'speechStarted' || event.type === 'beepStarted')) this.#isDisturbed = true
    if (this.#isSpeaking && (this.#isPickedUp || (this.#isDisturbed && this.#attempts < this.#options.mostAttempts)))
      void this.#player.stop()
    this.#leg.checkWaiting()
  }
}
