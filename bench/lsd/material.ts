import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { integerBelow, type Random } from '../../src/kit/index.ts'
import { findSpeech, SPEECH_EDGES_VERSION } from './render/speech-edges.ts'
import type { Span } from './render/truth.ts'
import { SOURCES, type Source, type SourceKind } from './sources.ts'
import type { Split } from './strata.ts'
import { readSamples } from './wav.ts'

/** A recording of a source. */
export interface Clip {
  readonly source: string
  readonly kind: SourceKind
  /** Without its ending. */
  readonly name: string
  readonly file: string
  readonly lengthMs: number
  readonly spans: readonly Span[]
  readonly levelDbm0: number
  /** `undefined` where nobody has written down what is said. */
  readonly words?: number
}

/** What calls are made of. */
export interface Material {
  /** One of those of a kind that belong to a split. @throws Error when there is none */
  pick(random: Random, kinds: readonly SourceKind[], split: Split, fits?: (clip: Clip) => boolean): Clip
  /** More of the source of another. */
  pickAlike(random: Random, clip: Clip, fits?: (clip: Clip) => boolean): Clip
  samples(clip: Clip): Int16Array
  /** A signal of a fax machine, as {@link readFaxSignals} of the preparation names it. */
  fax(name: string): Int16Array
}

/** What the manifest says of a source: figures can be compared only where these are the same. */
export interface SourceFacts {
  readonly name: string
  readonly split: Split
  readonly files: number
  readonly seconds: number
  readonly sha256: string
}

/** The folder that prepare.ts makes. Facts about its files are found once and kept in `cacheFolder`. */
export class CorpusMaterial implements Material {
  readonly facts: readonly SourceFacts[]
  readonly #folder: string
  readonly #clips: readonly Clip[]
  readonly #kept = new Map<string, Int16Array>()

  constructor(folder: string, cacheFolder: string) {
    if (!existsSync(folder)) throw new Error(`No corpus in ${folder}: bench/lsd/README.md says how to make one`)
    this.#folder = folder
    const catalogue = readCatalogue(folder, cacheFolder)
    this.#clips = catalogue.clips
    this.facts = catalogue.facts
  }

  get clips(): readonly Clip[] {
    return this.#clips
  }

  /** Changes with any byte of any source. */
  get hash(): string {
    return sha256(this.facts.map((fact) => fact.sha256).join())
  }

  pick(random: Random, kinds: readonly SourceKind[], split: Split, fits: (clip: Clip) => boolean = () => true): Clip {
    const splits = new Map(SOURCES.map((source) => [source.name, source.split]))
    // Sources in turn, so that the largest does not rule.
    const fitting = this.#clips.filter(
      (each) => kinds.includes(each.kind) && splits.get(each.source) === split && fits(each),
    )
    const sources = [...new Set(fitting.map(({ source }) => source))]
    if (sources.length === 0) throw new Error(`The corpus has no fitting ${kinds.join(' or ')} clip for ${split}`)
    const source = sources[integerBelow(random, sources.length)]
    return oneOf(
      random,
      fitting.filter((clip) => clip.source === source),
    )
  }

  pickAlike(random: Random, clip: Clip, fits: (clip: Clip) => boolean = () => true): Clip {
    return oneOf(
      random,
      this.#clips.filter((each) => each.source === clip.source && fits(each)),
    )
  }

  samples({ file }: Clip): Int16Array {
    return this.#read(file)
  }

  fax(name: string): Int16Array {
    return this.#read(join('fax', `${name}.wav`))
  }

  #read(file: string): Int16Array {
    let samples = this.#kept.get(file)
    if (samples === undefined) {
      samples = readSamples(join(this.#folder, file))
      this.#kept.set(file, samples)
    }
    return samples
  }
}

interface Catalogue {
  readonly clips: readonly Clip[]
  readonly facts: readonly SourceFacts[]
}

function readCatalogue(folder: string, cacheFolder: string): Catalogue {
  const files = SOURCES.map((source) => filesOf(folder, source))
  const kept = join(
    cacheFolder,
    `catalogue-${sha256(JSON.stringify([SPEECH_EDGES_VERSION, folder, SOURCES, files])).slice(0, 16)}.json`,
  )
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as Catalogue
  const clips: Clip[] = []
  const facts: SourceFacts[] = []
  for (const [n, source] of SOURCES.entries()) {
    const hash = createHash('sha256')
    const words = wordsOf(folder, source)
    let seconds = 0
    for (const name of files[n]!) {
      const file = join(source.folder, name)
      hash.update(name).update(readFileSync(join(folder, file)))
      const clip = clipOf(source, file, readSamples(join(folder, file)), words)
      seconds += clip.lengthMs / 1000
      if (clip.spans.length > 0) clips.push(clip)
    }
    facts.push({
      name: source.name,
      split: source.split,
      files: files[n]!.length,
      seconds: Math.round(seconds),
      sha256: hash.digest('hex'),
    })
  }
  mkdirSync(cacheFolder, { recursive: true })
  writeFileSync(kept, JSON.stringify({ clips, facts }))
  return { clips, facts }
}

function clipOf(source: Source, file: string, samples: Int16Array, words: ReadonlyMap<string, number>): Clip {
  const name = file.slice(source.folder.length + 1).replace(/\.\w+$/, '')
  const known = source.kind === 'short' ? 1 : words.get(name)
  return {
    source: source.name,
    kind: source.kind,
    name,
    file,
    lengthMs: samples.length / 8,
    ...findSpeech(samples),
    ...(known !== undefined && { words: known }),
  }
}

function wordsOf(folder: string, source: Source): Map<string, number> {
  const file = join(folder, source.folder, 'words.txt')
  if (!existsSync(file)) return new Map()
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'))
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [
        line.slice(0, at),
        line
          .slice(at + 1)
          .split(/\s+/)
          .filter((word) => /[\p{L}\d]/u.test(word)).length,
      ]
    }),
  )
}

/** @throws Error when there are none: a table without one of its sources would be another table. */
function filesOf(folder: string, { name, folder: within, prefix = '', third }: Source): string[] {
  const path = join(folder, within)
  const names = existsSync(path) ? readdirSync(path).filter((each) => /\.(wav|flac)$/.test(each)) : []
  const files = names
    .filter((each) => each.startsWith(prefix))
    .filter((each) => third === undefined || Number.parseInt(sha256(each).slice(0, 8), 16) % 3 === third)
    .sort()
  if (files.length === 0)
    throw new Error(`No recordings of ${name} in ${path}: bench/lsd/README.md says how to get them`)
  return files
}

function oneOf<T>(random: Random, values: readonly T[]): T {
  if (values.length === 0) throw new Error('The source has no fitting clip')
  return values[integerBelow(random, values.length)]!
}

function sha256(of: string): string {
  return createHash('sha256').update(of).digest('hex')
}
