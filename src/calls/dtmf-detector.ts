import { Fifo, UsageError } from '../kit/index.ts'
import type { ChannelCore } from './channel-core.ts'
import { DtmfDetectorCause } from './enums.ts'
import type { CallTimer } from './host.ts'
import type { Leg } from './leg.ts'
import type { DigitNote } from './record/call-record.ts'

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
  /**
   * These digits are a secret, such as a PIN: the record of the call does not keep them, nor any that are pressed after
   * them until digits are collected that are none. Default false.
   */
  private?: boolean
}

/** Digits that nobody asks for are kept up to this many; the oldest go first. */
const MAX_BUFFERED_DIGITS = 256

/** Collects digits, however they arrive (RFC 4733 events or SIP INFO): one buffer, one digit per key press. */
export class DtmfDetector {
  readonly #core: ChannelCore
  readonly #buffer = new Fifo<Press>()
  #collecting: Collecting | undefined
  /** The leg whose digits are private, since the last collection on it was. */
  #privateLeg: Leg | undefined
  #cause: DtmfDetectorCause = DtmfDetectorCause.NONE

  constructor(core: ChannelCore) {
    this.#core = core
    core.digitSink = (digit, note) => this.#onDigit({ digit, note })
  }

  /** Why the last `getDigits` returned; NONE while one runs or none ever did. */
  cause(): DtmfDetectorCause {
    return this.#cause
  }

  /** How many digits wait in the buffer until they are asked for. */
  digitsWaiting(): number {
    return this.#buffer.length
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
    const leg = this.#core.requireConnected('dtmfDetector.getDigits')
    if (this.#collecting !== undefined) throw new UsageError('dtmfDetector.getDigits is already running')
    const wanted = checked(options)
    if (wanted.clear) this.clearDigits()
    this.#privateLeg = options.private === true ? leg : undefined
    this.#cause = DtmfDetectorCause.NONE
    const digits = await new Promise<string>((resolve) => {
      const collecting = new Collecting(this.#core, leg, wanted, (cause) => {
        this.#collecting = undefined
        this.#cause = cause
        resolve(collecting.digits)
      })
      this.#collecting = collecting
      this.#core.host.post(() => {
        for (let press = this.#buffer.shift(); press !== undefined; press = this.#buffer.shift()) {
          this.#hideIfPrivate(press)
          collecting.onDigit(press.digit)
          if (this.#collecting !== collecting) return
        }
        collecting.begin()
      })
    })
    return digits
  }

  #onDigit(press: Press): void {
    this.#hideIfPrivate(press)
    if (this.#collecting?.hasBegun) {
      this.#collecting.onDigit(press.digit)
      return
    }
    if (this.#buffer.length === MAX_BUFFERED_DIGITS) this.#buffer.shift()
    this.#buffer.push(press)
  }

  #hideIfPrivate({ note }: Press): void {
    if (note !== undefined && this.#privateLeg !== undefined && this.#privateLeg === this.#core.leg)
      note.digit = undefined
  }
}

/** A key that was pressed, and what the record of the call says of it. */
interface Press {
  readonly digit: string
  readonly note: DigitNote | undefined
}

/** What one collection waits for, in full. */
type Wanted = Required<Omit<GetDigitsOptions, 'private'>>

/** One run of `getDigits`. */
class Collecting {
  digits = ''
  hasBegun = false
  readonly #options: Wanted
  readonly #betweenTimer: CallTimer
  readonly #totalTimer: CallTimer
  readonly #leg: Leg
  readonly #onDone: (cause: DtmfDetectorCause) => void
  #isDone = false
  #stopListening: () => void = () => {}

  constructor(core: ChannelCore, leg: Leg, options: Wanted, onDone: (cause: DtmfDetectorCause) => void) {
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
    const ceaseWaiting = this.#leg.media.awaitKeys()
    const takeBack = this.#leg.onEnding(() => {
      this.#finish(this.#leg.isBroken ? DtmfDetectorCause.ERROR : DtmfDetectorCause.HANGUP)
    })
    this.#stopListening = () => {
      takeBack()
      ceaseWaiting()
    }
  }

  onDigit(digit: string): void {
    if (this.#isDone) return
    if (this.#options.end.includes(digit)) {
      this.#finish(DtmfDetectorCause.END)
      return
    }
    this.digits += digit
    const { count, interdigitTimeoutMs } = this.#options
    if (count > 0 && this.digits.length >= count) this.#finish(DtmfDetectorCause.COUNT)
    else if (this.hasBegun) {
      this.#betweenTimer.clear()
      if (interdigitTimeoutMs > 0) this.#betweenTimer.setIn(interdigitTimeoutMs)
    }
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

function checked(options: GetDigitsOptions): Wanted {
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
  if (options.private !== undefined && typeof options.private !== 'boolean')
    throw new UsageError(`getDigits: private must be true or false, not ${JSON.stringify(options.private)}`)
  return { clear, count, predigitsTimeoutMs, interdigitTimeoutMs, end, timeoutMs }
}
