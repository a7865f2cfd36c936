import { err, ok, type Result } from '../../kit/index.ts'

/** An address and port as a STUN server saw them. */
export interface MappedAddress {
  /** IPv4, or IPv6 without brackets and without leading zeros. */
  readonly address: string
  readonly port: number
}

const HEADER_LENGTH = 20
const MAGIC_COOKIE = 0x2112_a442
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const BINDING_ERROR = 0x0111
const MAPPED_ADDRESS = 0x0001
const ERROR_CODE = 0x0009
const XOR_MAPPED_ADDRESS = 0x0020

/** A binding request without attributes (RFC 8489 section 5). @param id the transaction, as three words of 32 bits */
export function bindingRequest(id: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, BINDING_REQUEST)
  view.setUint32(4, MAGIC_COOKIE)
  for (const [index, word] of id.entries()) view.setUint32(8 + 4 * index, word)
  return bytes
}

/**
 * Reads the answer to a binding request. `undefined`: it is none, or one to another request.
 * @returns an error when the server refuses, or says nothing that can be read
 */
export function readBindingResponse(bytes: Uint8Array, id: readonly number[]): Result<MappedAddress> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.byteLength < HEADER_LENGTH || view.getUint32(4) !== MAGIC_COOKIE) return undefined
  if (id.some((word, index) => view.getUint32(8 + 4 * index) !== word)) return undefined
  const type = view.getUint16(0)
  if (type !== BINDING_SUCCESS && type !== BINDING_ERROR) return undefined
  const attributes = attributesOf(view)
  if (type === BINDING_ERROR) {
    const code = attributes.get(ERROR_CODE)
    const text =
      code === undefined || code.byteLength < 4 ? '' : ` with ${100 * (code.getUint8(2) & 7) + code.getUint8(3)}`
    return err(`the STUN server refuses${text}`)
  }
  const xored = attributes.get(XOR_MAPPED_ADDRESS)
  // Servers of RFC 3489 know only the plain one.
  const plain = attributes.get(MAPPED_ADDRESS)
  const address = xored === undefined ? plain && readAddress(plain, []) : readAddress(xored, [MAGIC_COOKIE, ...id])
  return address === undefined ? err('the STUN server names no address') : ok(address)
}

/** The first attribute of each type (RFC 8489 section 14); what is cut short ends them. */
function attributesOf(view: DataView): Map<number, DataView> {
  const found = new Map<number, DataView>()
  for (let at = HEADER_LENGTH; at + 4 <= view.byteLength; ) {
    const length = view.getUint16(at + 2)
    if (at + 4 + length > view.byteLength) break
    const type = view.getUint16(at)
    if (!found.has(type)) found.set(type, new DataView(view.buffer, view.byteOffset + at + 4, length))
    at += 4 + 4 * Math.ceil(length / 4)
  }
  return found
}

/** Sections 14.1 and 14.2. @param mask what the address is XORed with, as words of 32 bits */
function readAddress(value: DataView, mask: readonly number[]): MappedAddress | undefined {
  const words = value.byteLength < 4 ? 0 : value.getUint8(1) === 1 ? 1 : value.getUint8(1) === 2 ? 4 : 0
  if (words === 0 || value.byteLength < 4 + 4 * words) return undefined
  const port = value.getUint16(2) ^ ((mask[0] ?? 0) >>> 16)
  const plain = Array.from({ length: words }, (_, i) => (value.getUint32(4 + 4 * i) ^ (mask[i] ?? 0)) >>> 0)
  const address =
    words === 1
      ? [24, 16, 8, 0].map((shift) => ((plain[0] as number) >>> shift) & 0xff).join('.')
      : plain
          .flatMap((word) => [word >>> 16, word & 0xffff])
          .map((group) => group.toString(16))
          .join(':')
  return { address, port }
}
