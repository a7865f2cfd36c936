import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>
}

// `npm install` against a registry that lacks the packages of other platforms writes a lock file without them, and
// `npm ci` refuses that file everywhere. They have to be put back: an entry with version, os and cpu is enough.
test('package-lock.json names the optional packages of every platform', () => {
  const url = new URL('../package-lock.json', import.meta.url)
  const { packages } = JSON.parse(readFileSync(url, 'utf8')) as LockFile
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
    ),
  )
  expect(missing).toEqual([])
})
