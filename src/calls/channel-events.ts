import type { CodecName } from '../media/index.ts'
import type { LeaveReason } from './conference/room-state.ts'
import type { EndedBy, HeardTone } from './details.ts'
import type { Cause, State } from './enums.ts'
import type { CallVerdict } from './far-end/far-end-details.ts'
import type { MediaNews } from './media-release/media-news.ts'
import { type EventOf, NumberedEvents } from './numbered-events.ts'
import type { ReferRequest } from './refer/refer-request.ts'

/** What happens to a channel. */
export type ChannelEvent =
  /** The state is another one now. */
  | { readonly type: 'state'; readonly state: State }
  /** The far end of an outgoing call has sent a provisional response: 180 it rings, 181 the call was forwarded, 182 it is queued, 183 progress. */
  | { readonly type: 'progress'; readonly status: number; readonly phrase: string }
  /** The sound has a codec, or another one: before the answer, with it, or since a re-INVITE of either end. */
  | { readonly type: 'codec'; readonly codec: CodecName }
  /** A network tone was heard while an outgoing call is placed. */
  | ({ readonly type: 'tone' } & HeardTone)
  /** Something else than silence and tones was heard for the first time in an outgoing call; since when, in ms since 1970. */
  | { readonly type: 'audio'; readonly startedAt: number }
  /** Detection has thought of something: a provisional verdict, or the final one. */
  | { readonly type: 'farEnd'; readonly verdict: CallVerdict }
  /** What was heard since has shown the final verdict to be wrong, or somebody else has taken over. */
  | { readonly type: 'revised'; readonly verdict: CallVerdict }
  /** The beep of a mailbox, where somebody listens for it; since when, in ms since 1970. */
  | { readonly type: 'beep'; readonly startedAt: number; readonly frequencyHz: number }
  /** A key was pressed: in the stream or by SIP INFO. */
  | { readonly type: 'digit'; readonly digit: string }
  /** The far end has begun to speak; some 80 ms ago, longer while we play, see {@link BargeIn}. */
  | { readonly type: 'speechBegan' }
  /** It has not spoken for 300 ms. */
  | { readonly type: 'speechEnded' }
  /** The far end has put us on hold: it does not hear us. */
  | { readonly type: 'farEndHold' }
  /** The far end hears us again. */
  | { readonly type: 'farEndRetrieve' }
  /** The two channels of `connect` hear each other. */
  | { readonly type: 'connected'; readonly connectedId: string }
  /** The connection to another channel is over: the other end hung up, or `disconnect` was called. */
  | { readonly type: 'disconnected' }
  /** The sound of the two goes past us, comes through us again, or was to go past us and cannot. */
  | MediaNews
  /** Something has happened in the conference room that the call is in: to this call where `isSelf`, else to another party or to all. */
  | ({ readonly type: 'conference'; readonly room: string; readonly isSelf: boolean } & ConferenceNews)
  /** The far end, which was asked to call somebody by itself (REFER), tells how that call gets on: 100 to 699. */
  | { readonly type: 'transferProgress'; readonly status: number; readonly phrase: string }
  /** The far end wants the call transferred (REFER). A listener that decides nothing leaves it to the exchange. */
  | { readonly type: 'referred'; readonly refer: ReferRequest }
  /** Somebody else has taken the place of the far end (Replaces, RFC 3891), and the call goes on with him. */
  | { readonly type: 'replaced'; readonly by: string }
  /** The call is over. */
  | { readonly type: 'ended'; readonly cause: Cause; readonly endedBy: EndedBy }

/** What happens in a conference room. */
export interface ConferenceNews {
  readonly what:
    | 'entered'
    | 'left'
    | 'muted'
    | 'unmuted'
    | 'held'
    | 'retrieved'
    | 'locked'
    | 'unlocked'
    | 'started'
    | 'stopped'
    /** A third talker has come: two who were bridged are mixed from now on. */
    | 'mixed'
    | 'destroyed'
  /** The party that it happened to, as `app.rooms` knows it; absent where it happened to the room. */
  readonly party?: number
  /** Why a party has left. */
  readonly why?: LeaveReason
}

/** What a listener is added for. */
export type ChannelEventType = ChannelEvent['type']
/** An event of one type, with its number and its time. */
export type ChannelEventOf<Type extends ChannelEventType> = EventOf<ChannelEvent, Type>

/** The events of a channel. */
export class ChannelEvents extends NumberedEvents<ChannelEvent> {}
