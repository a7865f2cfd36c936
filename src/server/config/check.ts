import { ConfigError } from '../../kit/index.ts'
import { contradictionsOf } from './contradictions.ts'
import { problemsOf } from './problems.ts'
import { configSchema } from './schema.ts'
import { type Settings, settingsOf } from './settings.ts'

/**
 * Checks a configuration and fills in the defaults. Nothing has been bound or opened when it is refused.
 *
 * @param directory what relative paths are relative to
 * @throws ConfigError with one line for everything that is wrong: where it is, what stands there, and the fix
 */
export function checkConfig(config: unknown, directory: string): Settings {
  const shape = configSchema.safeParse(config)
  if (!shape.success) throw new ConfigError(problemsOf(shape.error, config))
  const settings = settingsOf(shape.data, directory)
  const contradictions = contradictionsOf(shape.data, settings)
  if (contradictions.length > 0) throw new ConfigError(contradictions)
  return settings
}
