import { parseReason } from '../sip/index.ts'
import { Cause } from './enums.ts'

/** What the network said about an end: the SIP status, the Q.850 cause if any, and a text. */
export interface ReleaseReason {
  /** SIP status of the final response, or of a Reason header with protocol SIP. */
  readonly sip?: number
  /** ITU-T Q.850 cause value from a Reason header (RFC 3326). */
  readonly q850?: number
  readonly text?: string
}

const CAUSE_OF_STATUS: Readonly<Record<number, Cause>> = {
  301: Cause.CHANGED,
  403: Cause.BARRED,
  404: Cause.UNOBTAINABLE,
  408: Cause.NOANSWER,
  410: Cause.CHANGED,
  433: Cause.REJECTED,
  480: Cause.NOANSWER,
  484: Cause.UNOBTAINABLE,
  486: Cause.BUSY,
  487: Cause.NOANSWER,
  502: Cause.OUTOFORDER,
  503: Cause.CONGESTION,
  504: Cause.CONGESTION,
  600: Cause.BUSY,
  603: Cause.REJECTED,
  604: Cause.UNOBTAINABLE,
  608: Cause.REJECTED,
}

const CAUSE_OF_Q850: Readonly<Record<number, Cause>> = {
  1: Cause.UNOBTAINABLE,
  16: Cause.NORMAL,
  17: Cause.BUSY,
  18: Cause.NOANSWER,
  19: Cause.NOANSWER,
  21: Cause.REJECTED,
  22: Cause.CHANGED,
  27: Cause.OUTOFORDER,
  34: Cause.NOCHANNELS,
  41: Cause.ERROR,
  42: Cause.CONGESTION,
  102: Cause.TIMEOUT,
}

/**
 * The cause of a call that a final response ended (300..699). A Q.850 cause refines the status: 503 with 34 is
 * NOCHANNELS, 403 with 21 stays BARRED. Q.850 16 says nothing about a call that was refused, so the status stands; 41 and
 * 102 say only that something failed, so a status that says what is not made less of by them.
 */
export function causeOfResponse(status: number, q850?: number): Cause {
  const byStatus = CAUSE_OF_STATUS[status] ?? (status >= 400 && status <= 699 ? Cause.FAILED : Cause.OTHER)
  if (q850 === undefined || q850 === 16) return byStatus
  if (q850 === 21 && byStatus === Cause.BARRED) return byStatus
  const isVague = q850 === 41 || q850 === 102
  if (isVague && byStatus !== Cause.FAILED && byStatus !== Cause.OTHER) return byStatus
  return CAUSE_OF_Q850[q850] ?? byStatus
}

/** The cause of a call that the far end ended with BYE or CANCEL: NORMAL unless a Q.850 cause says more. */
export function causeOfRelease(q850?: number): Cause {
  return (q850 === undefined ? undefined : CAUSE_OF_Q850[q850]) ?? Cause.NORMAL
}

/** The causes that an application may give to `reject`, and what the caller is sent. */
export const STATUS_OF_REJECT = {
  BUSY: 486,
  NOANSWER: 480,
  UNOBTAINABLE: 404,
  CHANGED: 410,
  OUTOFORDER: 502,
  BARRED: 403,
  REJECTED: 603,
  NOCHANNELS: 503,
  CONGESTION: 503,
} as const

/** Why a call is refused; each has its SIP status. */
export type RejectCause = keyof typeof STATUS_OF_REJECT

/**
 * The Reason header that tells a far end why (RFC 3326): Q.850 with its own words. In BYE and CANCEL, and in a refusal
 * (RFC 6432), where the status alone does not tell every cause apart.
 */
export const REASON_OF_CAUSE: Readonly<Record<RejectCause | 'NORMAL' | 'TIMEOUT' | 'ERROR', string>> = {
  NORMAL: 'Q.850;cause=16;text="Normal call clearing"',
  BUSY: 'Q.850;cause=17;text="User busy"',
  NOANSWER: 'Q.850;cause=19;text="No answer from user"',
  UNOBTAINABLE: 'Q.850;cause=1;text="Unallocated number"',
  CHANGED: 'Q.850;cause=22;text="Number changed"',
  OUTOFORDER: 'Q.850;cause=27;text="Destination out of order"',
  BARRED: 'Q.850;cause=21;text="Call rejected"',
  REJECTED: 'Q.850;cause=21;text="Call rejected"',
  NOCHANNELS: 'Q.850;cause=34;text="No circuit available"',
  CONGESTION: 'Q.850;cause=42;text="Switching equipment congestion"',
  TIMEOUT: 'Q.850;cause=102;text="Recovery on timer expiry"',
  ERROR: 'Q.850;cause=41;text="Temporary failure"',
}

/** What a BYE or CANCEL of ours says; OTHER and FAILED say nothing. */
export function reasonOfRelease(cause: Cause): string | undefined {
  return (REASON_OF_CAUSE as Readonly<Partial<Record<Cause, string>>>)[cause]
}

/** Reads the Reason headers of a message; unknown protocols and malformed values are passed over. */
export function releaseReason(values: readonly string[], response?: { status: number; phrase: string }): ReleaseReason {
  let sip = response?.status
  let q850: number | undefined
  let text = response?.phrase
  for (const value of values) {
    const parsed = parseReason(value)
    if (!parsed.ok || parsed.value.cause === undefined) continue
    const protocol = parsed.value.protocol.toLowerCase()
    if (protocol === 'q.850') q850 ??= parsed.value.cause
    else if (protocol === 'sip') sip ??= parsed.value.cause
    text ??= parsed.value.text
  }
  return {
    ...(sip !== undefined && { sip }),
    ...(q850 !== undefined && { q850 }),
    ...(text !== undefined && text !== '' && { text }),
  }
}
