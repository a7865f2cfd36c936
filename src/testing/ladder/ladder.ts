import { type Instant, utf8Decode } from '../../kit/index.ts'
import { type LadderRow, looksLikeSip, printLadder, SipRows } from '../../sip/index.ts'
import { formatAddress, type SocketAddress } from '../network/address.ts'
import type { DropReason } from '../network/link.ts'
import type { NetworkOutput, PacketId } from '../network/port.ts'

/** After this long without a packet, an RTP stream counts as over; the next packet starts a new row. */
const RTP_GAP_MS = 1000

/**
 * What went over the network, kept for the diagram that a failing test prints: every SIP message with its fate, and
 * each RTP stream as one row. Only the latest rows are kept, and nothing is formatted before somebody asks.
 */
export class Ladder {
  readonly #names = new Map<string, string>()
  readonly #limit: number
  readonly #only: string | undefined
  readonly #rows = new Map<number, RecordedRow>()
  readonly #rowsOfPackets = new Map<PacketId, RecordedRow>()
  readonly #flows = new Map<string, RecordedRow & { kind: 'rtp' }>()
  #recorded = 0

  /**
   * @param limit how many rows are kept, at least 1
   * @param only leaves everything out but messages with this text in them, such as a Call-ID
   */
  constructor(limit = 120, only?: string) {
    this.#limit = limit
    this.#only = only
  }

  /** How a column is called. Several addresses with one name share a column. */
  name(address: string, name: string): void {
    this.#names.set(address, name)
  }

  /** The column of an address: its name, or the address itself. */
  nameOf(address: string): string {
    return this.#names.get(address) ?? address
  }

  /** Takes every output of the network; most are nothing to it. */
  observe(output: NetworkOutput, now: Instant): void {
    switch (output.type) {
      case 'sent':
        if (looksLikeSip(output.bytes)) this.#addMessage(output, now, output.drop)
        else if (this.#only === undefined) this.#addRtp(output.from, output.to, now)
        return
      case 'wrote':
        this.#addMessage(output, now)
        return
      case 'dropped': {
        const row = this.#rowsOfPackets.get(output.packet)
        if (row?.kind === 'message') row.drop = output.reason
      }
    }
  }

  /** Adds a remark between the rows, such as what an application did. */
  note(text: string, now: Instant): void {
    this.#add({ kind: 'note', at: now, text })
  }

  /** The diagram as text. */
  toString(): string {
    const left = this.#recorded - this.#rows.size
    const head = left === 0 ? '' : `... ${left} earlier rows left out ...\n`
    return head + printLadder(this.#describe())
  }

  #addMessage(
    output: { packet: PacketId; from: SocketAddress; to: SocketAddress; bytes: Uint8Array },
    now: Instant,
    drop?: DropReason,
  ): void {
    const { packet, from, to, bytes } = output
    if (this.#only !== undefined && !utf8Decode(bytes).includes(this.#only)) return
    const row: RecordedRow = { kind: 'message', at: now, packet, from, to, bytes, drop }
    this.#rowsOfPackets.set(packet, row)
    this.#add(row)
  }

  #addRtp(from: SocketAddress, to: SocketAddress, now: Instant): void {
    const flow = `${formatAddress(from)}>${formatAddress(to)}`
    const known = this.#flows.get(flow)
    if (known !== undefined && now - known.until <= RTP_GAP_MS) {
      known.until = now
      known.packets++
      return
    }
    const row: RecordedRow & { kind: 'rtp' } = { kind: 'rtp', at: now, flow, from, to, until: now, packets: 1 }
    this.#flows.set(flow, row)
    this.#add(row)
  }

  #add(row: RecordedRow): void {
    this.#rows.set(this.#recorded++, row)
    if (this.#rows.size <= this.#limit) return
    const [[key, oldest]] = this.#rows as Iterable<[number, RecordedRow]> as [[number, RecordedRow]]
    this.#rows.delete(key)
    if (oldest.kind === 'message') this.#rowsOfPackets.delete(oldest.packet)
    if (oldest.kind === 'rtp' && this.#flows.get(oldest.flow) === oldest) this.#flows.delete(oldest.flow)
  }

  #describe(): LadderRow[] {
    const rows = new SipRows()
    return [...this.#rows.values()].map((row): LadderRow => {
      if (row.kind === 'note') return { at: row.at, label: row.text }
      const ends = { at: row.at, from: this.nameOf(row.from.address), to: this.nameOf(row.to.address) }
      if (row.kind === 'rtp') {
        return {
          ...ends,
          label: `RTP :${row.to.port}`,
          remark: `${row.packets} packets until ${row.until.toFixed(0)} ms`,
        }
      }
      return rows.row({ ...ends, bytes: row.bytes, lost: row.drop === undefined ? undefined : DROPPED[row.drop] })
    })
  }
}

type RecordedRow =
  | { readonly kind: 'note'; readonly at: Instant; readonly text: string }
  | {
      readonly kind: 'message'
      readonly at: Instant
      readonly packet: PacketId
      readonly from: SocketAddress
      readonly to: SocketAddress
      readonly bytes: Uint8Array
      drop: DropReason | undefined
    }
  | {
      readonly kind: 'rtp'
      readonly at: Instant
      readonly flow: string
      readonly from: SocketAddress
      readonly to: SocketAddress
      until: Instant
      packets: number
    }

const DROPPED: Readonly<Record<DropReason, string>> = {
  lost: 'lost',
  queueFull: 'queue full',
  tooLong: 'longer than the MTU',
  noHost: 'no such host',
  unreachable: 'port unreachable',
  natFiltered: 'kept out by NAT',
  natFull: 'NAT has no port left',
}
