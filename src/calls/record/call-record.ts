import type { Instant } from '../../kit/index.ts'
import type { CallSound, SpecialInformation } from '../../media/index.ts'
import type { Peer } from '../../sip/index.ts'
import type { CallDetails } from '../details.ts'
import type { State } from '../enums.ts'
import type { CallVerdict } from '../far-end/far-end-details.ts'
import type { InstanceRecord } from '../instance.ts'
import type { MediaNews } from '../media-release/media-news.ts'
import { Excerpt } from './excerpt.ts'

/** A SIP message of a call, as it came or went. */
export interface RecordedMessage {
  readonly at: Instant
  readonly isSent: boolean
  readonly bytes: Uint8Array
  readonly peer: Peer
}

/** The far end pressed a key. `digit` is taken away when the application says that it is private. */
export interface DigitNote {
  readonly type: 'digit'
  digit: string | undefined
  readonly by: 'media' | 'info'
}

/** What happens in a call beside its SIP messages. */
export type CallHappening =
  | { readonly type: 'state'; readonly state: State }
  | DigitNote
  /** Offer and answer have agreed on a stream: the first, or another one. */
  | {
      readonly type: 'stream'
      readonly codec: string
      readonly address: string
      readonly port: number
      /** As seen from us. */
      readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
      readonly isEncrypted: boolean
    }
  /** A media job began; `what` is the file or tone, or how many keys are pressed. */
  | { readonly type: 'started'; readonly job: string; readonly what: string | undefined }
  | { readonly type: 'finished'; readonly job: string; readonly cause: string }
  /** A network tone, or the first real audio, was heard in a call that is being placed: since when, and what a tone says. */
  | {
      readonly type: 'heard'
      readonly sound: CallSound
      readonly startedMsAgo: number
      readonly meaning?: SpecialInformation
    }
  /** What the far end said was recognised; without `text` the application says that it is private. */
  | { readonly type: 'recognised'; readonly text: string | undefined; readonly confidence?: number }
  /** What live speaker detection thinks of who has picked up. */
  | ({ readonly type: 'farEnd' } & Pick<CallVerdict, 'stage' | 'farEndType' | 'fineKind' | 'confidence' | 'reason'>)
  /** The beep of a mailbox was heard. */
  | { readonly type: 'beep'; readonly frequencyHz: number }
  /** The two calls hear each other. */
  | { readonly type: 'connected'; readonly callId: string }
  | { readonly type: 'disconnected' }
  | MediaNews

export interface RecordedHappening {
  readonly at: Instant
  /** How many messages had come and gone before. */
  readonly afterMessages: number
  readonly what: CallHappening
}

/**
 * All messages with one Call-ID: those of one call, or of one way that was tried of placing it, or of both ends of a
 * call that we made to ourselves.
 */
export interface Conversation {
  readonly sipCallId: string
  readonly messages: Excerpt<RecordedMessage>
  /** How many records tell of it. */
  owners: number
  /** The record that its INVITE has begun, until an application has the call. */
  unclaimed: CallRecord | undefined
}

/** How much of one call is kept besides its messages. */
const MOST_HAPPENINGS = 400

/**
 * What is kept of one call for whoever asks later: references, nothing that was printed or parsed for it. The call
 * itself writes here what happens to it.
 */
export class CallRecord {
  /** Which of the records it is. */
  readonly number: number
  readonly startedAt: Instant
  /** The same moment, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** One for each Call-ID that the call has had. */
  readonly conversations: Conversation[] = []
  readonly happenings = new Excerpt<RecordedHappening>(MOST_HAPPENINGS, () => 1)
  /** Without: no application has had the call. */
  details: CallDetails | undefined
  service: string | undefined
  instance: InstanceRecord | undefined
  isOver = false

  constructor(number: number, conversation: Conversation, startedAt: Instant, startedAtMs: number) {
    this.number = number
    this.startedAt = startedAt
    this.startedAtMs = startedAtMs
    this.join(conversation)
  }

  /** The id of the call; of one that no application has had, its SIP Call-ID. */
  get id(): string {
    return this.details?.callId ?? this.conversations[0]?.sipCallId ?? ''
  }

  /** The call goes on in this conversation. */
  join(conversation: Conversation): void {
    conversation.owners++
    this.conversations.push(conversation)
  }

  add(at: Instant, what: CallHappening): void {
    let afterMessages = 0
    for (const { messages } of this.conversations) afterMessages += messages.pushed
    this.happenings.push({ at, afterMessages, what })
  }
}
