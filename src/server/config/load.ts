import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../../kit/index.ts'
import { ModuleLoader } from '../apps/module-loader.ts'
import type { RingdownConfig } from './config.ts'

export interface LoadedConfig {
  readonly config: RingdownConfig
  /** Where the file stands: what its relative paths are relative to. */
  readonly directory: string
  readonly file: string
}

/** What is looked for when no file is named, in this order. */
export const CONFIG_FILES = ['ringdown.config.ts', 'ringdown.config.js', 'ringdown.config.mjs'] as const

/**
 * Loads a configuration file: what it exports as default, or what the function it exports returns.
 * @param name relative to the working directory; default: the first of {@link CONFIG_FILES} that is there
 * @throws ConfigError when there is none or it cannot be loaded
 */
export async function loadConfig(name?: string): Promise<LoadedConfig> {
  const wanted = name === undefined ? CONFIG_FILES : [name]
  const file = wanted.map((candidate) => resolve(candidate)).find((candidate) => existsSync(candidate))
  if (file === undefined)
    throw new ConfigError([
      name === undefined
        ? `there is no ringdown.config.ts in ${process.cwd()}: write one, or name another file`
        : `there is no configuration file ${resolve(name)}`,
    ])
  const exported = await new ModuleLoader().load(file).then(
    (module) => module.exports.default,
    (error: Error) => {
      throw new ConfigError([`${file} cannot be loaded: ${error.message}`])
    },
  )
  const config: unknown = typeof exported === 'function' ? await exported() : exported
  if (config === undefined)
    throw new ConfigError([`${file} has no default export: write "export default defineConfig({ ... })"`])
  return { config: config as RingdownConfig, directory: dirname(file), file }
}
