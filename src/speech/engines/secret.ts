import { readFileSync } from 'node:fs'

/** Where a key is: in a file, or in a variable of the environment. It never stands in the configuration. */
export interface SecretSettings {
  /** A file that holds the key and nothing else. */
  readonly keyFile?: string
  /** The name of a variable that holds the key. */
  readonly keyVariable?: string
}

/**
 * Reads the key; `undefined` when none is set up.
 * @throws Error naming the file or the variable, never what is in it
 */
export function readSecret({ keyFile, keyVariable }: SecretSettings): string | undefined {
  if (keyVariable !== undefined) {
    const key = process.env[keyVariable]?.trim()
    if (!key) throw new Error(`the variable ${keyVariable} is not set: it should hold the key`)
    return key
  }
  if (keyFile === undefined) return undefined
  let key: string
  try {
    key = readFileSync(keyFile, 'utf8').trim()
  } catch (error) {
    throw new Error(`the key cannot be read: ${(error as Error).message}`)
  }
  if (key === '' || /\s/.test(key)) throw new Error(`${keyFile} should hold a key and nothing else`)
  return key
}
