import {
  escapeUser,
  NO_PARAMS,
  parseNameAddr,
  parseUri,
  printNameAddr,
  printUri,
  privacyOf,
  type SipHeaders,
  type SipUri,
  unescapeUri,
} from '../../sip/index.ts'
import { formatNumber, type NumberFormat, type NumberPlan, normaliseNumber, numberIn } from './number-plan.ts'
import type { Trunk } from './trunk.ts'

/** Whom the calls through a trunk may come from, and how they say so. */
export interface CallerIdPolicy {
  /**
   * The numbers that may be shown, normalised: `+441632960001`, or `+4416329600*` for all that begin so. Calls from
   * another number, or from none, come from the trunk's `from`. Default: every caller.
   */
  readonly allowed?: readonly string[]
  /** How the number is written. Default `e164`. */
  readonly format?: NumberFormat
  /**
   * Where the number stands beside From: in P-Asserted-Identity, for a trunk of our trust domain; in
   * P-Preferred-Identity, for one that checks it (RFC 3325); or nowhere. Default `none`.
   */
  readonly identity?: 'none' | 'asserted' | 'preferred'
}

/** Who calls, as the application says. */
export interface Caller {
  /** A URI, a name-addr or a number. Default: who the trunk or the exchange says that it is. */
  readonly from?: string
  /** Hide it (RFC 3323). Default false. */
  readonly isAnonymous?: boolean
}

/** Who has asked for a call (REFER). */
export interface Referrer {
  readonly uri: string
  /** He wants not to be known (RFC 3323). Default false. */
  readonly isHidden?: boolean
}

/** A caller as one far end is told of it. */
export interface PresentedCaller {
  /** The value of From. */
  readonly from: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'

/**
 * What a call says about who makes it: From, and behind a trunk with that policy P-Asserted-Identity or
 * P-Preferred-Identity. An anonymous call has the From of RFC 3323 section 4.1.1.3 and asks with `Privacy: id` (RFC
 * 3325 section 9.3) to keep the rest from the callee.
 *
 * @param identity the URI of the exchange: its host is that of a caller who is only a number
 */
export function presentCaller(
  caller: Caller,
  trunk: Trunk | undefined,
  plan: NumberPlan | undefined,
  identity: string,
): PresentedCaller {
  const policy = trunk?.callerId
  const from = (policy === undefined ? addressOf : allowedCaller)(caller, trunk, plan, identity) ?? identity
  const shown = caller.isAnonymous === true ? ANONYMOUS : from
  const headers: (readonly [string, string])[] = []
  const isTold = policy?.identity !== 'asserted' || trunk?.isTrusted === true
  const proven = isTold ? (policy?.identity ?? 'none') : 'none'
  if (proven !== 'none') {
    const name = proven === 'asserted' ? 'P-Asserted-Identity' : 'P-Preferred-Identity'
    headers.push([name, withoutParams(from)])
  }
  if (caller.isAnonymous === true) headers.push(['Privacy', 'id'])
  return { from: shown, headers }
}

/**
 * The URI by which one far end is told who has asked for a call, or `undefined` when it is none of its business. A trunk
 * outside of our trust domain is told of public numbers only that may be shown to it, and of no names and addresses of the house.
 */
export function presentReferrer(
  { uri, isHidden }: Referrer,
  trunk: Trunk | undefined,
  plan: NumberPlan | undefined,
  identity: string,
): string | undefined {
  if (trunk === undefined || trunk.isTrusted === true) return uri
  const { allowed, format = 'e164' } = trunk.callerId ?? {}
  const { number } = numberOf(uri, plan) ?? {}
  if (isHidden === true || number?.startsWith('+') !== true) return undefined
  if (allowed !== undefined && !allowed.some((mask) => isMeant(mask, number))) return undefined
  return numberUri(formatNumber(number, format, plan), trunk, identity)
}

/** From as the application gave it; a number gets a host. */
function addressOf(
  { from }: Caller,
  trunk: Trunk | undefined,
  plan: NumberPlan | undefined,
  identity: string,
): string | undefined {
  if (from === undefined) return trunk?.from
  const number = numberIn(from)
  return number === undefined ? from : numberAddress(normaliseNumber(number, plan), undefined, trunk, identity)
}

function allowedCaller(
  { from }: Caller,
  trunk: Trunk | undefined,
  plan: NumberPlan | undefined,
  identity: string,
): string | undefined {
  const { allowed, format = 'e164' } = trunk?.callerId ?? {}
  const wanted = numberOf(from, plan)
  const isShown =
    allowed === undefined || (wanted !== undefined && allowed.some((mask) => isMeant(mask, wanted.number)))
  if (isShown && wanted === undefined && from !== undefined) return from
  const caller = isShown && wanted !== undefined ? wanted : numberOf(trunk?.from, plan)
  if (caller === undefined) return trunk?.from
  return numberAddress(formatNumber(caller.number, format, plan), caller.displayName, trunk, identity)
}

interface CallerNumber {
  /** Normalised. */
  readonly number: string
  readonly displayName: string | undefined
}

/** The number of a caller who is a number, or whose URI has one for a user. */
export function numberOf(text: string | undefined, plan: NumberPlan | undefined): CallerNumber | undefined {
  if (text === undefined) return undefined
  const bare = numberIn(text)
  if (bare !== undefined) return { number: normaliseNumber(bare, plan), displayName: undefined }
  const address = parseNameAddr(text)
  const uri = address.ok ? parseUri(address.value.uri) : address
  if (!address.ok || !uri.ok) return undefined
  const user = uri.value.scheme === 'tel' ? uri.value.number : uri.value.user
  const number = user === undefined ? undefined : numberIn(unescapeUri(user))
  return number === undefined
    ? undefined
    : { number: normaliseNumber(number, plan), displayName: address.value.displayName }
}

/**
 * Who a call that is carried on is from: its own caller, who stays anonymous when he asked for that. Of an anonymous
 * caller `asserted` is what a trusted trunk says that he is.
 */
export function callerOf(headers: SipHeaders, asserted: string | undefined): Caller {
  const address = parseNameAddr(headers.get('from') ?? '')
  const hides = privacyOf(headers).some((value) => value === 'id' || value === 'user' || value === 'header')
  if (!address.ok || hides || /@anonymous\.invalid$/i.test(address.value.uri))
    return { ...(asserted !== undefined && { from: asserted }), isAnonymous: true }
  return { from: printNameAddr({ ...address.value, params: NO_PARAMS }) }
}

/** Whether a number is meant by `+441632960001` or `+4416329600*`. */
export function isMeant(mask: string, number: string): boolean {
  return mask.endsWith('*') ? number.startsWith(mask.slice(0, -1)) : number === mask
}

/** A number as a URI at the host of the trunk's `from`, or at ours. */
export function numberUri(number: string, trunk: Trunk | undefined, identity: string): string {
  const host = sipUriOf(trunk?.from) ?? sipUriOf(identity)
  return printUri({ ...(host as SipUri), user: escapeUser(number) })
}

function numberAddress(
  number: string,
  displayName: string | undefined,
  trunk: Trunk | undefined,
  identity: string,
): string {
  const uri = numberUri(number, trunk, identity)
  return printNameAddr({ ...(displayName !== undefined && { displayName }), uri, params: NO_PARAMS })
}

function sipUriOf(text: string | undefined): SipUri | undefined {
  const address = text === undefined ? undefined : parseNameAddr(text)
  const uri = address?.ok ? parseUri(address.value.uri) : undefined
  return uri?.ok && uri.value.scheme !== 'tel' ? uri.value : undefined
}

function withoutParams(text: string): string {
  const address = parseNameAddr(text)
  return address.ok ? printNameAddr({ ...address.value, params: NO_PARAMS }) : text
}
