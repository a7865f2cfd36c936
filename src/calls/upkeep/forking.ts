import type { EndpointCommand, EndpointEvent, SessionId } from '../../sip/index.ts'

export type InviteCommand = Extract<EndpointCommand, { type: 'invite' }>
type SessionCommand = Extract<EndpointCommand, { readonly session: SessionId }>
type SessionEvent = Extract<EndpointEvent, { readonly session: SessionId }>
type Failed = Extract<SessionEvent, { type: 'failed' }>

export interface ForkingOptions {
  nextId(): SessionId
  /** Gives a command to the endpoint. */
  command(command: EndpointCommand): void
  /** Tells whoever holds the session. */
  tell(event: SessionEvent): void
}

/** Several INVITEs that are one call. */
interface Fork {
  readonly session: SessionId
  /** The sessions that have not ended. */
  readonly branches: Set<SessionId>
  /** The one that answered. */
  winner: SessionId | undefined
  isCancelled: boolean
  /** The best of the failures so far. */
  failure: Failed | undefined
}

/**
 * Calls several places at once as if they were one: all ring, the first that answers has the call, and the others are
 * told that it was answered elsewhere. It stands between a leg and the endpoint, so that neither knows.
 *
 *     leg --inviteAll--> INVITE, INVITE, INVITE      answered by one: CANCEL to the others
 *         <--progress--- of any                      failed: when all have, the best of it (RFC 3261 section 16.7)
 */
export class Forking {
  readonly #options: ForkingOptions
  readonly #forks = new Map<SessionId, Fork>()
  readonly #byBranch = new Map<SessionId, Fork>()

  constructor(options: ForkingOptions) {
    this.#options = options
  }

  /** Forks that have not ended. */
  get size(): number {
    return this.#forks.size
  }

  /** The session that a branch is one of; any other is itself. */
  wholeOf(session: SessionId): SessionId {
    return this.#byBranch.get(session)?.session ?? session
  }

  /** Sends all these INVITEs for one session, in this order. Their own session numbers do not count. */
  inviteAll(session: SessionId, invites: readonly InviteCommand[]): void {
    const fork: Fork = { session, branches: new Set(), winner: undefined, isCancelled: false, failure: undefined }
    this.#forks.set(session, fork)
    for (const invite of invites) {
      const branch = this.#options.nextId()
      fork.branches.add(branch)
      this.#byBranch.set(branch, fork)
      this.#options.command({ ...invite, session: branch })
    }
  }

  /** Whether the command was for a session that is forked; it has gone to its branches then. */
  takeCommand(command: EndpointCommand): boolean {
    if (this.#forks.size === 0 || !('session' in command)) return false
    const fork = this.#forks.get(command.session)
    if (fork === undefined) return false
    if (fork.winner !== undefined) this.#options.command({ ...command, session: fork.winner })
    else {
      if (command.type === 'cancel' || command.type === 'bye') fork.isCancelled = true
      this.#toAll(fork, command)
    }
    return true
  }

  /** Whether the event was one of a branch; what it means for the whole has been told then. */
  takeEvent(event: SessionEvent): boolean {
    if (this.#byBranch.size === 0) return false
    const fork = this.#byBranch.get(event.session)
    if (fork === undefined) return false
    if (event.type === 'answered') this.#onAnswered(fork, event)
    else if (event.type === 'failed') this.#onFailed(fork, event)
    else {
      if (event.type === 'ended') this.#leave(fork, event.session)
      if (fork.winner === undefined || fork.winner === event.session)
        this.#options.tell({ ...event, session: fork.session })
    }
    return true
  }

  #onAnswered(fork: Fork, event: Extract<SessionEvent, { type: 'answered' }>): void {
    if (fork.winner !== undefined || fork.isCancelled) {
      this.#options.command({ type: 'bye', session: event.session })
      return
    }
    fork.winner = event.session
    this.#cancelOthers(fork, event.session, ANSWERED_ELSEWHERE)
    this.#options.tell({ ...event, session: fork.session })
  }

  #onFailed(fork: Fork, event: Failed): void {
    this.#leave(fork, event.session)
    if (fork.winner !== undefined) return
    if (fork.failure === undefined || rank(event) < rank(fork.failure)) fork.failure = event
    // Nobody else is to be asked then (section 16.7, step 5).
    if ((event.response?.status ?? 0) >= 600) this.#cancelOthers(fork, event.session)
    if (fork.branches.size > 0) return
    this.#options.tell({ ...fork.failure, session: fork.session })
  }

  /** A branch is over; with the last one, or with the one that had the call, the fork is. */
  #leave(fork: Fork, branch: SessionId): void {
    fork.branches.delete(branch)
    this.#byBranch.delete(branch)
    if (fork.branches.size === 0 || fork.winner === branch) this.#forks.delete(fork.session)
  }

  #cancelOthers(fork: Fork, branch: SessionId, reason?: string): void {
    for (const other of fork.branches)
      if (other !== branch)
        this.#options.command({ type: 'cancel', session: other, ...(reason !== undefined && { reason }) })
  }

  #toAll(fork: Fork, command: SessionCommand): void {
    for (const branch of fork.branches) this.#options.command({ ...command, session: branch })
  }
}

/** RFC 3326 section 2: so that a phone does not show a call that was missed. */
export const ANSWERED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'

/** Which failure is told of several: a refusal for all, busy, any other refusal, and last that a phone is not there. */
function rank({ response, cause }: Failed): number {
  // Those that we gave up on have nothing to say of their own.
  if (cause === 'cancelled') return 8
  if (response === undefined) return cause === 'timeout' ? 6 : 7
  const { status } = response
  if (status >= 600) return 1
  if (status === 486) return 2
  if (status >= 500) return 5
  return status === 408 || status === 480 ? 4 : 3
}
