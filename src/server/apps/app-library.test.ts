import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AppDefinition, appDirection, Channel, State } from '../../calls/index.ts'
import type { Logger } from '../../kit/index.ts'
import { AppLibrary } from './app-library.ts'

let folder: string
let apps: AppLibrary
let log: string[]

const recordingLogger = (lines: string[]): Logger => {
  const logger: Logger = {
    debug: () => {},
    info: (_fields, message) => void lines.push(message),
    warn: (_fields, message) => void lines.push(message),
    error: (_fields, message) => void lines.push(message),
    child: () => logger,
  }
  return logger
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-apps-'))
  log = []
  apps = new AppLibrary(recordingLogger(log))
})
afterEach(() => {
  apps.close()
  rmSync(folder, { recursive: true })
})

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** Adds or refreshes, and runs what is found: applications of these tests look at nothing. */
async function run(file: string, exportName = 'default'): Promise<unknown> {
  await apps.add(file)
  await apps.refresh()
  const app = apps.find({ file, exportName })
  return typeof app === 'string' ? app : (app as AppDefinition).run(undefined as never, undefined as never)
}

const returns = (value: string) => `import { inbound } from 'ringdown'\nexport default inbound(async () => ${value})\n`

describe('loading', () => {
  it('lets everybody who asks for a file wait for its one load', async () => {
    const file = write('slow.ts', returns('3'))
    const found = async () => {
      await apps.add(file)
      return typeof apps.find({ file, exportName: 'default' })
    }
    expect(await Promise.all([found(), found(), found()])).toEqual(['object', 'object', 'object'])
  })

  it('runs TypeScript that no compiler has seen, with this copy of the package, which is not installed there', async () => {
    const file = write(
      'a.ts',
      `import { inbound, outbound, Channel, State, type AppContext } from 'ringdown'
       enum Mood { Calm = 5 }
       export default inbound(async (_channel, _app: AppContext) => Mood.Calm as number)
       export const dial = outbound(() => 7)
       export const seen = { Channel, State }`,
    )
    expect(await run(file)).toBe(5)
    expect(await run(file, 'dial')).toBe(7)
    expect(appDirection(apps.find({ file, exportName: 'dial' }))).toBe('outbound')
    const probe = write(
      'b.ts',
      `import { inbound, Channel, State } from 'ringdown'
       export default inbound(() => ({ Channel, State }) as never)`,
    )
    expect(await run(probe)).toEqual({ Channel, State })
    expect(((await run(probe)) as { Channel: unknown }).Channel).toBe(Channel)
  })

  it('runs JavaScript modules and what they import, in a package of modules too', async () => {
    write('package.json', '{ "type": "module" }')
    write('lib.js', `import { State } from 'ringdown'\nexport const state = State.IDLE`)
    const file = write(
      'a.js',
      `import { inbound } from 'ringdown'\nimport { state } from './lib.js'\nexport default inbound(() => state)`,
    )
    expect(await run(file)).toBe(State.IDLE)
  })

  it('waits for a top-level await', async () => {
    const file = write('a.ts', `const value = await Promise.resolve(3)\n${returns('value')}`)
    expect(await run(file)).toBe(3)
  })

  it('tells what there is not: a file, an application, an export of that name', async () => {
    expect(await run(join(folder, 'gone.ts'))).toBe('missing')
    const none = write('none.ts', 'export default async () => 1')
    expect(await run(none)).toBe('invalid')
    expect(log.at(-1)).toMatch(/none\.ts exports no application: write "export default inbound/)
    expect(await run(write('a.ts', returns('1')), 'menu')).toBe('invalid')
  })

  it('says why a file cannot be loaded, and serves it once it is mended', async () => {
    const file = write('a.ts', 'export default inbound(')
    expect(await run(file)).toBe('invalid')
    expect(log.at(-1)).toMatch(/a\.ts cannot be loaded, so its calls are refused: /)
    write('a.ts', returns('2'))
    expect(await run(file)).toBe(2)
  })
})

describe('a file that changes', () => {
  it('serves new calls, while running ones keep what they have', async () => {
    const file = write('a.ts', returns('1'))
    await apps.add(file)
    const before = apps.find({ file, exportName: 'default' }) as AppDefinition
    write('a.ts', returns('22'))
    expect(await run(file)).toBe(22)
    expect(await before.run(undefined as never, undefined as never)).toBe(1)
    expect(log.at(-1)).toMatch(/a\.ts has changed: new calls get the new version$/)
  })

  it('is loaded again when something it imports has changed, however deep', async () => {
    mkdirSync(join(folder, 'lib'))
    write('lib/deep.ts', 'export const deep: number = 1')
    write('lib/middle.ts', `export { deep } from './deep'`)
    const file = write('a.ts', `import { deep } from './lib/middle.ts'\n${returns('deep')}`)
    expect(await run(file)).toBe(1)
    write('lib/deep.ts', 'export const deep: number = 234')
    expect(await run(file)).toBe(234)
  })

  it('is not loaded again when nothing has changed', async () => {
    const file = write('a.ts', `let loads = 0\n${returns('++loads')}`)
    expect([await run(file), await run(file), await run(file)]).toEqual([1, 2, 3])
  })

  it('leaves the last good version in place when the new one is broken, wherever the mistake is', async () => {
    write('lib.ts', 'export const value = 1')
    const file = write('a.ts', `import { value } from './lib.ts'\n${returns('value')}`)
    expect(await run(file)).toBe(1)
    write('lib.ts', 'export const value = = 2')
    expect(await run(file)).toBe(1)
    expect(log.at(-1)).toMatch(/a\.ts has changed and cannot be loaded, so the version before goes on serving: /)
    const said = log.length
    expect(await run(file)).toBe(1)
    expect(log).toHaveLength(said)
    write('lib.ts', 'export const value = 345')
    expect(await run(file)).toBe(345)
  })

  it('leaves the last good version in place when the file is gone', async () => {
    const file = write('a.ts', returns('1'))
    expect(await run(file)).toBe(1)
    rmSync(file)
    expect(await run(file)).toBe(1)
    write('a.ts', returns('2'))
    expect(await run(file)).toBe(2)
  })

  it('is noticed by itself within a second', async () => {
    const file = write('a.ts', returns('1'))
    await apps.add(file)
    apps.watch()
    write('a.ts', returns('23'))
    await expect
      .poll(
        () => (apps.find({ file, exportName: 'default' }) as AppDefinition).run(undefined as never, undefined as never),
        {
          timeout: 5_000,
        },
      )
      .toBe(23)
  })
})
