import { err, ok, type Result } from '../../kit/index.ts'
import { parseParams } from './params.ts'
import { parseInteger } from './scan.ts'

/** Session-Expires (RFC 4028 section 4): how long a session lives without a refresh, and which side refreshes it. */
export interface SessionExpires {
  /** 0..2^31-1 */
  readonly seconds: number
  /** As seen by the request: its sender (`uac`) or its receiver (`uas`). */
  readonly refresher?: 'uac' | 'uas'
}

export function parseSessionExpires(text: string): Result<SessionExpires> {
  const semicolon = text.indexOf(';')
  const digits = semicolon < 0 ? text : text.slice(0, semicolon)
  const seconds = parseInteger(digits.trim(), 0x7fff_ffff)
  if (seconds < 0) return err('Session-Expires that is no number of seconds')
  const refresher = semicolon < 0 ? undefined : parseParams(text, semicolon)?.get('refresher')?.toLowerCase()
  return ok(refresher === 'uac' || refresher === 'uas' ? { seconds, refresher } : { seconds })
}

export function printSessionExpires({ seconds, refresher }: SessionExpires): string {
  return refresher === undefined ? String(seconds) : `${seconds};refresher=${refresher}`
}
