import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** How a command ended, and all that it printed. */
export interface Outcome {
  readonly code: number
  readonly output: string
}

/** Whether the registry of packages answers. */
export async function isRegistryThere(): Promise<boolean> {
  const { code } = await runIn(ROOT, 'npm', ['view', 'jest', 'version', '--fetch-retries=0'])
  return code === 0
}

/** Somebody who has the package as it is published, a folder of their own, and the registry of packages. */
export class NewUser {
  readonly folder = mkdtempSync(join(tmpdir(), 'ringdown-new-user-'))

  /**
   * Packs what is built.
   * @returns what stands for the version of ringdown in the dependencies of a project
   */
  async pack(): Promise<string> {
    await this.succeed('npm', ['pack', ROOT, '--ignore-scripts', '--pack-destination', this.folder])
    const [tarball, ...others] = readdirSync(this.folder).filter((name) => name.endsWith('.tgz'))
    if (tarball === undefined || others.length > 0) throw new Error(`npm pack left not one tarball in ${this.folder}`)
    return `file:${join(this.folder, tarball)}`
  }

  /** Writes a file into the folder, by its path in there. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text)
  }

  /** Runs a command in `project`, a folder within this one. */
  run(command: string, args: readonly string[], project = '.'): Promise<Outcome> {
    return runIn(join(this.folder, project), command, args)
  }

  /**
   * The same for a command that is to end well.
   * @throws Error with all that it printed when it does not
   */
  async succeed(command: string, args: readonly string[], project = '.'): Promise<string> {
    const { code, output } = await this.run(command, args, project)
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
    return output
  }

  /** Installs what the package.json of `project` names. */
  async install(project: string): Promise<void> {
    await this.succeed('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], project)
  }

  /** Removes the folder. */
  leave(): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** Runs a command as if no test runner were around it. */
function runIn(cwd: string, command: string, args: readonly string[]): Promise<Outcome> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_TEST_|TEST$)/.test(name)),
  )
  const options = { cwd, env: { ...env, NODE_ENV: 'development', NO_COLOR: '1' }, timeout: 150_000 }
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output: stdout + stderr })
    })
  })
}
