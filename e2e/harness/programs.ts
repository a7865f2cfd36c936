import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from 'vitest'

/**
 * `describe` for tests that need a program of the system. Without it they are skipped on a developer's machine, and run
 * (and fail) under CI=true. `npm test` has said before what to install.
 */
export function describeWith(program: 'sipp' | 'baresip'): typeof describe | typeof describe.skip {
  return isInstalled(program) || process.env.CI === 'true' ? describe : describe.skip
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
