import { token } from '../../kit/index.ts'
import type { CodecName } from '../../media/index.ts'
import type { EndedBy } from '../details.ts'
import { Cause, State } from '../enums.ts'
import type { CallHost } from '../host.ts'
import { Leg, type LegListener } from '../leg.ts'
import type { RoomRefusal } from './rooms.ts'

/**
 * The call to a room of a channel that another one's caller is transferred on. It has no media and no signalling: the
 * caller himself is mixed. It lasts as long as he is in the room, and whoever hangs it up takes him out.
 *
 *     CALL_OUTGOING -> TRANSFERRED -> IDLE
 */
export class RoomLeg extends Leg {
  readonly #onHangUp: () => void

  /** @param onHangUp it has been hung up from our side */
  constructor(host: CallHost, room: string, from: string, listener: LegListener, onHangUp: () => void) {
    const to = `room:${room}`
    super(host, host.nextId(), State.CALL_OUTGOING, { direction: 'outbound', from, to, target: to }, listener)
    this.details.attempts = []
    this.beginRecord(token(host.random, 20))
    this.#onHangUp = onHangUp
  }

  /** The caller is in the room. */
  transferred(codec: CodecName | undefined): void {
    if (codec !== undefined) {
      this.details.wasAnswered = true
      this.details.codec = codec
    }
    this.enter(State.TRANSFERRED)
  }

  refused({ cause, text }: RoomRefusal): void {
    this.end(cause, 'local', { reason: { text } })
  }

  /** The caller is in the room no more. */
  finished(endedBy: EndedBy): void {
    this.end(Cause.NORMAL, endedBy)
  }

  override hangUp(endedBy: EndedBy, cause: Cause = Cause.NORMAL): void {
    if (this.isEnding) return
    this.end(cause, endedBy)
    this.#onHangUp()
  }

  protected override onMediaOpened(): void {}
  protected override onMediaFailed(): void {}
}
