export * from './accessors.ts'
export * from './auth-params.ts'
export * from './content-type.ts'
export * from './cseq.ts'
export * from './diversion.ts'
export { SIP_LIMITS, type SipParseErrorCode } from './head.ts'
export { canonicalName } from './header-names.ts'
export * from './headers.ts'
export * from './history-info.ts'
export * from './identity.ts'
export * from './message.ts'
export * from './name-addr.ts'
export { NO_PARAMS, type Params, printParam, withParam } from './params.ts'
export { parseMessage, type SipParseError } from './parse.ts'
export { printedLength, printMessage, startLine } from './print.ts'
export * from './reason.ts'
export { redactMessage, redactUris } from './redact.ts'
export * from './refer-to.ts'
export * from './replaces.ts'
export * from './response.ts'
export { isToken, quote, unquote } from './scan.ts'
export * from './session-expires.ts'
export * from './sipfrag.ts'
export * from './stream-framer.ts'
export * from './subscription.ts'
export {
  escapeUser,
  parseUri,
  printUri,
  type SipUri,
  type TelUri,
  type Uri,
  unescapeUri,
  uriHeaders,
  uriScheme,
} from './uri.ts'
export { uriEquals } from './uri-equal.ts'
export * from './validate.ts'
export * from './via.ts'
export * from './words.ts'
