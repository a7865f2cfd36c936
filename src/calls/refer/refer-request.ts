import { UsageError } from '../../kit/index.ts'
import { type RejectCause, STATUS_OF_REJECT } from '../cause-map.ts'
import type { TransferOptions } from '../transfer/transfer-options.ts'

/** How {@link ReferRequest.perform} goes. */
export interface PerformReferOptions
  extends Pick<TransferOptions, 'from' | 'timeoutMs' | 'ringbackTone' | 'media' | 'codecs' | 'headers'> {
  /** Whom to call instead of the one that the far end names: whatever `call` takes. */
  to?: string
}

/** What stands behind a {@link ReferRequest}. */
export interface ReferDecisions {
  readonly to: string
  readonly referredBy: string | undefined
  readonly isAttended: boolean
  perform(options: PerformReferOptions): Promise<boolean>
  accept(): Promise<void>
  report(status: number, phrase: string | undefined): void
  reject(status: number): Promise<void>
  wait(): void
}

/**
 * The wish of a far end to have the call transferred to somebody else (REFER, RFC 3515): event `referred`. A listener that
 * says nothing leaves it to the exchange and its policy. Nothing can be said twice.
 */
export class ReferRequest {
  readonly #decisions: ReferDecisions

  /** @internal */
  constructor(decisions: ReferDecisions) {
    this.#decisions = decisions
  }

  /** The URI that is to be called. */
  get to(): string {
    return this.#decisions.to
  }

  /** Who asks for it, as his telephone says (RFC 3892); anybody can claim that. */
  get referredBy(): string | undefined {
    return this.#decisions.referredBy
  }

  /** The new call is to take the place of one that the far end has with the target (Replaces): an attended transfer. */
  get isAttended(): boolean {
    return this.#decisions.isAttended
  }

  /**
   * Lets the exchange carry it out whatever its policy is: the call that is connected to this one is connected to the target as
   * soon as that answers, and the far end is told how it goes. If it fails, all is as it was.
   * @returns whether the other call is with the target
   * @throws UsageError when this call is connected to none, for a target that cannot be called, or when it was decided before
   */
  perform(options: PerformReferOptions = {}): Promise<boolean> {
    return this.#decisions.perform(options)
  }

  /** Tells the far end that the application sees to it (202); {@link report} says how it goes. */
  accept(): Promise<void> {
    return this.#decisions.accept()
  }

  /**
   * Tells the far end how the call gets on that it has asked for.
   * @param status the SIP status, 100 to 699: 180 while it rings, 200 when it was answered. From 200 on it is the last
   * @throws UsageError for a status that is none
   */
  report(status: number, phrase?: string): void {
    if (!(Number.isInteger(status) && status >= 100 && status <= 699))
      throw new UsageError(`report: status must be a SIP status from 100 to 699, not ${status}`)
    this.#decisions.report(status, phrase)
  }

  /**
   * Refuses it. The call goes on as it is.
   * @throws UsageError for a cause that cannot be sent
   */
  reject(cause: RejectCause = 'REJECTED'): Promise<void> {
    if (!Object.hasOwn(STATUS_OF_REJECT, cause))
      throw new UsageError(`reject: cause must be one of ${Object.keys(STATUS_OF_REJECT).join(', ')}, not ${cause}`)
    return this.#decisions.reject(STATUS_OF_REJECT[cause])
  }

  /** Decides later, within 10 s. After that it is left to the exchange. */
  wait(): void {
    this.#decisions.wait()
  }
}
