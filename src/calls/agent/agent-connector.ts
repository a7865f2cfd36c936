/**
 * What reaches voice agents: a port. The server dials them by WebSocket; the test kit has agents that talk in virtual
 * time.
 */
export interface AgentConnector {
  /** Begins to connect; the listener hears how it went, never from within this call. */
  connect(request: AgentRequest, listener: AgentListener): AgentConnection
}

/** Where an agent is. */
export interface AgentRequest {
  /** `wss:` or `ws:`. */
  readonly url: string
  /** Of the HTTP request, as for authentication. They stand in no log. */
  readonly headers: Readonly<Record<string, string>>
}

/** What is heard from an agent. */
export interface AgentListener {
  /** The connection stands. */
  onOpen(): void
  /** A message has come; `undefined` for one that is no text. */
  onMessage(text: string | undefined): void
  /**
   * The connection is over, or was never made; nothing follows.
   * @param isOrderly the agent has closed it as one closes a connection
   */
  onClose(isOrderly: boolean, reason: string): void
}

/** A connection to an agent, open or on its way. */
export interface AgentConnection {
  /** How many octets were sent and have not left yet. */
  readonly queuedBytes: number
  /** Sends a message; nothing happens while the connection does not stand. */
  send(text: string): void
  /** Closes it; `onClose` need not follow. */
  close(): void
}
