/** What becomes of a frame of a recording. */
export type GateState =
  /** It is recorded. */
  | 'open'
  /** Silence is recorded in its place, so that everything after it stays where it belongs in time. */
  | 'silent'
  /** It is left out: the recording goes on where it was. */
  | 'cut'

interface GateChange {
  readonly at: number
  readonly state: GateState
}

/** What becomes of frames, and what will of those that are still to come. */
export interface RecordingGateState {
  readonly state: GateState
  readonly frames: number
  readonly changes: readonly GateChange[]
}

/** Pauses a recording, at frames that are still to come: what is recorded now was said a little earlier. */
export class RecordingGate {
  #state: GateState = 'open'
  /** Frames that have passed. */
  #frames = 0
  #changes: GateChange[] = []

  /** What another one goes on from, in another thread perhaps. */
  get state(): RecordingGateState {
    return { state: this.#state, frames: this.#frames, changes: [...this.#changes] }
  }

  set state({ state, frames, changes }: RecordingGateState) {
    this.#state = state
    this.#frames = frames
    this.#changes = [...changes]
  }

  /** Changes the state after that many more frames. A change that was asked for later never comes first. */
  changeAfter(frames: number, state: GateState): void {
    const at = Math.max(this.#frames + frames, this.#changes.at(-1)?.at ?? 0)
    this.#changes.push({ at, state })
  }

  /** What becomes of the next frame. */
  next(): GateState {
    while (this.#changes.length > 0 && this.#changes[0]!.at <= this.#frames) this.#state = this.#changes.shift()!.state
    this.#frames++
    return this.#state
  }
}
