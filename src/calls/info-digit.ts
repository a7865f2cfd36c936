import { utf8Decode } from '../kit/index.ts'
import type { SipRequest } from '../sip/index.ts'

/**
 * The digit in a SIP INFO, in either of the two spellings that gateways use: `application/dtmf-relay`
 * (`Signal=5`, `Duration=160`) and `application/dtmf` (the digit alone). `undefined` when there is none.
 */
export function infoDigit(request: SipRequest): string | undefined {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (request.body.length > 256) return undefined
  const text = utf8Decode(request.body)
  let signal: string | undefined
  if (type === 'application/dtmf-relay') signal = /^\s*signal\s*=\s*(\S+)/im.exec(text)?.[1]
  else if (type === 'application/dtmf') signal = text.trim()
  if (signal === undefined) return undefined
  const digit = { '10': '*', '11': '#', '12': 'A', '13': 'B', '14': 'C', '15': 'D' }[signal] ?? signal.toUpperCase()
  return /^[0-9A-D*#]$/.test(digit) ? digit : undefined
}
