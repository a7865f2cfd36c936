import { parseNameAddr } from '../sip/index.ts'

/** The URI inside a From, To or Diversion value; the value itself where it cannot be read. */
export function uriText(value: string | undefined): string {
  if (value === undefined) return ''
  const parsed = parseNameAddr(value)
  return parsed.ok ? parsed.value.uri : value
}
