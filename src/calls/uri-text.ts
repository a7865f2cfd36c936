import { parseNameAddr, type SipMessage } from '../sip/index.ts'

/** The URI of From or To; the value itself where it cannot be read, and nothing where there is none. */
export function uriOf({ headers }: SipMessage, name: 'from' | 'to'): string {
  const address = headers.read(name, parseNameAddr)
  return address?.ok ? address.value.uri : (headers.get(name) ?? '')
}

/** The URI inside a From, To or Diversion value; the value itself where it cannot be read. */
export function uriText(value: string | undefined): string {
  if (value === undefined) return ''
  const parsed = parseNameAddr(value)
  return parsed.ok ? parsed.value.uri : value
}
