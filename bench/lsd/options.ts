import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Split, STRATUM_NAMES, type Stratum } from './strata.ts'

const SCRATCH_FOLDER = join(tmpdir(), 'ringdown-lsd')

/** What the command line says. */
export interface BenchOptions {
  readonly corpus: string
  readonly split: Split
  readonly calls: number
  readonly seed: number
  readonly strata: readonly Stratum[]
  readonly detectors: readonly string[]
  readonly jobs: number
  readonly timeoutMs: number
  readonly cache: string
  readonly writeManifest?: boolean
  readonly page?: string
  readonly dump?: string
  readonly export?: string
}

/** @throws never: prints what is wrong and ends the process */
export function readOptions(argv: readonly string[], detectorNames: readonly string[]): BenchOptions {
  const command = new Command('bench:lsd')
    .description(
      'Renders whole calls from recordings, lets detectors of the far end hear them, and prints how well they tell people,\n' +
        'machines, fax machines and tones apart. bench/lsd/README.md says how to make the corpus.',
    )
    .addOption(
      new Option('--corpus <dir>', 'the folder that prepare.ts made')
        .env('RINGDOWN_LSD_CORPUS')
        .default(join(SCRATCH_FOLDER, 'corpus')),
    )
    .addOption(new Option('--split <name>', 'whose voices').choices(['train', 'dev', 'test']).default('dev'))
    .option('--calls <n>', 'calls in each stratum', positive, 100)
    .option('--seed <n>', 'another seed gives other calls', whole, 1)
    .option('--strata <names>', 'only these, as H1,H3', listOf(STRATUM_NAMES), [...STRATUM_NAMES])
    .option('--detector <names>', 'only these, as ringdown,asterisk', listOf(detectorNames), [...detectorNames])
    .option('--jobs <n>', 'processes', positive, 1)
    .option('--timeout-ms <n>', 'by when after the answer a verdict is wanted', positive, 5000)
    .option('--cache <dir>', 'where facts about the corpus are kept', SCRATCH_FOLDER)
    .option('--write-manifest', 'takes the corpus as it is for the published one')
    .option(
      '--page <file>',
      'writes all tables to this file, in Markdown; default, of runs of everything: docs/reference/lsd-<split>.md',
    )
    .option('--no-page', 'writes none')
    .option('--dump <file>', 'writes a line of JSON for each call: what is true, and what each detector said')
    .option(
      '--export <dir>',
      'writes the calls as WAV files with labels.csv, for `ringdown lsd evaluate`, and scores nothing',
    )
    .parse(argv, { from: 'user' })
  const { detector: detectors, page, strata, split, ...options } = command.opts()
  const isWhole = detectors.length === detectorNames.length && strata.length === STRATUM_NAMES.length
  const usual = isWhole && page !== false ? `docs/reference/lsd-${split}.md` : undefined
  const file = typeof page === 'string' ? page : usual
  return { ...options, strata, split, detectors, ...(file !== undefined && { page: file }) } as BenchOptions
}

function positive(text: string): number {
  const value = whole(text)
  if (value < 1) throw new InvalidArgumentError('1 or more is wanted.')
  return value
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.')
  return Number(text)
}

function listOf<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((name) => {
      if (!known.includes(name as T))
        throw new InvalidArgumentError(`there is no ${name}; there are ${known.join(', ')}.`)
      return name as T
    })
}
