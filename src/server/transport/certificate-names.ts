import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/**
 * The names that a certificate gives its owner for SIP (RFC 5922 section 7.1): the hosts of its `sip:` URIs, when it has
 * any; else its DNS names and IP addresses; else its common name.
 */
export function identitiesOf(certificate: PeerCertificate): readonly string[] {
  const names = alternativeNames(certificate)
  const sip = sipNames(names)
  if (sip.length > 0) return sip
  const hosts = names.flatMap(({ type, value }) => (type === 'DNS' || type === 'IP Address' ? [value] : []))
  const { CN: commonName } = certificate.subject ?? {}
  return hosts.length > 0 || commonName === undefined ? hosts : [commonName].flat()
}

/**
 * Whether a certificate is for `name` (RFC 5922 section 7.2): as a `sip:` URI, when it has any, else as every other protocol
 * checks it (RFC 9525). That lets `*` stand for a first label, which RFC 5922 does not; carriers use it.
 *
 * @returns what is wrong, for `checkServerIdentity` of a TLS connection
 */
export function problemWithName(name: string, certificate: PeerCertificate): Error | undefined {
  const sip = sipNames(alternativeNames(certificate))
  if (sip.length === 0) return checkServerIdentity(name, certificate)
  if (sip.some((candidate) => candidate.toLowerCase() === name.toLowerCase())) return undefined
  return new Error(`the certificate is for ${sip.join(', ')} and not for ${name}`)
}

function sipNames(names: readonly AlternativeName[]): string[] {
  return names.flatMap(({ type, value }) => {
    // A URI with a user names a person, not a server.
    const host = type === 'URI' ? /^sip:([^@;?:/]+)$/i.exec(value)?.[1] : undefined
    return host === undefined ? [] : [host]
  })
}

interface AlternativeName {
  readonly type: string
  readonly value: string
}

/** Node writes `DNS:a.example, URI:sip:a.example, IP Address:192.0.2.1`, and odd values as JSON text in quotes. */
function alternativeNames({ subjectaltname = '' }: PeerCertificate): AlternativeName[] {
  const parts = subjectaltname.match(/[A-Za-z ]+:("(?:[^"\\]|\\.)*"|[^,]*)/g) ?? []
  return parts.flatMap((part) => {
    const colon = part.indexOf(':')
    const value = part.slice(colon + 1).trim()
    return value.startsWith('"') ? [] : [{ type: part.slice(0, colon).trim(), value }]
  })
}
