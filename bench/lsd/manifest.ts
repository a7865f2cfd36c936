import { readFileSync, writeFileSync } from 'node:fs'
import type { SourceFacts } from './material.ts'

const FILE = new URL('manifest.json', import.meta.url)

/** The sources whose sounds are others than those that the published figures were measured with. */
export function changedSources(facts: readonly SourceFacts[]): string[] {
  const published = JSON.parse(readFileSync(FILE, 'utf8')) as SourceFacts[]
  const hashes = new Map(published.map(({ name, sha256 }) => [name, sha256]))
  return facts.filter(({ name, sha256 }) => hashes.get(name) !== sha256).map(({ name }) => name)
}

export function writeManifest(facts: readonly SourceFacts[]): void {
  writeFileSync(FILE, `${JSON.stringify(facts, undefined, 2)}\n`)
}
