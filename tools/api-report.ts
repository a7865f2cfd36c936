// Writes docs/reference/api/: what the package exports, with its types, from the built declarations. A change of the
// public API is so a change of a file in the same commit; api-report.test.ts holds the files to the code.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { API, type Project, type Symbol as Sym, SymbolFlags } from 'typescript/unstable/sync'

const ROOT: string = fileURLToPath(new URL('../', import.meta.url))
const PROJECT = `${ROOT}tools/api-report.tsconfig.json`
const FOLDER = 'docs/reference/api'
/** What `typeof` names: its declaration is a part of the signature that names it. */
const VALUE = SymbolFlags.Function | SymbolFlags.BlockScopedVariable
/** What a signature can name and another file can declare. */
const DECLARED = VALUE | SymbolFlags.Class | SymbolFlags.Interface | SymbolFlags.TypeAlias | SymbolFlags.Enum

/** One page of the report. */
export interface ApiReport {
  /** Relative to the root of the repository. */
  readonly file: string
  readonly text: string
  /** The exports that no doc comment explains. */
  readonly undocumented: readonly string[]
}

/**
 * A page for each entry of the package's export map that has types, from the declarations in dist/.
 * @throws Error when they are not built
 */
export function apiReports(): ApiReport[] {
  const entries = entriesOfPackage()
  const api = new API({ cwd: ROOT })
  try {
    const project = api.updateSnapshot({ openProjects: [PROJECT] }).getProject(PROJECT)
    if (project === undefined) throw new Error(`${PROJECT} cannot be read`)
    const modules = entries.map((entry) => new Entry(project, entry.specifier, entry.types))
    return modules.map((entry) => ({
      file: `${FOLDER}/${entry.specifier.replaceAll('/', '-')}.md`,
      text: page(
        entry,
        modules.filter((other) => other !== entry),
      ),
      undocumented: [...entry.exported].flatMap(([name, symbol]) => (entry.summary(symbol) === '' ? [name] : [])),
    }))
  } finally {
    api.close()
  }
}

function entriesOfPackage(): { specifier: string; types: string }[] {
  const { name, exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
    name: string
    exports: Record<string, string | { types?: string }>
  }
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'object' && target.types !== undefined
      ? [{ specifier: name + path.slice(1), types: ROOT + target.types.slice(2) }]
      : [],
  )
}

/** A module that users import from. */
class Entry {
  readonly specifier: string
  /** By the exported name, each followed to its declaration. */
  readonly exported = new Map<string, Sym>()
  /** What it adds to modules of others, as `declare module` does. */
  readonly augmentations: readonly Node[]
  readonly #project: Project
  readonly #dist: string

  constructor(project: Project, specifier: string, types: string) {
    const source = project.program.getSourceFile(types)
    const symbol = source && project.checker.getSymbolAtLocation(source)
    if (source === undefined || symbol === undefined)
      throw new Error(`${types} is not there or exports nothing: run \`npm run build\``)
    this.specifier = specifier
    this.#project = project
    this.#dist = source.path.slice(0, source.path.lastIndexOf('/dist/') + '/dist/'.length)
    this.augmentations = source.statements.filter(({ kind }) => kind === SyntaxKind.ModuleDeclaration)
    for (const each of project.checker.getExportsOfModule(symbol)) this.exported.set(each.name, this.#followed(each))
  }

  /**
   * What its signatures name that it does not export: what one of `others` exports, and what is hidden from users. Of what
   * is hidden the types are not followed further, or half of the inside of the exchange would be in the report.
   */
  named(others: readonly Entry[]): { hidden: Sym[]; elsewhere: Map<Entry, Set<string>> } {
    const seen = new Set(this.exported.values())
    const hidden: Sym[] = []
    const elsewhere = new Map<Entry, Set<string>>()
    const queue = [...[...seen].flatMap((symbol) => this.declarations(symbol)), ...this.augmentations]
    for (let node = queue.shift(); node !== undefined; node = queue.shift())
      for (const symbol of this.#namedIn(node)) {
        if (seen.has(symbol)) continue
        seen.add(symbol)
        const other = others.find(({ exported }) => [...exported.values()].includes(symbol))
        if (other !== undefined) elsewhere.set(other, (elsewhere.get(other) ?? new Set()).add(symbol.name))
        else hidden.push(symbol)
        if (other === undefined && (symbol.flags & VALUE) !== 0) queue.push(...this.declarations(symbol))
      }
    return { hidden, elsewhere }
  }

  declarations(symbol: Sym): Node[] {
    return symbol.declarations.flatMap((handle) => handle.resolve(this.#project) ?? [])
  }

  /** The declarations as TypeScript, without comments and private members. */
  print(declarations: readonly Node[]): string {
    return declarations
      .map((node) => {
        const text = this.#project.emitter.printNode(node).replace(/^(export )?(default )?(declare )?/, '')
        return node.kind === SyntaxKind.VariableDeclaration ? `const ${text};` : text
      })
      .map((text) => text.replace(/^ +(?:#private|private (?!constructor).*);\n/gm, ''))
      .map((text) =>
        text.replace(
          /\[\n([^[\]{}]*)\n *\]/g,
          (_, list: string) =>
            `[${list
              .trim()
              .split(/\s*\n\s*/)
              .join(' ')}]`,
        ),
      )
      .join('\n')
  }

  /** The first paragraph of its doc comment, or nothing. */
  summary(symbol: Sym): string {
    const text = this.#project.checker.getDocumentationCommentOfSymbol(symbol)
    return (text.split(/\n\s*\n/)[0] ?? '').trim()
  }

  #namedIn(declaration: Node): Sym[] {
    const identifiers: Node[] = []
    const visit = (node: Node): void => {
      if (node.kind === SyntaxKind.Identifier && !isName(node)) identifiers.push(node)
      node.forEachChild(visit)
    }
    visit(declaration)
    return this.#project.checker
      .getSymbolAtLocation(identifiers)
      .flatMap((symbol) => (symbol === undefined ? [] : [this.#followed(symbol)]))
      .filter(
        ({ flags, declarations }) =>
          (flags & DECLARED) !== 0 && declarations.every(({ path }) => path.startsWith(this.#dist)),
      )
  }

  #followed(symbol: Sym): Sym {
    return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : this.#project.checker.getAliasedSymbol(symbol)
  }
}

function page(entry: Entry, others: readonly Entry[]): string {
  const { hidden, elsewhere } = entry.named(others)
  const section = (name: string, symbol: Sym) =>
    [`### ${name}`, entry.summary(symbol), fenced(entry.print(entry.declarations(symbol)))].filter(
      (part) => part !== '',
    )
  const parts = [
    `# The API of \`${entry.specifier}\``,
    'Generated from the types of the package by `npm run api`; a test holds it to them.',
    ...(entry.exported.size > 0 ? ['## What it exports'] : []),
    ...sorted([...entry.exported], ([name]) => name).flatMap(([name, symbol]) => section(name, symbol)),
    ...(entry.augmentations.length > 0
      ? ['## What it adds to other modules', fenced(entry.print(entry.augmentations))]
      : []),
    ...(elsewhere.size > 0 ? ['## What these name from other modules'] : []),
    ...[...elsewhere].map(
      ([other, names]) =>
        `- \`${other.specifier}\`: ${sorted([...names], (name) => name)
          .map((name) => `\`${name}\``)
          .join(', ')}`,
    ),
    ...(hidden.length > 0 ? ['## What these name and nobody can import'] : []),
    ...sorted(hidden, ({ name }) => name).flatMap((symbol) => section(symbol.name, symbol)),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Of what is declared there, where others are named. */
function isName(identifier: Node): boolean {
  return (identifier.parent as { readonly name?: Node }).name === identifier
}

function fenced(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``
}

/** By code point, as no locale changes it; what is equal stays in order. */
function sorted<T>(items: T[], key: (item: T) => string): T[] {
  return items.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(`${ROOT}${FOLDER}`, { recursive: true })
  for (const { file, text } of apiReports()) writeFileSync(`${ROOT}${file}`, text)
}
