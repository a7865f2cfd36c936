import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach } from 'vitest'
import { Child } from './child.ts'
import { within } from './wait.ts'

const COMMAND = fileURLToPath(new URL('../../dist/server/cli/main.js', import.meta.url))

/** The built `ringdown` command in a folder of its own; what a test has started ends with it. */
export interface CommandFolder {
  readonly folder: string
  ringdown(...args: string[]): Child
  /** The exit code of a command that is to end. Within 20 s unless said otherwise. */
  exitOf(child: Child, timeoutMs?: number): Promise<number>
  /** Writes a file into the folder. */
  write(name: string, text: string): void
}

/** To be called once in a test file, outside of tests. */
export function commandFolder(): CommandFolder {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-command-'))
  const running: Child[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((child) => child.stop()))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  return {
    folder,
    ringdown: (...args) => {
      const child = new Child(process.execPath, [COMMAND, ...args], { cwd: folder })
      running.push(child)
      return child
    },
    exitOf: (child, timeoutMs = 20_000) => within('the command ends', child.exited, timeoutMs),
    write: (name, text) => writeFileSync(join(folder, name), text),
  }
}
