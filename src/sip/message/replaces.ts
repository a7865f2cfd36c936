import { err, ok, type Result } from '../../kit/index.ts'
import { parseParams } from './params.ts'
import { SEMICOLON, trimmed } from './scan.ts'

/** The dialog that an INVITE is to take the place of (RFC 3891), as the one who is asked knows it. */
export interface Replaces {
  readonly callId: string
  /** The tag of the one who is asked. */
  readonly toTag: string
  /** The tag of its far end. */
  readonly fromTag: string
  /** Only while the dialog is not answered yet. */
  readonly earlyOnly: boolean
}

/** Reads `call-id;to-tag=x;from-tag=y;early-only` (RFC 3891 section 6.1). */
export function parseReplaces(value: string): Result<Replaces> {
  let semicolon = 0
  while (semicolon < value.length && value.charCodeAt(semicolon) !== SEMICOLON) semicolon++
  const callId = trimmed(value, 0, semicolon)
  const params = parseParams(value, semicolon)
  const toTag = params?.get('to-tag')
  const fromTag = params?.get('from-tag')
  if (callId === '' || /\s/.test(callId)) return err('Replaces without a Call-ID')
  if (params === undefined || !toTag || !fromTag) return err('Replaces without both tags')
  return ok({ callId, toTag, fromTag, earlyOnly: params.has('early-only') })
}

export function printReplaces({ callId, toTag, fromTag, earlyOnly }: Replaces): string {
  return `${callId};to-tag=${toTag};from-tag=${fromTag}${earlyOnly ? ';early-only' : ''}`
}
