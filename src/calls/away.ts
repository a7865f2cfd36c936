/** A connected call that is not with its application: in a conference room, or being transferred, or with its target. */
export interface CallAway {
  /** Nobody waits to have it back: it lasts as long as both ends want, whatever its application does. */
  readonly isHandedOver: boolean
  /** @returns whether the digit means something where the call is, and so is not for the application */
  press(digit: string): boolean
  /** Takes the call back to its application. */
  leave(): void
  /**
   * Ends its part without ending a call, when it is with another call only: somebody else sees to both from then on.
   * @returns false when that cannot be at present
   */
  letGo(): boolean
}
