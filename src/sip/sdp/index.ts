export { AUDIO_CODECS, type AudioCodecName } from './codecs.ts'
export type { SrtpPolicy } from './crypto.ts'
export { type Direction, directionOf, receives, sends } from './direction.ts'
export { MediaSession, type SessionMedia } from './media-session.ts'
export {
  acceptAnswer,
  answerOffer,
  createOffer,
  type LocalMedia,
  type MediaLayout,
  type NegotiatedStream,
  type Negotiation,
} from './offer-answer.ts'
