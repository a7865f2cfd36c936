import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../../kit/index.ts'
import { type FarEndOptions, MOST_TAPE_MS, tapeOfWav } from '../../../media/index.ts'
import { answeredAtMs, type FileVerdict, hearFile, type Recording, SILENCE_BEHIND_MS } from './hear-file.ts'
import { type LabelledFile, parseLabels } from './labels.ts'

/** A folder with WAV files, and `labels.csv` that says what each is. */
export interface LabelledFolder {
  readonly path: string
  readonly labels: readonly LabelledFile[]
  /** WAV files that it does not name. */
  readonly unnamed: readonly string[]
}

/**
 * Reads what the folder has, before anything is heard.
 * @throws UsageError where there is no `labels.csv`, it is wrong, or files that it names cannot be heard: all of these at once
 */
export function readFolder(path: string): LabelledFolder {
  const list = join(path, 'labels.csv')
  if (!existsSync(list))
    throw new UsageError(`there is no ${list}: it says what each recording is, see "ringdown lsd --help"`)
  const labels = parseLabels(readFileSync(list, 'utf8'))
  const problems: string[] = []
  for (const { file, connectMs } of labels) {
    const problem = problemOf(join(path, file), connectMs)
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length > 0) throw new UsageError(mostOf(problems).join('\n'))
  const named = new Set(labels.map(({ file }) => file))
  const unnamed = readdirSync(path).filter((name) => /\.wav$/i.test(name) && !named.has(name))
  return { path, labels, unnamed }
}

function problemOf(file: string, connectMs: number): string | undefined {
  try {
    const answeredMs = answeredAtMs(readRecording(file).tape) ?? connectMs
    return answeredMs > MOST_CONNECT_MS
      ? `${file}: connectMs is ${answeredMs}, more than ${MOST_CONNECT_MS}`
      : undefined
  } catch (error) {
    return error instanceof UsageError ? error.message : `${file}: ${(error as Error).message}`
  }
}

function mostOf(lines: readonly string[]): readonly string[] {
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more`]
}

/**
 * Lets each recording be heard once with each of `options`.
 * @returns for each of these what was made of the recordings, in their order
 */
export function hearFolder(
  { path, labels }: LabelledFolder,
  options: readonly FarEndOptions[],
  onFile: (done: number, verdict: FileVerdict) => void,
): FileVerdict[][] {
  const verdicts: FileVerdict[][] = options.map(() => [])
  for (const [n, label] of labels.entries()) {
    const recording = readRecording(join(path, label.file))
    for (const [i, each] of options.entries()) verdicts[i]!.push(hearFile(label, recording, each))
    onFile(n + 1, verdicts[0]!.at(-1)!)
  }
  return verdicts
}

/** @throws UsageError naming what is wrong with it */
export function readRecording(file: string): Recording {
  if (!existsSync(file)) throw new UsageError(`there is no file ${file}`)
  const read = tapeOfWav(readFileSync(file))
  if (!read.ok) throw new UsageError(`${file}: ${read.error}`)
  return read.value
}

const MOST_LINES = 20
/** How late a recording may have been answered, ms: a verdict has to fit onto a tape. */
export const MOST_CONNECT_MS: number = MOST_TAPE_MS - SILENCE_BEHIND_MS
