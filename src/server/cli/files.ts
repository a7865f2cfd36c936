import { createWriteStream, existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { MediaFileError, UsageError } from '../../kit/index.ts'
import { checkConfig } from '../config/check.ts'
import { loadConfig } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { FileTools, type KeptFile } from '../files/file-tools.ts'
import { EXIT } from './exit-codes.ts'

interface StoreFlags {
  readonly config?: string
  readonly directory?: string
  readonly keys?: string
}

/** `ringdown files` */
export function filesCommand(onExit: (code: number) => void): Command {
  const command = new Command('files')
    .description('List, check, encrypt and decrypt the files of the media store.')
    .addHelpText(
      'after',
      `
The store is the one of the configuration file (default: ringdown.config.ts), or that of --directory and --keys. An exchange
may have it open meanwhile: files change as a whole, and what is being played is played to its end. What is only in a
bucket (files.s3) is not seen, and the bucket keeps what it has.

Examples:
  $ ringdown files list voicemail/
  $ ringdown files validate prompts/               is every prompt playable?
  $ ringdown files encrypt --all                   after a new key: everything with the first one
  $ ringdown files decrypt calls/17.wav --output 17.wav
  $ ringdown files list --directory ./media --keys ./media.keys --json

Exit codes: 0 done, 1 a file is not playable or cannot be read or written, 2 wrong usage or configuration.`,
    )
  const sub = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .exitOverride()
      .option('--config <file>', 'the configuration file that describes the store')
      .option('--directory <path>', 'the folder of the store, instead of a configuration file')
      .option('--keys <file>', 'the file with its keys, beside --directory')

  sub('list', 'List files: octets on the disk, when they were written, the key they are encrypted with, their names.')
    .argument('[prefix]', 'the beginning of their names, such as voicemail/', '')
    .option('--json', 'print JSON', false)
    .action(async (prefix: string, flags: StoreFlags & { json: boolean }) => {
      const files = await (await toolsOf(flags)).list(prefix)
      console.log(flags.json ? JSON.stringify(files, null, 2) : files.map(lineOf).join('\n'))
      onExit(EXIT.OK)
    })

  sub('validate', 'Decode files to their end, and say what they are and what is wrong with them.')
    .argument('[prefix]', 'the beginning of their names', '')
    .option('--json', 'print JSON', false)
    .action(async (prefix: string, flags: StoreFlags & { json: boolean }) => {
      onExit(await validate(await toolsOf(flags), prefix, flags.json))
    })

  sub('encrypt', 'Encrypt files with the first key: those that are not encrypted, and those with another key.')
    .argument('[prefix]', 'the beginning of their names')
    .option('--all', 'every file of the store', false)
    .action(async (prefix: string | undefined, flags: StoreFlags & { all: boolean }) => {
      const tools = await toolsOf(flags)
      onExit(await change(tools, 'encrypt', prefix, flags.all))
    })

  sub('decrypt', 'Write what an encrypted file holds to another place, or decrypt files where they stand.')
    .argument('[name]', 'the name of a file; with --in-place, the beginning of names')
    .option('--output <file>', 'where to write it; - is standard output')
    .option('--in-place', 'decrypt where they stand', false)
    .option('--all', 'with --in-place: every file of the store', false)
    .action(
      async (name: string | undefined, flags: StoreFlags & { output?: string; inPlace: boolean; all: boolean }) => {
        if (flags.inPlace === (flags.output !== undefined))
          throw new UsageError('decrypt needs one of --output <file> and --in-place')
        const tools = await toolsOf(flags)
        if (flags.inPlace) onExit(await change(tools, 'decrypt', name, flags.all))
        else onExit(await write(tools, name, flags.output ?? '-'))
      },
    )
  return command
}

async function toolsOf(flags: StoreFlags): Promise<FileTools> {
  return new FileTools(await settingsOf(flags))
}

async function settingsOf({ config, directory, keys }: StoreFlags): Promise<Settings['files']> {
  if (directory === undefined) {
    if (keys !== undefined) throw new UsageError('--keys goes with --directory; a configuration file names its own')
    const loaded = await loadConfig(config)
    return checkConfig(loaded.config, loaded.directory).files
  }
  if (config !== undefined) throw new UsageError('give one of --config and --directory')
  if (!existsSync(directory)) throw new UsageError(`there is no folder ${resolve(directory)}`)
  const encryption = keys === undefined ? {} : { encryption: { keyFile: keys } }
  return checkConfig({ files: { directory, ...encryption } }, process.cwd()).files
}

function lineOf({ bytes, modifiedMs, keyId = '-', name }: KeptFile): string {
  return `${String(bytes).padStart(12)}  ${new Date(modifiedMs).toISOString()}  ${keyId.padEnd(16)}  ${name}`
}

async function validate(tools: FileTools, prefix: string, isJson: boolean): Promise<number> {
  const all: object[] = []
  let code: number = EXIT.OK
  for (const { name } of await tools.list(prefix)) {
    const facts = await tools.validate(name)
    const { format, sampleRateHz, channels, durationMs, isPlayable, problems } = facts
    if (!isPlayable) code = EXIT.FAILED
    all.push({ name, ...facts })
    const what = `${format}, ${sampleRateHz} Hz, ${channels} channel${channels === 1 ? '' : 's'}, ${durationMs / 1000} s`
    if (!isJson) console.log(`${isPlayable ? 'ok ' : 'BAD'}  ${name}: ${[what, ...problems].join('; ')}`)
  }
  if (isJson) console.log(JSON.stringify(all, null, 2))
  return code
}

async function change(
  tools: FileTools,
  verb: 'encrypt' | 'decrypt',
  prefix: string | undefined,
  isAll: boolean,
): Promise<number> {
  if ((prefix === undefined) !== isAll) throw new UsageError(`${verb} needs the beginning of names, or --all`)
  const counts = { changed: 0, unchanged: 0, failed: 0 }
  for (const { name } of await tools.list(prefix ?? '')) {
    try {
      counts[(await tools[verb](name)) ? 'changed' : 'unchanged']++
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      counts.failed++
      console.error(error.message)
    }
  }
  console.log(`${counts.changed} ${verb}ed, ${counts.unchanged} were so already, ${counts.failed} failed`)
  return counts.failed === 0 ? EXIT.OK : EXIT.FAILED
}

async function write(tools: FileTools, name: string | undefined, output: string): Promise<number> {
  if (name === undefined) throw new UsageError('decrypt --output needs the name of a file')
  if (output !== '-' && existsSync(output)) throw new UsageError(`${output} is there already`)
  if (output === '-') {
    await pipeline(Readable.from(tools.read(name)), process.stdout, { end: false })
    return EXIT.OK
  }
  await pipeline(Readable.from(tools.read(name)), createWriteStream(output, { flags: 'wx' })).catch(
    (error: unknown) => {
      // Half of a file, or none of it, is not to be taken for the whole.
      rmSync(output, { force: true })
      throw error
    },
  )
  return EXIT.OK
}
