/** What the network of a media worker counts. */
export type MediaIoCounter =
  /** Datagrams that were lost because more came than the leg was swept of. On libc counted when the leg closes. */
  | 'receiveOverflows'
  /** Packets that could not be handed to the network in their slot. */
  | 'sendsRefused'
  /** Errors that the network reported on an open port, such as a refused connection. */
  | 'socketErrors'
  /** Ports of the range that another program holds. */
  | 'portsTaken'
  /** Legs without RTCP because the port above theirs could not be had: another program holds it, or the range ends. */
  | 'controlPortsTaken'

/** How many ports that others hold are tried before a leg fails. */
export const BIND_ATTEMPTS = 64
