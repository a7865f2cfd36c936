/** Where a call is that its application has sent to somebody else. */
export type TransferPhase =
  /** The phones of targets ring; the caller hears that. */
  | 'dialling'
  /** A target has answered, hears the announcement, and may have to accept the call. */
  | 'briefing'
  /** The caller's waiting is ended, and he is connected to the target, or let into the room. */
  | 'joining'
  /** The caller is with the target, or in the room. */
  | 'together'
  /** What the caller hears is ended, so that the application can speak. */
  | 'returning'
  /** The caller is with the application again. */
  | 'back'
  /** The caller has hung up, or was hung up on. */
  | 'gone'
  /** The two have each other, and something else than the transfer sees to them: one of them transfers the other (REFER). */
  | 'handedOn'

/** What happens to a call that is being transferred. */
export type TransferStep =
  /** The first target of those that ring has answered. */
  | 'answered'
  /** It has heard the announcement, and wants the call. */
  | 'accepted'
  /** Media have come together. */
  | 'joined'
  /** This target does not take the call, and another one is called. */
  | 'next'
  /** No target takes the call, and none is left; or the room does not. */
  | 'refused'
  /** The caller is taken back, or his target has gone and somebody waits to have him back. */
  | 'retrieved'
  /** The target has gone, the room has ended, or a moderator has put the caller out: nobody waits to have him back. */
  | 'released'
  /** The caller hears nothing any more. */
  | 'silent'
  /** The caller has hung up. */
  | 'callerGone'
  /** Something else sees to both from now on. */
  | 'handedOn'

type Steps = Readonly<Partial<Record<TransferStep, TransferPhase>>>

const NOT_TAKEN: Steps = { next: 'dialling', refused: 'returning', callerGone: 'gone' }

/**
 * Every way that a transferred call can take, for every kind of transfer: for each phase the steps that there are, and where
 * they lead. A step that does not stand here is none: it came too late.
 */
export const TRANSFER_DIAGRAM: Readonly<Record<TransferPhase, Steps>> = {
  dialling: { answered: 'briefing', ...NOT_TAKEN },
  briefing: { accepted: 'joining', ...NOT_TAKEN },
  joining: { joined: 'together', ...NOT_TAKEN },
  together: { retrieved: 'returning', released: 'gone', callerGone: 'gone', handedOn: 'handedOn' },
  returning: { silent: 'back', callerGone: 'gone' },
  back: {},
  gone: {},
  handedOn: {},
}
