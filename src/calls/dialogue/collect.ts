import { Hangup, UsageError } from '../../kit/index.ts'
import type { Channel } from '../channel.ts'
import { ask, type Prompt, tell } from './prompt.ts'

/** How somebody is asked, and asked again. */
export interface AskOptions {
  /** What asks. */
  readonly prompt: Prompt
  /** What asks the second time, the third, and so on, the last of them ever after. Default: the prompt. */
  readonly retryPrompts?: readonly Prompt[]
  /** Said before asking again when nothing was pressed. */
  readonly silencePrompt?: Prompt
  /** Said before asking again when what was pressed was not right. */
  readonly invalidPrompt?: Prompt
  /** How often to ask in all, 1 to 100. Default 3. */
  readonly attempts?: number
  /** A key cuts the prompt short, and keys that were pressed ahead answer it unheard. Default true. */
  readonly bargeIn?: boolean
  /** How long to wait for the first key after the prompt. Default 5,000. */
  readonly predigitsTimeoutMs?: number
  /** How long to wait for each further key. Default 3,000. */
  readonly interdigitTimeoutMs?: number
  /** Pressed first, this key asks for help, which is no attempt. */
  readonly helpDigit?: string
  /** What is said then. */
  readonly helpPrompt?: Prompt
  /** The keys are a secret, such as a PIN: the record of the call does not keep them. Default false. */
  readonly private?: boolean
}

/** What {@link collect} asks for. */
export interface CollectOptions extends AskOptions {
  /** Fewer digits are not right. Default 1. */
  readonly minDigits?: number
  /** So many digits need no end digit. Default 32. */
  readonly maxDigits?: number
  /** Keys that end the entry and are not part of it. Default '#'. */
  readonly end?: string
  /** Whether an entry is right: a pattern that matches all of it, or a function. Default: every entry is. */
  readonly valid?: RegExp | ((digits: string) => boolean | Promise<boolean>)
}

/**
 * Asks a caller for digits, and asks again until they are right or all attempts are used up.
 *
 *     const pin = await collect(channel, { prompt: { textToSay: 'Please enter your PIN.' }, maxDigits: 4, private: true })
 *     if (pin === undefined) return channel.hangUp()
 *
 * @returns the digits, or `undefined` when none of the attempts gave right ones
 * @throws Hangup when the caller hangs up; UsageError for wrong options; MediaFileError, SpeechError when a prompt cannot
 *   be played
 */
export async function collect(channel: Channel, options: CollectOptions): Promise<string | undefined> {
  const { attempts = 3, bargeIn = true, helpDigit, valid = () => true } = options
  const { minDigits = 1, maxDigits = 32 } = options
  checkWhole('attempts', attempts, 1, MOST_ATTEMPTS)
  checkWhole('maxDigits', maxDigits, 1, MOST_DIGITS)
  checkWhole('minDigits', minDigits, 0, maxDigits)
  if (helpDigit !== undefined && !/^[0-9A-D*#]$/.test(helpDigit))
    throw new UsageError(`helpDigit must be one of 0-9 A-D * #, not ${JSON.stringify(helpDigit)}`)
  let before: Prompt[] = []
  let helpsLeft = MOST_HELPS
  for (let attempt = 1; attempt <= attempts; ) {
    await ask(channel, [...before, promptOf(options, attempt)], bargeIn)
    const entry = await entryOf(channel, options)
    if (entry === HELP && helpsLeft-- > 0) {
      if (options.helpPrompt !== undefined) await tell(channel, [options.helpPrompt], bargeIn)
      before = []
      continue
    }
    if (entry.length >= minDigits && entry !== HELP && (await isValid(valid, entry))) return entry
    const why = entry === '' ? options.silencePrompt : options.invalidPrompt
    before = why === undefined ? [] : [why]
    if (entry !== '') await letFinish(channel, options)
    attempt++
  }
  return undefined
}

function promptOf({ prompt, retryPrompts = [] }: AskOptions, attempt: number): Prompt {
  return attempt === 1 ? prompt : (retryPrompts[attempt - 2] ?? retryPrompts.at(-1) ?? prompt)
}

/** The first key is waited for alone: it may ask for help, or end the entry before it has begun. */
async function entryOf(channel: Channel, options: CollectOptions): Promise<string> {
  const { maxDigits = 32, end = '#', helpDigit } = options
  const { predigitsTimeoutMs = 5000, interdigitTimeoutMs = 3000 } = options
  const hidden = { private: options.private ?? false }
  const first = await digitsOf(channel, { ...hidden, count: 1, end: withoutKey(end, helpDigit), predigitsTimeoutMs })
  if (first !== '' && first === helpDigit) return HELP
  if (first === '' || maxDigits === 1) return first
  return (
    first +
    (await digitsOf(channel, {
      ...hidden,
      count: maxDigits - 1,
      end,
      predigitsTimeoutMs: interdigitTimeoutMs,
      interdigitTimeoutMs,
    }))
  )
}

/** Whoever still types has not heard yet that it was not right: those keys answer nothing. */
async function letFinish(channel: Channel, options: CollectOptions): Promise<void> {
  const wait = { predigitsTimeoutMs: PAUSE_MS, interdigitTimeoutMs: PAUSE_MS }
  await digitsOf(channel, { ...wait, clear: true, private: options.private ?? false })
}

async function digitsOf(
  channel: Channel,
  options: Parameters<Channel['dtmfDetector']['getDigits']>[0],
): Promise<string> {
  const digits = await channel.dtmfDetector.getDigits(options)
  const cause = channel.dtmfDetector.cause()
  if (cause === 'HANGUP' || cause === 'ERROR') throw new Hangup('the call has ended while digits were collected')
  return digits
}

function withoutKey(keys: string, key: string | undefined): string {
  return key === undefined ? keys : keys.replaceAll(key, '')
}

async function isValid(valid: NonNullable<CollectOptions['valid']>, digits: string): Promise<boolean> {
  if (typeof valid === 'function') return valid(digits)
  const found = new RegExp(valid.source, valid.flags.replace(/[gy]/g, '')).exec(digits)
  return found?.[0] === digits
}

/** @throws UsageError naming what is no whole number in its range */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
}

/** No entry is a word. */
const HELP = 'help'
const MOST_ATTEMPTS = 100
const MOST_DIGITS = 200
/** Whoever asks more often gets no help any more: it is taken for an entry that is not right. */
const MOST_HELPS = 10
/** Nobody who types without looking up pauses for so long. */
const PAUSE_MS = 500
