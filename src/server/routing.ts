import type { ExchangeOptions, Trunk } from '../calls/index.ts'
import type { Settings } from './config/settings.ts'

/** Where the calls of an exchange with these settings go, and who they say they are. */
export function routingOf({
  trunks,
  numbering,
  routes,
}: Settings): Pick<ExchangeOptions, 'trunks' | 'numbering' | 'routes'> {
  return { trunks: trunks.map(trunkOf), ...(numbering && { numbering }), ...(routes && { routes }) }
}

function trunkOf(settings: Settings['trunks'][number]): Trunk {
  const { name, uri, outboundProxy, credentials, from, callerId, srtp, registration, keepAlive } = settings
  const { hasInbound, inboundAddresses, inboundCredentials } = settings
  return {
    name,
    uri,
    ...(outboundProxy !== undefined && { outboundProxy }),
    ...(credentials && { credentials }),
    ...(from !== undefined && { from }),
    numberFormat: settings.numberFormat,
    ...(callerId && { callerId }),
    diversion: settings.diversion,
    isTrusted: settings.isTrusted,
    firstResponseMs: settings.firstResponseMs,
    ...(srtp !== undefined && { srtp }),
    ...(registration && { registration }),
    ...(keepAlive && { keepAlive }),
    ...(hasInbound && {
      inbound: {
        addresses: inboundAddresses,
        ...(inboundCredentials && { username: inboundCredentials.username }),
      },
    }),
  }
}
