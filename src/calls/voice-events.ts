import type { JobId } from '../media/index.ts'
import type { ChannelCore } from './channel-core.ts'
import { State } from './enums.ts'
import type { Leg } from './leg.ts'

/** The events of a channel that say when its far end speaks: it is listened to only while somebody wants them. */
export class VoiceEvents {
  readonly #core: ChannelCore
  /** The leg that is listened to. */
  #leg: Leg | undefined

  constructor(core: ChannelCore) {
    this.#core = core
  }

  /** Listens if that is wanted now and can be; to be called when either may have changed. */
  watch(): void {
    const { leg, host } = this.#core
    if (leg === undefined || leg === this.#leg || !this.#isWanted || leg.state !== State.ANSWERED) return
    this.#leg = leg
    host.post(() => {
      if (leg.isEnding) return
      const job: JobId = leg.media.jobs.start(
        { type: 'listen', for: { bargeIn: false } },
        {
          bargeIn: false,
          onVoice: (state) => {
            if (this.#isWanted) this.#core.emit({ type: state === 'began' ? 'speechBegan' : 'speechEnded' })
            else leg.media.jobs.stop(job)
          },
          onFinished: () => {
            if (this.#leg === leg) this.#leg = undefined
          },
        },
      )
    })
  }

  get #isWanted(): boolean {
    const { events } = this.#core
    return events.isListenedTo('speechBegan') || events.isListenedTo('speechEnded')
  }
}
