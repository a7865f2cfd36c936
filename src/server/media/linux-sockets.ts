import type { KoffiFunc } from 'koffi'

/**
 * UDP sockets as Linux has them on x64, arm64, riscv64 and loong64: the C library's functions, called through koffi,
 * and every number and layout that they need. All pointers are typed arrays, whose length the caller passes along.
 *
 *     struct sockaddr_in                    struct sockaddr_in6
 *      0  u16  family (AF_INET), host order  0  u16  family (AF_INET6), host order
 *      2  u16  port, network order           2  u16  port, network order
 *      4  u8 4 address                       4  u32  flow information
 *      8  u8 8 zero                          8  u8 16 address
 *     16                                    24  u32  scope id
 *                                           28
 */
export interface LinuxSockets {
  /** A non-blocking UDP socket, closed on exec; -1 on error, like the others. */
  readonly socket: (family: number, type: number, protocol: number) => number
  readonly bind: (descriptor: number, address: Uint8Array, length: number) => number
  readonly connect: (descriptor: number, address: Uint8Array, length: number) => number
  /** The octets read, cut to `length`. */
  readonly recv: (descriptor: number, into: Uint8Array, length: number, flags: number) => number
  /** As `recv`, and writes the sender to `from`. `fromLength` holds the room there, then what was used of it. */
  readonly recvfrom: (
    descriptor: number,
    into: Uint8Array,
    length: number,
    flags: number,
    from: Uint8Array,
    fromLength: Uint32Array,
  ) => number
  /** To the connected address. */
  readonly send: (descriptor: number, bytes: Uint8Array, length: number, flags: number) => number
  readonly sendto: (
    descriptor: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    to: Uint8Array,
    toLength: number,
  ) => number
  readonly getsockopt: (
    descriptor: number,
    level: number,
    option: number,
    value: Uint32Array,
    length: Uint32Array,
  ) => number
  /** With SIOCGSTAMP: writes when the datagram read last had arrived, as seconds and microseconds since 1970. */
  readonly ioctl: (descriptor: number, request: number, value: BigInt64Array) => number
  readonly close: (descriptor: number) => number
  /** Over `count` entries of `struct pollfd`, for at most `timeoutMs`: how many of them have seen something. */
  readonly poll: (table: Int32Array, count: number, timeoutMs: number) => number
  /** Why the call before this one failed. */
  readonly errno: () => number
  /**
   * Blocks for this many microseconds. `Atomics.wait` takes a lock that all threads of the process share, also those that compile and
   * collect, and whoever holds it may wait for a processor: a thread in real time would wait with it.
   */
  readonly usleep: (durationUs: number) => number
  /** With F_DUPFD_CLOEXEC: another descriptor of the same socket, the lowest from `argument` on. */
  readonly fcntl: (descriptor: number, command: number, argument: number) => number
}

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCKADDR_IN_BYTES = 16
export const SOCKADDR_IN6_BYTES = 28
/** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
export const UDP_SOCKET: number = 2 | 0o4000 | 0o2000000

export const SOL_SOCKET = 1
/** An option of nine `u32`; the last, SK_MEMINFO_DROPS, is how many datagrams found the receive buffer full. */
export const SO_MEMINFO = 55
export const SK_MEMINFO_WORDS = 9
export const SK_MEMINFO_DROPS = 8

/** From the first such request on the kernel notes when a socket's datagrams arrive. */
export const SIOCGSTAMP = 0x8906

/** In a `struct pollfd`: there is something to read. */
export const POLLIN = 1

export const F_DUPFD_CLOEXEC = 1030

/** Numbers of errno. */
export const EINTR = 4
export const EAGAIN = 11
export const ENOMEM = 12
export const EINVAL = 22
export const EMFILE = 24
export const EMSGSIZE = 90
export const EADDRINUSE = 98
export const EADDRNOTAVAIL = 99
export const ENOBUFS = 105
export const ECONNREFUSED = 111

const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64']

/**
 * Loads koffi and the C library's functions.
 * @throws Error saying why this machine has none
 */
export async function loadLinuxSockets(): Promise<LinuxSockets> {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch))
    throw new Error(`the layouts of ${process.platform} on ${process.arch} are not known`)
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const bound = <Name extends keyof LinuxSockets>(name: Name, parameters: string[]): LinuxSockets[Name] =>
    libc.func(name, 'int', parameters) as KoffiFunc<LinuxSockets[Name]>
  return {
    socket: bound('socket', ['int', 'int', 'int']),
    bind: bound('bind', ['int', 'void *', 'uint32_t']),
    connect: bound('connect', ['int', 'void *', 'uint32_t']),
    recv: bound('recv', ['int', 'void *', 'size_t', 'int']),
    recvfrom: bound('recvfrom', ['int', 'void *', 'size_t', 'int', 'void *', 'void *']),
    send: bound('send', ['int', 'void *', 'size_t', 'int']),
    sendto: bound('sendto', ['int', 'void *', 'size_t', 'int', 'void *', 'uint32_t']),
    getsockopt: bound('getsockopt', ['int', 'int', 'int', 'void *', 'void *']),
    ioctl: bound('ioctl', ['int', 'unsigned long', 'void *']),
    close: bound('close', ['int']),
    poll: bound('poll', ['void *', 'unsigned long', 'int']),
    errno: () => koffi.errno(),
    usleep: bound('usleep', ['uint32_t']),
    fcntl: bound('fcntl', ['int', 'int', 'int']),
  }
}
