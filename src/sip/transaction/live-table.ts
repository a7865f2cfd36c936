import { Table } from '../../kit/index.ts'
import type { Live, LiveClient, LiveServer } from './live-transaction.ts'
import type { TransactionId } from './port.ts'

/** Every transaction that lives, and the indexes by which messages find theirs (RFC 3261 sections 17.1.3 and 17.2.3). */
export class LiveTable {
  readonly #byId = new Table<TransactionId, Live>()
  /** Client transactions by branch; a CANCEL shares the branch of its INVITE and so has an index of its own. */
  readonly #clients = new Table<string, LiveClient>()
  readonly #cancels = new Table<string, LiveClient>()
  /** Server transactions by what identifies their requests, see {@link RequestIdentity}. */
  readonly #servers = new Table<string, LiveServer>()
  /** The merge key of every server transaction outside a dialog. */
  readonly #mergeable = new Set<string>()
  #serverCount = 0

  get clientCount(): number {
    return this.#clients.size + this.#cancels.size
  }

  get serverCount(): number {
    return this.#serverCount
  }

  /** Entries of every index: zero when nothing lives. */
  get entryCount(): number {
    return this.#byId.size + this.#clients.size + this.#cancels.size + this.#servers.size + this.#mergeable.size
  }

  byId(id: TransactionId): Live | undefined {
    return this.#byId.get(id)
  }

  /** The client transaction that a response is for: by the branch, and the method because a CANCEL has that of its INVITE. */
  client(branch: string, method: string): LiveClient | undefined {
    return (method === 'CANCEL' ? this.#cancels : this.#clients).get(branch)
  }

  server(key: string): LiveServer | undefined {
    return this.#servers.get(key)
  }

  /** Whether the same request has come over another path (section 8.2.2.2). */
  isMerged(mergeKey: string): boolean {
    return this.#mergeable.has(mergeKey)
  }

  /** A CANCEL of ours is known by its branch alone: nobody above has its id. */
  addClient(live: LiveClient): void {
    if (live.isCancel) this.#cancels.set(live.branch, live)
    else {
      this.#byId.set(live.machine.id, live)
      this.#clients.set(live.branch, live)
    }
  }

  addServer(live: LiveServer): void {
    this.#serverCount++
    this.#byId.set(live.machine.id, live)
    for (const key of live.keys) this.#servers.set(key, live)
    if (live.merge !== undefined) this.#mergeable.add(live.merge)
  }

  /** Lets a server transaction be found by one more key: by that of an ACK, which holds the tag of our response. */
  addKey(live: LiveServer, key: string): void {
    live.keys.push(key)
    this.#servers.set(key, live)
  }

  forget(live: Live): void {
    if (live.side === 'client') {
      if (live.isCancel) this.#cancels.delete(live.branch)
      else {
        this.#byId.delete(live.machine.id)
        this.#clients.delete(live.branch)
      }
      return
    }
    this.#serverCount--
    this.#byId.delete(live.machine.id)
    for (const key of live.keys) this.#servers.delete(key)
    if (live.merge !== undefined) this.#mergeable.delete(live.merge)
  }

  /** All of them, in a list of its own: they may end while it is gone through. */
  all(): readonly Live[] {
    return [...this.#byId.values(), ...this.#cancels.values()]
  }
}
