import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageError } from '../../kit/index.ts'
import { GOODBYE, melodyWav, PROMPT } from '../demo/melody.ts'
import { projectFiles } from './template.ts'

/**
 * Writes a new project: an application, its configuration, prompts (melodies until somebody records them), and a test.
 * @returns the paths that were written, in the directory
 * @throws UsageError when one of them is there already; nothing is written then
 */
export function initProject(directory: string, version: string): readonly string[] {
  const name =
    basename(resolve(directory))
      .toLowerCase()
      .replace(/[^a-z0-9._-]/g, '-')
      .replace(/^[._-]+/, '') || 'voice-app'
  const files: Readonly<Record<string, string | Uint8Array>> = {
    ...projectFiles(name, version),
    'media/welcome.wav': melodyWav(PROMPT),
    'media/sales.wav': melodyWav(PROMPT),
    'media/goodbye.wav': melodyWav(GOODBYE),
  }
  const paths = Object.keys(files)
  const taken = paths.filter((path) => existsSync(join(directory, path)))
  if (taken.length > 0)
    throw new UsageError(
      `${directory} has ${taken.join(', ')} already: name a directory that has not, nothing was written`,
    )
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  return paths
}
