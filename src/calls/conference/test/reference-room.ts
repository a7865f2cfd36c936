import type { PartyRules, RoomEvent, RoomPolicy } from '../room-state.ts'

/** One party of a {@link ReferenceRoom}. */
export interface ReferenceParty {
  readonly id: number
  readonly rules: PartyRules
  self: boolean
  moderator: boolean
  isHeld: boolean
  /** `undefined` when all are to hear it. */
  audience: readonly number[] | undefined
  volumeDb: number
}

/**
 * What a room is, said a second time and in another way: it changes in place, and does first what was asked for and then
 * looks what follows. Property tests hold the reducer to it.
 */
export class ReferenceRoom {
  readonly policy: RoomPolicy
  parties: ReferenceParty[] = []
  isLocked = false
  isStarted = false
  isDestroyed = false
  isEnding = false
  isHolding = false
  /** How often it has started. */
  starts = 0
  /** `kind party` of all that waits to be heard or is heard. */
  queue: string[] = []
  /** Those whom a moderator lets speak in a room that is locked. */
  readonly exempt = new Set<number>()

  constructor(policy: RoomPolicy) {
    this.policy = policy
  }

  take(event: RoomEvent): void {
    if (this.isDestroyed) return
    const party = 'party' in event ? this.parties.find(({ id }) => id === event.party) : undefined
    if (event.type === 'joined') this.#join(event.party, event.rules)
    if (event.type === 'destroyed') this.#destroy()
    if (event.type === 'locked' || event.type === 'unlocked') {
      this.isLocked = event.type === 'locked'
      this.exempt.clear()
    }
    if (event.type === 'opened' && this.isHolding) {
      this.isHolding = false
      this.#lookWhetherItRuns()
    }
    if (event.type === 'message' && this.isStarted && !this.isEnding) this.queue.push('message')
    if (event.type === 'announced' && this.queue.length > 0) {
      this.queue.shift()
      if (this.isEnding && this.queue.length === 0) this.#destroy()
    }
    if (party === undefined) return
    if (event.type === 'left') this.#leave(party)
    if (event.type === 'digit') this.#press(party, event.digit)
    if (event.type === 'muted') party.moderator = true
    if (event.type === 'unmuted') {
      if (this.isLocked) this.exempt.add(party.id)
      party.moderator = false
      if (party.rules.unmuteDigit === undefined) party.self = false
    }
    if (event.type === 'held') party.isHeld = true
    if (event.type === 'addressed') party.audience = event.audience
    if (event.type === 'volume') party.volumeDb = event.volumeDb
    if (event.type === 'retrieved') party.isHeld = false
  }

  isSilent({ id, self, moderator }: ReferenceParty): boolean {
    return self || moderator || (this.isLocked && !this.exempt.has(id))
  }

  hears({ isHeld }: ReferenceParty): string {
    return this.isStarted && !isHeld ? 'room' : 'waiting'
  }

  talks(party: ReferenceParty): boolean {
    if (party.audience !== undefined && party.audience.length === 0) return false
    return this.hears(party) === 'room' && party.rules.mayTalk && !this.isSilent(party)
  }

  wantsToBeBridged(party: ReferenceParty): boolean {
    return party.rules.wantsPair === true && this.hears(party) === 'room'
  }

  #join(id: number, rules: PartyRules): void {
    if (this.isEnding || this.parties.length >= this.policy.mostParties || this.parties.some((each) => each.id === id))
      return
    this.parties.push({
      id,
      rules,
      self: rules.startsMuted,
      moderator: false,
      isHeld: false,
      audience: undefined,
      volumeDb: 0,
    })
    this.#lookWhetherItRuns()
    if (rules.beeps) this.#announce('beep', id)
    if (rules.announcesEntry) this.#announce('entry', id)
  }

  #leave({ id, rules }: ReferenceParty): void {
    this.parties = this.parties.filter((each) => each.id !== id)
    this.exempt.delete(id)
    if (this.parties.length === 0) this.#destroy()
    if (this.isDestroyed || this.isEnding) return
    if (rules.endsRoom) {
      const waiting = this.queue.length
      if (rules.announcesExit) this.#announce('exit', id)
      if (this.queue.length === waiting) this.#destroy()
      this.isEnding = true
      return
    }
    this.#lookWhetherItRuns()
    if (rules.announcesExit) this.#announce('exit', id)
  }

  #press(party: ReferenceParty, digit: string): void {
    const { exitDigit, muteDigit, unmuteDigit } = party.rules
    if (digit === exitDigit) {
      this.#leave(party)
      return
    }
    const toggles = muteDigit === unmuteDigit
    const wantsQuiet = digit === muteDigit && !(toggles && this.isSilent(party))
    if (wantsQuiet) party.self = true
    else if (digit === unmuteDigit) {
      party.self = false
      if (this.policy.partiesMayUnmute) party.moderator = false
    }
  }

  #announce(kind: string, id: number): void {
    if (this.isStarted && this.parties.length <= this.policy.quietAfterParties) this.queue.push(`${kind} ${id}`)
  }

  #lookWhetherItRuns(): void {
    const canGoOn = !this.isHolding && this.parties.length > 1 && this.parties.some(({ rules }) => rules.startsRoom)
    const canStart = canGoOn && this.parties.some(({ rules }) => rules.mayTalk)
    if (!this.isStarted && canStart) this.starts++
    this.isStarted = this.isStarted ? canGoOn : canStart
    if (!this.isStarted) this.queue = []
  }

  #destroy(): void {
    this.isDestroyed = true
    this.isStarted = false
    this.parties = []
    this.queue = []
  }
}
