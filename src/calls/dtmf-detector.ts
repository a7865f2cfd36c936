import { Fifo, UsageError } from '../kit/index.ts'
import type { ChannelCore } from './channel-core.ts'
import { DtmfDetectorCause } from './enums.ts'
import type { CallTimer } from './host.ts'
import type { Leg } from './leg.ts'

/** What {@link DtmfDetector.getDigits} waits for. */
export interface GetDigitsOptions {
  /** Forget what was pressed before. Default false: digits wait in a buffer until they are asked for. */
  clear?: boolean
  /** Return after this many digits; 0 means no count. Default 0. */
  count?: number
  /** How long to wait for the first digit; 0 means no limit. Default 0. */
  predigitsTimeoutMs?: number
  /** How long to wait between digits; 0 means no limit. Default 5000. */
  interdigitTimeoutMs?: number
  /** Digits each of which ends the collection; it is not part of what is returned. */
  end?: string
  /** Bounds the whole collection. Default: no limit. */
  timeoutMs?: number
}

/** Digits that nobody asks for are kept up to this many; the oldest go first. */
const MAX_BUFFERED_DIGITS = 256

/** Collects digits, however they arrive (RFC 4733 events or SIP INFO): one buffer, one digit per key press. */
export class DtmfDetector {
  readonly #core: ChannelCore
  readonly #buffer = new Fifo<string>()
  #collecting: Collecting | undefined
  #cause: DtmfDetectorCause = DtmfDetectorCause.NONE

  constructor(core: ChannelCore) {
    this.#core = core
    core.digitSink = (digit) => this.#onDigit(digit)
  }

  /** Why the last `getDigits` returned; NONE while one runs or none ever did. */
  cause(): DtmfDetectorCause {
    return this.#cause
  }

  /** Forgets the digits in the buffer. */
  clearDigits(): void {
    this.#buffer.clear()
  }

  /**
   * Collects digits until the count, an end digit, a timeout or the hang-up, and returns what was collected
   * (possibly nothing); `cause()` tells which it was.
   * @throws UsageError for wrong options or when another `getDigits` runs; Hangup, UsageError as every media function
   */
  async getDigits(options: GetDigitsOptions = {}): Promise<string> {
    const leg = this.#core.requireAnswered('dtmfDetector.getDigits')
    if (this.#collecting !== undefined) throw new UsageError('dtmfDetector.getDigits is already running')
    const wanted = checked(options)
    if (wanted.clear) this.clearDigits()
    this.#cause = DtmfDetectorCause.NONE
    const digits = await new Promise<string>((resolve) => {
      const collecting = new Collecting(this.#core, leg, wanted, (cause) => {
        this.#collecting = undefined
        this.#cause = cause
        resolve(collecting.digits)
      })
      this.#collecting = collecting
      this.#core.host.post(() => {
        for (let digit = this.#buffer.shift(); digit !== undefined; digit = this.#buffer.shift()) {
          collecting.onDigit(digit)
          if (this.#collecting !== collecting) return
        }
        collecting.begin()
      })
    })
    return digits
  }

  #onDigit(digit: string): void {
    if (this.#collecting?.hasBegun) {
      this.#collecting.onDigit(digit)
      return
    }
    if (this.#buffer.length === MAX_BUFFERED_DIGITS) this.#buffer.shift()
    this.#buffer.push(digit)
  }
}

/** One run of `getDigits`. */
class Collecting {
  digits = ''
  hasBegun = false
  readonly #options: Required<Omit<GetDigitsOptions, 'timeoutMs'>> & { timeoutMs: number }
  readonly #betweenTimer: CallTimer
  readonly #totalTimer: CallTimer
  readonly #leg: Leg
  readonly #onDone: (cause: DtmfDetectorCause) => void
  #isDone = false
  #stopListening: () => void = () => {}

  constructor(
    core: ChannelCore,
    leg: Leg,
    options: Required<Omit<GetDigitsOptions, 'timeoutMs'>> & { timeoutMs: number },
    onDone: (cause: DtmfDetectorCause) => void,
  ) {
    this.#options = options
    this.#leg = leg
    this.#onDone = onDone
    this.#betweenTimer = core.host.timer(() => this.#finish(DtmfDetectorCause.TIMEOUT))
    this.#totalTimer = core.host.timer(() => this.#finish(DtmfDetectorCause.TIMEOUT))
  }

  /** The buffer is used up: waiting starts. */
  begin(): void {
    this.hasBegun = true
    if (this.#options.timeoutMs > 0) this.#totalTimer.setIn(this.#options.timeoutMs)
    const firstWait = this.digits === '' ? this.#options.predigitsTimeoutMs : this.#options.interdigitTimeoutMs
    if (firstWait > 0) this.#betweenTimer.setIn(firstWait)
    this.#stopListening = this.#leg.onEnding(() => this.#finish(DtmfDetectorCause.HANGUP))
  }

  onDigit(digit: string): void {
    if (this.#isDone) return
    if (this.#options.end.includes(digit)) {
      this.#finish(DtmfDetectorCause.END)
      return
    }
    this.digits += digit
    if (this.#options.count > 0 && this.digits.length >= this.#options.count) this.#finish(DtmfDetectorCause.COUNT)
    else if (this.hasBegun && this.#options.interdigitTimeoutMs > 0)
      this.#betweenTimer.setIn(this.#options.interdigitTimeoutMs)
  }

  #finish(cause: DtmfDetectorCause): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#betweenTimer.clear()
    this.#totalTimer.clear()
    this.#stopListening()
    this.#onDone(cause)
  }
}

function checked(options: GetDigitsOptions): Required<Omit<GetDigitsOptions, 'timeoutMs'>> & { timeoutMs: number } {
  const {
    clear = false,
    count = 0,
    predigitsTimeoutMs = 0,
    interdigitTimeoutMs = 5000,
    end = '',
    timeoutMs = 0,
  } = options
  if (!Number.isInteger(count) || count < 0 || count > MAX_BUFFERED_DIGITS)
    throw new UsageError(`getDigits: count must be 0 to ${MAX_BUFFERED_DIGITS}, not ${count}`)
  for (const [name, value] of Object.entries({ predigitsTimeoutMs, interdigitTimeoutMs, timeoutMs }))
    if (!Number.isFinite(value) || value < 0)
      throw new UsageError(`getDigits: ${name} must be 0 or more milliseconds, not ${value}`)
  if (!/^[0-9A-D*#]*$/.test(end)) throw new UsageError(`getDigits: end must be digits of 0-9 A-D * #, not "${end}"`)
  return { clear, count, predigitsTimeoutMs, interdigitTimeoutMs, end, timeoutMs }
}
