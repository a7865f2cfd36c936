import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from 'vitest'

/**
 * `describe` for tests that need programs of the system. Without them they are skipped on a developer's machine, and run
 * (and fail) under CI=true. `npm test` has said before what to install.
 */
export function describeWith(
  ...programs: readonly ('sipp' | 'baresip' | 'linphonec' | 'tshark' | 'kamailio' | 'openssl')[]
): typeof describe | typeof describe.skip {
  return programs.every(isInstalled) || process.env.CI === 'true' ? describe : describe.skip
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
