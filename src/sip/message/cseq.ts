import { err, ok, type Result } from '../../kit/index.ts'
import { isToken, parseInteger, skipSpace, trimmed } from './scan.ts'

/** CSeq (RFC 3261 section 20.16): numbers and names the requests of one direction of a dialog. */
export interface CSeq {
  /** 0..2^31-1 */
  readonly number: number
  readonly method: string
}

/** RAck (RFC 3262 section 7.2): which reliable provisional response a PRACK acknowledges. */
export interface RAck {
  /** The RSeq of the response: 1..2^32-1 */
  readonly rseq: number
  /** The CSeq of the response. */
  readonly cseq: CSeq
}

export const MAX_CSEQ = 0x7fff_ffff

export function parseCSeq(text: string): Result<CSeq> {
  const [digits, method] = splitWord(trimmed(text))
  const number = parseInteger(digits, MAX_CSEQ)
  if (number < 0) return err('CSeq without a number of 31 bits')
  return isToken(method) ? ok({ number, method }) : err('CSeq without a method')
}

export function printCSeq(cseq: CSeq): string {
  return `${cseq.number} ${cseq.method}`
}

export function parseRAck(text: string): Result<RAck> {
  const [digits, rest] = splitWord(trimmed(text))
  const rseq = parseRSeq(digits)
  if (!rseq.ok) return err('RAck without a response number')
  const cseq = parseCSeq(rest)
  return cseq.ok ? ok({ rseq: rseq.value, cseq: cseq.value }) : cseq
}

export function printRAck(rack: RAck): string {
  return `${rack.rseq} ${printCSeq(rack.cseq)}`
}

/** RSeq (RFC 3262 section 7.1): 1..2^32-1. */
export function parseRSeq(text: string): Result<number> {
  const number = parseInteger(trimmed(text), 0xffff_ffff)
  return number > 0 ? ok(number) : err('RSeq that is no positive number of 32 bits')
}

/** The text up to the first white space, and what follows it. */
function splitWord(text: string): [word: string, rest: string] {
  const end = text.search(/[ \t]/)
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(skipSpace(text, end))]
}
