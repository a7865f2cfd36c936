import {
  type AppDefinition,
  type CallStory,
  type CallSummary,
  Exchange,
  type InstanceRecord,
  type LocalUsersOptions,
  type MediaStore,
  type RegisteredPhone,
  type TrunkStatus,
} from '../calls/index.ts'
import { Counters, type Logger, RingdownError } from '../kit/index.ts'
import type { EndpointCounter } from '../sip/index.ts'
import { WsAgentConnector } from './agents/ws-agent-connector.ts'
import { AppLibrary } from './apps/app-library.ts'
import { ConfiguredServices } from './apps/services.ts'
import { authenticationOf } from './authentication.ts'
import { familyOf, hostOf, isWildcard } from './config/address.ts'
import { checkConfig } from './config/check.ts'
import type { RingdownConfig } from './config/config.ts'
import { type AppFile, appFile, type Settings } from './config/settings.ts'
import { discoveredConfig } from './discovered-config.ts'
import { Driver } from './driver.ts'
import { DiskMediaStore } from './files/disk-media-store.ts'
import { readMediaKeys } from './files/seal/media-keys.ts'
import { createLogger } from './log/logger.ts'
import { logReport } from './log/records.ts'
import { startDetection } from './lsd/start-detection.ts'
import { type MediaPlane, startMediaPlane } from './media-plane.ts'
import { Networks } from './networks.ts'
import { systemRandom } from './random.ts'
import { routingOf } from './routing.ts'
import { Shutdown } from './shutdown.ts'
import { startRecognition } from './speech/start-recognition.ts'
import { startSpeech } from './speech/start-speech.ts'
import { DnsClient } from './transport/dns-client.ts'
import { type LocalSocket, spokenTransports } from './transport/listener-choice.ts'
import { SipTransports } from './transport/sip-transports.ts'
import { WatchedTlsFiles } from './transport/watched-tls-files.ts'

/** What a program that starts a server may bring along. */
export interface ServerOptions {
  /** What relative paths of the configuration are relative to. Default: the working directory. */
  readonly directory?: string
  /** Instead of the log that the configuration describes. */
  readonly logger?: Logger
  /** Instead of the directory that the configuration names. */
  readonly files?: MediaStore
  /** Instead of media workers: the engine in this thread, for tests. */
  readonly media?: (settings: Settings, logger: Logger) => Promise<MediaPlane>
}

/** What an outbound application is started with. */
export interface OutboundOptions {
  /** Stands in logs and records. Default `outbound`. */
  readonly name?: string
  readonly parameters?: Readonly<Record<string, unknown>>
  /** What this one run is about: `app.outboundParameters`. */
  readonly outboundParameters?: Readonly<Record<string, unknown>>
}

/** A server that listens. */
export interface RunningServer {
  /** Where SIP is listened for, with the ports that were really taken. */
  readonly sockets: readonly LocalSocket[]
  /**
   * Starts an outbound application: itself, or its file (`./apps/x.ts#name`).
   * @returns its record, when it has ended
   * @throws RingdownError RINGDOWN_APP when the file cannot be loaded or exports no application
   */
  startOutbound(app: AppDefinition | string, options?: OutboundOptions): Promise<InstanceRecord>
  /** The trunks that register or are asked with OPTIONS: whether they are up, and why not. */
  readonly trunks: readonly TrunkStatus[]
  /** The phones that users have registered. */
  readonly phones: readonly RegisteredPhone[]
  /** Everything that was counted since the start: docs/reference/counters.md. */
  counters(): Readonly<Record<string, number>>
  /** What is alive now: all zero when nothing happens. */
  sizes(): Readonly<Record<string, number>>
  /**
   * The calls that stand and those that have ended lately, as far as `records` keeps them, the last first.
   * @param most how many at most. Default: all
   */
  recentCalls(most?: number): readonly CallSummary[]
  /**
   * The stories of the calls that `id` may mean: a call's id, the beginning of one (4 characters or more), or a SIP
   * Call-ID. Empty when none is kept. They hold no secrets: no message bodies but session descriptions, no keys, no
   * credentials, no private digits.
   */
  explain(id: string): readonly CallStory[]
  /**
   * Takes no new calls, waits for those that stand, hangs up what is left after `graceMs` (default: the configured
   * one), and gives everything back. Called again, with a shorter grace, it ends sooner.
   */
  close(options?: { graceMs?: number }): Promise<void>
}

/**
 * Checks the configuration and starts a server: the composition root, the only place that knows every room.
 *
 * @returns when every address is bound and every application was loaded
 * @throws ConfigError before anything is opened; RingdownError RINGDOWN_TRANSPORT when an address cannot be had
 */
export async function startServer(config: RingdownConfig, options: ServerOptions = {}): Promise<RunningServer> {
  const directory = options.directory ?? process.cwd()
  const random = systemRandom()
  const settings = checkConfig(await discoveredConfig(config, checkConfig(config, directory), random), directory)
  const logger = options.logger ?? createLogger(settings.log)
  const { encryption } = settings.files
  const disk = new DiskMediaStore(settings.files, { logger })
  if (options.files === undefined) await disk.open()
  const apps = new AppLibrary(logger)
  for (const { app } of settings.services) if ('file' in app) await apps.add(app.file)
  const networks = new Networks(settings.networks)
  const transports = new SipTransports({ ...settings.limits, ...settings.sip, networks }, { random, logger })
  await transports.open()
  const media = await (options.media ?? startMediaPlane)(settings, logger).catch(async (error: unknown) => {
    await transports.close()
    throw error
  })
  const speech = startSpeech(settings.speech, encryption && readMediaKeys(encryption)[0], logger)
  const recogniser = startRecognition(settings.speech)
  const detection = startDetection(settings.lsd, logger)
  const agentTrust = WatchedTlsFiles.open(settings.agents, logger)
  const agents = new WsAgentConnector({ tls: () => agentTrust.options })
  const services = new ConfiguredServices(settings.services, apps)
  const sipCounters = new Counters<EndpointCounter>()

  const outside = settings.outsideRefers
  const exchange = new Exchange({
    random,
    sip: {
      ...sipOptions(settings, transports, sipCounters),
      ...authenticationOf(settings, random, (address) => exchange.isRegistrar(address)),
    },
    mediaAddress: settings.media.address,
    announcedMediaAddress: (farEnd) => networks.of(farEnd)?.mediaAddress ?? settings.media.publicAddress,
    services,
    files: options.files ?? disk,
    speech: speech.texts,
    farEnd: detection.port,
    ...(recogniser !== undefined && { recogniser }),
    agents,
    ...routingOf(settings),
    ...(settings.users.length > 0 && { users: usersOf(settings, transports.sockets) }),
    rtpTimeoutMs: settings.media.rtpTimeoutMs,
    srtp: settings.media.srtp,
    codecs: settings.media.codecs,
    hasOpus: media.hasOpus ?? false,
    logger,
    wallTimeMs: Date.now,
    onPending: () => driver.pump(),
    maxCalls: settings.limits.maxCalls,
    rooms: settings.rooms,
    transfers: settings.transfers,
    ...(outside && {
      outsideRefers: {
        from: outside.from,
        app: () => ('file' in outside.app ? findOutbound(apps, outside.app) : outside.app),
      },
    }),
    extraChannels: settings.limits.extraChannels,
    records: settings.records,
  })
  const driver = new Driver({
    exchange,
    transports,
    media,
    dns: new DnsClient([...new Set(transports.sockets.map(({ address }) => familyOf(address)))]),
    onReport: (report) => {
      if (report.type === 'instanceEnded' && report.record.direction === 'inbound')
        services.ended(report.record.service)
      logReport(logger, report)
    },
    onBroken: (error) =>
      logger.error({ err: error }, 'an invariant of the exchange was broken; please report this with the lines above'),
  })
  apps.watch()
  // Trunks are registered from now on.
  driver.pump()
  const shutdown = new Shutdown(exchange, driver, async () => {
    apps.close()
    agents.close()
    agentTrust.close()
    await Promise.all([transports.close(), media.close(), disk.close(), speech.close(), detection.close()])
  })

  return {
    sockets: transports.sockets,
    get trunks() {
      return exchange.trunks
    },
    get phones() {
      return exchange.phones
    },
    startOutbound: async (app, outbound) =>
      exchange.startOutbound(
        typeof app === 'string' ? await findOutbound(apps, appFile(app, directory)) : app,
        outbound,
      ),
    counters: () => ({
      ...exchange.counters.snapshot(),
      ...exchange.trunkCounters.snapshot(),
      ...exchange.registrarCounters?.snapshot(),
      ...sipCounters.snapshot(),
      ...transports.counters.snapshot(),
      ...media.counters(),
      ...disk.counters.snapshot(),
      ...speech.counters.snapshot(),
      ...detection.counters.snapshot(),
    }),
    sizes: () => {
      const { sip, ...calls } = exchange.sizes()
      const { recordings, uploadsWaiting } = disk.sizes()
      return {
        ...calls,
        ...sip,
        tcpConnections: transports.connections,
        agentConnections: agents.connections,
        recordings,
        uploadsWaiting,
        sentences: speech.sizes().sentences,
        detections: detection.port.size,
      }
    },
    recentCalls: (most) => exchange.recentCalls(most),
    explain: (id) => exchange.explain(id),
    close: ({ graceMs = settings.shutdown.graceMs } = {}) => shutdown.begin(graceMs),
  }
}

function sipOptions(
  settings: Settings,
  transports: SipTransports,
  counters: Counters<EndpointCounter>,
): ConstructorParameters<typeof Exchange>[0]['sip'] {
  return {
    localAddress: (peer) => transports.localAddress(peer),
    transports: spokenTransports(transports.sockets),
    identity: settings.sip.identity,
    sessionTimers: settings.sip.sessionTimers,
    userAgent: settings.sip.userAgent,
    counters,
    limits: {
      // A call that is over holds its session until the last retransmission has been absorbed.
      maxSessions: 2 * settings.limits.maxCalls,
      maxTransactions: settings.limits.maxTransactions,
      maxUdpRequestBytes: settings.sip.maxUdpRequestBytes,
    },
    ...(settings.sip.outboundProxy !== undefined && { outboundProxy: settings.sip.outboundProxy }),
  }
}

/** Users are at every address that we have, as far as it can be written in a URI. */
function usersOf({ users, sip, registrar }: Settings, sockets: readonly LocalSocket[]): LocalUsersOptions {
  const { domains, ...limits } = registrar
  const addresses = sockets.flatMap(({ address, port }) =>
    [address, sip.publicAddress].flatMap((each) =>
      each === undefined || isWildcard(each) ? [] : port === 5060 ? hostOf(each) : `${hostOf(each)}:${port}`,
    ),
  )
  return { names: users.map(({ username }) => username), hosts: [...new Set([...addresses, ...domains])], ...limits }
}

async function findOutbound(apps: AppLibrary, place: AppFile): Promise<AppDefinition> {
  await apps.add(place.file)
  const app = apps.find(place)
  if (typeof app !== 'string') return app
  throw new RingdownError(
    'RINGDOWN_APP',
    app === 'missing'
      ? `${place.file}: there is no such application file`
      : `${place.file} could not be loaded or exports no application named ${place.exportName}`,
  )
}
