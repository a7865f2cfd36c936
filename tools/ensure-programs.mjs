// Makes sure that the programs which the e2e tests need are installed: SIPp, baresip, linphonec and
// Kamailio, which they call, openssl and tshark.
// As root on Debian it installs what is missing. Elsewhere it names what is missing; without the programs the tests
// that need them are skipped, except under CI=true, where a missing program is a failure.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const DEBIAN_PACKAGES_OF = {
  sipp: ['sip-tester'],
  baresip: ['baresip'],
  tshark: ['tshark'],
  kamailio: ['kamailio', 'kamailio-tls-modules'],
  linphonec: ['linphone-cli'],
  openssl: ['openssl'],
}

const missing = missingPrograms()
if (missing.length > 0) {
  if (process.getuid?.() === 0 && isOnPath('apt-get')) install(missing)
  const stillMissing = missingPrograms()
  if (stillMissing.length > 0) giveNotice(stillMissing)
}

function missingPrograms() {
  return Object.keys(DEBIAN_PACKAGES_OF).filter((program) => !isOnPath(program))
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function install(programs) {
  const packages = programs.flatMap((program) => DEBIAN_PACKAGES_OF[program])
  run('apt-get', ['update', '-q'])
  // The recommended packages are desktop front-ends; the core and its sound-file modules are enough.
  run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages])
}

function run(command, args) {
  console.log(`$ ${[command, ...args].join(' ')}`)
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (status !== 0) console.error(`${command} failed: ${error?.message ?? `exit code ${status}`}`)
}

function giveNotice(programs) {
  const packages = programs.flatMap((program) => DEBIAN_PACKAGES_OF[program])
  const isCi = process.env.CI === 'true'
  console.error(
    [
      `Missing: ${programs.join(', ')}. Install with: sudo apt-get install ${packages.join(' ')}`,
      isCi ? 'CI=true: this is a failure.' : 'The e2e tests that need them will be SKIPPED.',
    ].join('\n'),
  )
  if (isCi) process.exitCode = 1
}
