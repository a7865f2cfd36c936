import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Logger } from '../../kit/index.ts'
import type { TlsListenSettings } from '../config/settings.ts'
import { identitiesOf } from './certificate-names.ts'
import { WatchedTlsFiles } from './watched-tls-files.ts'

/** How the handshake of one connection ends. */
export interface HandshakeListener {
  /** @param identities the names in the certificate of the far end, when one was asked for and is trusted */
  onSecure(socket: TLSSocket, identities: readonly string[]): void
  onFailed(reason: string): void
}

/**
 * TLS on connections that others have made to us (RFC 3261 section 26.3.1): who we are, and who they must be. When the files
 * of the certificate change, new connections get the new one and the others keep theirs.
 */
export class TlsServer {
  readonly #files: WatchedTlsFiles
  readonly #server: Server
  /** By the address and port of the far end: the server tells of a socket of its own. */
  readonly #handshakes = new Map<string, HandshakeListener>()

  private constructor(files: WatchedTlsFiles, asksForCertificate: boolean) {
    this.#files = files
    this.#server = createServer({
      ...files.options,
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
      // Sessions would outlive the certificate that they were made with.
      sessionTimeout: 300,
    })
    files.onChange((options) => this.#server.setSecureContext(options))
    this.#server.on('secureConnection', (socket) => {
      const identities = socket.authorized ? identitiesOf(socket.getPeerCertificate()) : []
      this.#take(socket)?.onSecure(socket, identities)
    })
    this.#server.on('tlsClientError', (error, socket) => this.#take(socket)?.onFailed(error.message))
  }

  /** @throws RingdownError RINGDOWN_TRANSPORT naming the file that is of no use */
  static open(listen: TlsListenSettings, options: { readonly logger: Logger }): TlsServer {
    const { certificate, key, clientAuthority } = listen
    const files = WatchedTlsFiles.open(
      { certificate, key, ...(clientAuthority !== undefined && { authority: clientAuthority }) },
      options.logger,
    )
    return new TlsServer(files, clientAuthority !== undefined)
  }

  /** Speaks TLS on a connection that was just accepted. How long that may take is up to the caller. */
  handshake(socket: Socket, listener: HandshakeListener): void {
    const key = keyOf(socket)
    this.#handshakes.set(key, listener)
    socket.once('close', () => {
      this.#handshakes.get(key)?.onFailed('the connection was closed during the handshake of TLS')
      this.#handshakes.delete(key)
    })
    this.#server.emit('connection', socket)
  }

  close(): void {
    this.#files.close()
  }

  #take(socket: Socket): HandshakeListener | undefined {
    const key = keyOf(socket)
    const listener = this.#handshakes.get(key)
    this.#handshakes.delete(key)
    return listener
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
