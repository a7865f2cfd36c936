import { UsageError } from '../../kit/index.ts'
import { CODEC_RATES } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import { assertMediaName } from '../media-store.ts'
import { prepareMedia } from '../open-media.ts'
import { type FileToPlay, PlayableMedia, type TextToSay } from '../playable-media.ts'
import type { PartyRules } from './room-state.ts'

/** What the coming and going of a party means for its room. */
export class ConferenceLifetimeControl {
  /** The room may start when this party and at least one other are in it. */
  startOnEntry: boolean
  /** The room is destroyed when this party leaves, and the rest are hung up. */
  destroyOnExit: boolean

  constructor({
    startOnEntry = true,
    destroyOnExit = false,
  }: { startOnEntry?: boolean; destroyOnExit?: boolean } = {}) {
    this.startOnEntry = startOnEntry
    this.destroyOnExit = destroyOnExit
  }
}

/** With which digits a party mutes itself. */
export class MuteDigits {
  #mute: string | undefined
  #unmute: string | undefined

  /**
   * @param digits each one of `1234567890*#`; `unmute` is `mute` unless it is given, and that digit toggles
   * @throws UsageError for what is no such digit
   */
  setDigits({ mute, unmute = mute }: { mute: string; unmute?: string }): void {
    this.#mute = checkedDigit('muteOnDtmfDigits.setDigits: mute', mute)
    this.#unmute = checkedDigit('muteOnDtmfDigits.setDigits: unmute', unmute)
  }

  get mute(): string | undefined {
    return this.#mute
  }

  get unmute(): string | undefined {
    return this.#unmute
  }
}

/** What a party of a room hears and may do there; see {@link ConferencePartyMediaSettings}. */
export interface ConferencePartyMediaOptions {
  /** The name of the tone that it hears in a loop while the room is stopped. Default: the ToneManager's default tone. */
  ringbackTone?: string
  /** A file of the media store that it hears in a loop instead. */
  onConferenceStoppedFile?: string
  /** The room hears a beep when it comes in. Default true. */
  beepOnEntry?: boolean
  /** The digit by which it leaves, one of `1234567890*#`. Default none. */
  exitOnDtmfDigit?: string
  /**
   * Two talkers who both want it are bridged without mixing, also while others listen: sooner heard, and as they are. A third
   * talker has all mixed (the event `mixed` of the room). Default false.
   */
  twoPartyOptimisation?: boolean
  /** It is not heard until it unmutes itself, or is unmuted. Default false. */
  startMuted?: boolean
}

/**
 * How a party of a conference room is treated, and how it is announced to the others: prefix and entry media when it
 * comes in, exit media and prefix when it leaves.
 */
export class ConferencePartyMediaSettings implements ConferencePartyMediaOptions {
  ringbackTone?: string
  onConferenceStoppedFile?: string
  beepOnEntry: boolean
  exitOnDtmfDigit?: string
  twoPartyOptimisation: boolean
  startMuted: boolean
  readonly muteOnDtmfDigits: MuteDigits = new MuteDigits()
  /** Who it is: heard before the entry media and after the exit media. */
  readonly prefixMedia: PlayableMedia = new PlayableMedia()
  readonly onEntryMedia: PlayableMedia = new PlayableMedia()
  readonly onExitMedia: PlayableMedia = new PlayableMedia()
  /** What the party alone hears when it has been muted and when it may be heard again, whoever did it. Default nothing. */
  readonly onMutedMedia: PlayableMedia = new PlayableMedia()
  readonly onUnmutedMedia: PlayableMedia = new PlayableMedia()

  constructor(options: ConferencePartyMediaOptions = {}) {
    const { ringbackTone, onConferenceStoppedFile, exitOnDtmfDigit } = options
    if (ringbackTone !== undefined) this.ringbackTone = ringbackTone
    if (onConferenceStoppedFile !== undefined) this.onConferenceStoppedFile = onConferenceStoppedFile
    if (exitOnDtmfDigit !== undefined) this.exitOnDtmfDigit = exitOnDtmfDigit
    this.beepOnEntry = options.beepOnEntry ?? true
    this.twoPartyOptimisation = options.twoPartyOptimisation ?? false
    this.startMuted = options.startMuted ?? false
  }
}

/** How a call comes into a room. */
export interface ConferenceOptions {
  /** It may talk; otherwise it only listens. Default true. */
  talkerAndListener?: boolean
  conferenceLifetimeControl?: ConferenceLifetimeControl
  conferencePartyMediaSettings?: ConferencePartyMediaSettings
  /** How long to wait until it is in. Default 120,000 ms. */
  timeoutMs?: number
}

/** The settings of one party, as they were when it came: what an application changes later is for the next one. */
export interface PartySettings {
  readonly rules: PartyRules
  readonly ringbackTone: string | undefined
  readonly waitingFile: string | undefined
  readonly prefix: FileToPlay | TextToSay | undefined
  readonly entry: FileToPlay | TextToSay | undefined
  readonly exit: FileToPlay | TextToSay | undefined
  readonly muted: FileToPlay | TextToSay | undefined
  readonly unmuted: FileToPlay | TextToSay | undefined
}

/**
 * Takes the settings of a party.
 *
 * @throws UsageError naming what cannot be
 */
export function takeSettings(what: string, host: CallHost, options: ConferenceOptions): PartySettings {
  const {
    talkerAndListener = true,
    conferenceLifetimeControl: lifetime = new ConferenceLifetimeControl(),
    conferencePartyMediaSettings: media = new ConferencePartyMediaSettings(),
  } = options
  const { ringbackTone, onConferenceStoppedFile, exitOnDtmfDigit, muteOnDtmfDigits } = media
  if (exitOnDtmfDigit !== undefined) checkedDigit(`${what}: exitOnDtmfDigit`, exitOnDtmfDigit)
  if (exitOnDtmfDigit !== undefined && [muteOnDtmfDigits.mute, muteOnDtmfDigits.unmute].includes(exitOnDtmfDigit))
    throw new UsageError(
      `${what}: the digit ${exitOnDtmfDigit} cannot both mute and leave: choose another for one of them`,
    )
  if (onConferenceStoppedFile !== undefined) assertMediaName(onConferenceStoppedFile)
  if (ringbackTone !== undefined) host.tones.steps(ringbackTone)
  const all = [media.prefixMedia, media.onEntryMedia, media.onExitMedia, media.onMutedMedia, media.onUnmutedMedia]
  const [prefix, entry, exit, muted, unmuted] = all.map(({ chosen }) => chosen)
  for (const each of [prefix, entry, exit, muted, unmuted]) {
    if (each !== undefined && 'textToSay' in each && host.speech === undefined)
      throw new UsageError(`${what}: this exchange has no text-to-speech: announce files instead of texts`)
  }
  return {
    rules: {
      startsRoom: lifetime.startOnEntry,
      endsRoom: lifetime.destroyOnExit,
      mayTalk: talkerAndListener,
      startsMuted: media.startMuted,
      wantsPair: media.twoPartyOptimisation,
      exitDigit: exitOnDtmfDigit,
      muteDigit: muteOnDtmfDigits.mute,
      unmuteDigit: muteOnDtmfDigits.unmute,
      beeps: media.beepOnEntry,
      announcesEntry: entry !== undefined,
      announcesExit: exit !== undefined,
    },
    ringbackTone,
    waitingFile: onConferenceStoppedFile,
    prefix,
    entry,
    exit,
    muted,
    unmuted,
  }
}

/**
 * Has the texts of a party rendered, so that they are there when they are to be heard.
 * @returns what resolves when they are; `undefined` when there are none
 */
export function prepareTexts(host: CallHost, settings: PartySettings): Promise<unknown> | undefined {
  const { prefix, entry, exit, muted, unmuted } = settings
  const texts = [prefix, entry, exit, muted, unmuted].flatMap((media) => (media && 'textToSay' in media ? media : []))
  if (texts.length === 0) return undefined
  return Promise.all(texts.map((text) => prepareMedia(host, text, rateInRooms(host, text, 8000))))
}

/**
 * The rate at which something is opened that a room or a party is to hear: of texts always the highest that any call has,
 * since they are rendered before it is known who will hear them.
 * @param mostHz what those can make use of who hear it now
 */
export function rateInRooms(
  { codecs }: Pick<CallHost, 'codecs'>,
  media: FileToPlay | TextToSay,
  mostHz: 8000 | 16_000,
): 8000 | 16_000 {
  if ('fileToPlay' in media) return mostHz
  return codecs.some((codec) => CODEC_RATES[codec].sampleRateHz === 16_000) ? 16_000 : 8000
}

/** @throws UsageError when it is not one of the digits of a telephone */
function checkedDigit(what: string, digit: string): string {
  if (typeof digit !== 'string' || !/^[0-9*#]$/.test(digit))
    throw new UsageError(`${what} must be one of 1234567890*#, not ${JSON.stringify(digit)}`)
  return digit
}
