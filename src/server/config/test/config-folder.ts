import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { ConfigError } from '../../../kit/index.ts'
import { checkConfig } from '../check.ts'

/** A folder for configurations that name files, as long as the tests of a file run: `welcome.ts` and `notes.txt` are there. */
export function configFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-config-'))
  writeFileSync(join(folder, 'welcome.ts'), '')
  writeFileSync(join(folder, 'notes.txt'), '')
  afterAll(() => rmSync(folder, { recursive: true }))
  return folder
}

/** What is wrong with a configuration, each a line; empty when nothing is. */
export function problemsOf(config: unknown, folder: string): readonly string[] {
  try {
    checkConfig(config, folder)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
