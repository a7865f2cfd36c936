import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../kit/index.ts'
import { ControlDoor, type DoorAnswers } from './door.ts'
import { strangerIn } from './door-place.ts'
import { findDoor, knock } from './knock.ts'

let folder: string
const open: ControlDoor[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rd-'))
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((door) => door.close()))
  rmSync(folder, { recursive: true })
})

async function doorOf(
  config: string,
  answers: DoorAnswers = {},
  directory = join(folder, 'doors'),
): Promise<ControlDoor> {
  const about = { pid: process.pid, config, sockets: ['udp 127.0.0.1 port 5060'] }
  const door = await ControlDoor.open({ directory, answers: { 'GET ': () => about, ...answers }, logger: silentLogger })
  open.push(door)
  return door
}

describe('ControlDoor', () => {
  test('keeps everybody else out, also of a directory that was open before', async () => {
    mkdirSync(join(folder, 'doors'))
    chmodSync(join(folder, 'doors'), 0o777)
    const { path } = await doorOf('a.ts')
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('is not made in what is no directory of its own', async () => {
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'link'))
    writeFileSync(join(folder, 'file'), '')
    await expect(doorOf('a.ts', {}, join(folder, 'link'))).rejects.toThrow(/is no directory.*control\.directory/)
    await expect(doorOf('a.ts', {}, join(folder, 'file'))).rejects.toThrow(/control\.directory/)
    await expect(doorOf('a.ts', {}, join(folder, 'x'.repeat(100)))).rejects.toThrow(/longer than/)
    expect(strangerIn(join(folder, 'link'))).toBe('is no directory')
    expect(strangerIn(join(folder, 'nothing'))).toBeUndefined()
    // Root sees directories of others; elsewhere there is none to be looked at.
    if (process.getuid?.() !== 0) expect(strangerIn('/')).toMatch(/another user/)
  })

  test('answers what it knows, and says what it does not know', async () => {
    const { path } = await doorOf('a.ts', {
      'GET calls': ({ path, query }) => ({ path, most: query.get('most') }),
      'GET broken': () => {
        throw new Error('out of order')
      },
    })
    expect(await knock(path, '/calls/a%2Fb?most=3')).toEqual({ path: ['a/b'], most: '3' })
    for (const unknown of ['/nothing', '/constructor', '/calls2']) expect(await knock(path, unknown)).toBeUndefined()
    for (const bad of ['/broken', '/%zz'])
      await expect(knock(path, bad)).rejects.toThrow(/could not be answered at .*: (out of order|URI malformed)/)
    expect(await knock(path, '/')).toMatchObject({ config: 'a.ts' })
  })

  test('goes with its socket, and clears away those of the dead', async () => {
    const first = await doorOf('a.ts')
    const dead = join(dirname(first.path), '1-dead.sock')
    // A socket whose owner goes without a word: Node takes its socket away only where it closes it.
    const server = createServer().listen(`${dead}.tmp`)
    await new Promise((resolve) => server.once('listening', resolve))
    renameSync(`${dead}.tmp`, dead)
    server.close()
    utimesSync(dead, 1, 1)
    expect(existsSync(dead)).toBe(true)
    await doorOf('b.ts')
    expect(existsSync(dead)).toBe(false)
    await Promise.all(open.splice(0).map((door) => door.close()))
    expect(existsSync(first.path)).toBe(false)
  })
})

describe('findDoor', () => {
  test('finds the only one, the one of a configuration, the one that is named', async () => {
    const doors = join(folder, 'doors')
    mkdirSync(doors)
    await expect(findDoor({ door: doors }, [])).rejects.toThrow(/no exchange of yours runs here/)
    const a = await doorOf('/x/a.ts')
    expect(await findDoor({ door: doors }, [])).toMatchObject({ path: a.path, about: { config: '/x/a.ts' } })
    const b = await doorOf('/x/b.ts')
    expect((await findDoor({ door: doors, config: '/x/b.ts' }, [])).path).toBe(b.path)
    expect((await findDoor({ door: doors }, ['/x/a.ts'])).path).toBe(a.path)
    expect((await findDoor({ door: b.path }, [])).path).toBe(b.path)
    await expect(findDoor({ door: doors }, [])).rejects.toThrow(/several exchanges run here[\s\S]*a\.ts[\s\S]*b\.ts/)
    await expect(findDoor({ door: doors, config: '/x/c.ts' }, [])).rejects.toThrow(/serves \/x\/c\.ts[\s\S]*a\.ts/)
    await expect(findDoor({ door: join(folder, 'none.sock') }, [])).rejects.toThrow(/nobody answers/)
  })
})
