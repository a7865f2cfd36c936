import { Command } from 'commander'
import type { Logger } from '../../kit/index.ts'
import { checkConfig } from '../config/check.ts'
import { loadConfig } from '../config/load.ts'
import { answersOf } from '../control/answers.ts'
import { ControlDoor } from '../control/door.ts'
import { doorDirectories } from '../control/door-place.ts'
import { createLogger } from '../log/logger.ts'
import { type RunningServer, startServer } from '../main.ts'
import { returnMemoryOf } from '../memory.ts'
import { EXIT } from './exit-codes.ts'
import { untilSignal } from './signals.ts'
import { surviveApplications } from './survive.ts'

/** `ringdown serve [config]` */
export function serveCommand(onExit: (code: number) => void): Command {
  return new Command('serve')
    .description('Serve what a configuration file describes, until SIGTERM or SIGINT.')
    .argument('[config]', 'the configuration file (default: ringdown.config.ts)')
    .option('--check', 'check the configuration, say what is wrong, and start nothing')
    .addHelpText(
      'after',
      `
The control door for "ringdown explain" is a socket that only the same user can reach; the log says where.

Prints "ready" on a line of its own when every address is listened on. The log goes to standard error: lines on a
terminal, JSON otherwise.

SIGTERM or SIGINT: no new calls are taken, those that stand may go on for shutdown.graceMs, the rest is hung up.
A second signal hangs up at once.

Examples:
  $ ringdown serve
  $ ringdown serve sites/office.config.ts
  $ ringdown serve --check

Exit codes: 0 served and closed, 2 the configuration is refused, 3 an address cannot be had.`,
    )
    .action(async (name: string | undefined, options: { check?: boolean }) => {
      onExit(await serve(name, options.check ?? false))
    })
}

async function serve(name: string | undefined, isCheckOnly: boolean): Promise<number> {
  const { config, directory, file } = await loadConfig(name)
  const settings = checkConfig(config, directory)
  if (isCheckOnly) {
    console.log(`${file} is right`)
    return EXIT.OK
  }
  const logger = createLogger(settings.log)
  surviveApplications(logger)
  const server = await startServer(config, { directory, logger })
  const memory = returnMemoryOf(server)
  const door = settings.control.isOpen ? await openDoor(server, file, settings.control.directory, logger) : undefined
  for (const { transport, address, port } of server.sockets)
    logger.info({ transport, address, port }, `listening on ${transport} ${address} port ${port}`)
  const stopped = untilSignal()
  console.log('ready')

  await stopped
  logger.info({ ...server.sizes() }, 'taking no more calls; a second signal hangs up those that stand')
  const closing = server.close()
  void untilSignal().then(() => server.close({ graceMs: 0 }))
  await closing
  memory.stop()
  await door?.close()
  logger.info({}, 'closed')
  return EXIT.OK
}

/** Calls are served also where no door can be had. */
async function openDoor(
  server: RunningServer,
  configFile: string,
  directory: string | undefined,
  logger: Logger,
): Promise<ControlDoor | undefined> {
  try {
    const place = directory ?? (doorDirectories()[0] as string)
    const door = await ControlDoor.open({ directory: place, answers: answersOf(server, configFile), logger })
    logger.info({ door: door.path }, `control door at ${door.path}`)
    return door
  } catch (err) {
    logger.warn({ err }, `no control door, so "ringdown explain" cannot ask: ${(err as Error).message}`)
    return undefined
  }
}
