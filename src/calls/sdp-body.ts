/** The body of a command that carries a session description. */
export function sdp(body: Uint8Array): { readonly body: Uint8Array; readonly contentType: string } {
  return { body, contentType: 'application/sdp' }
}
