/** One end of a flow: an address and a port. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/** `10.0.0.1:5060`; an IPv6 address stands in brackets. */
export function formatAddress({ address, port }: SocketAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
