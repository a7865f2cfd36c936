import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * A network of its own for one test file: every address of 127.0.0.0/8 is the loopback interface on Linux, so each
 * program gets an address to itself and its usual port numbers, and runs side by side do not meet.
 */
export class LoopbackNetwork {
  readonly #prefix = `127.${randomInt(20, 250)}.${randomInt(1, 250)}`
  #lastHost = 0

  /** The next unused address. */
  next(): string {
    this.#lastHost += 1
    return `${this.#prefix}.${this.#lastHost}`
  }
}

/** Whether a socket is bound to an IPv4 address and port: programs rarely tell when they listen. */
export function isBound(transport: 'udp' | 'tcp', address: string, port: number): boolean {
  return boundPorts(transport, address).includes(port) || boundPorts(transport, '0.0.0.0').includes(port)
}

/** The ports on which sockets are bound to an IPv4 address, as the kernel knows them (/proc/net). */
export function boundPorts(transport: 'udp' | 'tcp', address: string): number[] {
  const host = kernelHex(address)
  return readFileSync(`/proc/net/${transport}`, 'latin1')
    .split('\n')
    .slice(1)
    .map((line) => (line.trim().split(/\s+/)[1] ?? '').split(':'))
    .filter(([boundTo]) => boundTo === host)
    .map(([, port = '']) => Number.parseInt(port, 16))
}

/** The kernel prints an address as one little-endian number in hex: 127.0.0.1 is 0100007F. */
function kernelHex(ip: string): string {
  return ip
    .split('.')
    .reverse()
    .map((octet) => Number(octet).toString(16).toUpperCase().padStart(2, '0'))
    .join('')
}
