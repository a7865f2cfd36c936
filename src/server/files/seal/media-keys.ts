import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A key for files at rest. */
export interface MediaKey {
  /** 16 hexadecimal digits that say which key it is, and nothing of what it is. They stand in every file. */
  readonly id: string
  /** 32 octets. */
  readonly bytes: Uint8Array
}

/** The keys of a store: the first encrypts, all decrypt. */
export type MediaKeys = readonly [MediaKey, ...MediaKey[]]

/** Where keys are. One of the two. */
export interface MediaKeySource {
  /** Absolute. */
  readonly keyFile?: string
  readonly keyVariable?: string
}

/**
 * Reads keys of 32 octets, each as 64 hexadecimal digits or 44 characters of base64, in lines of their own or with spaces
 * or commas between them; what follows a `#` at the beginning of a line is a comment.
 *
 * @throws Error saying which of them is wrong, without showing it
 */
export function parseMediaKeys(text: string): MediaKeys {
  const words = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(/[\s,]+/))
    .filter((word) => word !== '')
  const [first, ...others] = words.map((word, index) => keyOf(word, index))
  if (first === undefined) throw new Error(`there is no key in it: ${HOW}`)
  return [first, ...others]
}

/** @throws Error naming the source and what is wrong with it */
export function readMediaKeys(
  { keyFile, keyVariable }: MediaKeySource,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): MediaKeys {
  const source = keyFile ?? `the environment variable ${keyVariable}`
  try {
    const text = keyFile === undefined ? environment[keyVariable ?? ''] : readFileSync(keyFile, 'utf8')
    if (text === undefined) throw new Error('it is not set')
    return parseMediaKeys(text)
  } catch (error) {
    throw new Error(`the keys for media files cannot be had from ${source}: ${(error as Error).message}`)
  }
}

const HOW = 'give 32 octets as 64 hexadecimal digits, such as "openssl rand -hex 32" prints'

function keyOf(word: string, index: number): MediaKey {
  const bytes = /^[0-9a-f]{64}$/i.test(word)
    ? Buffer.from(word, 'hex')
    : /^[0-9A-Za-z+/]{43}=$/.test(word)
      ? Buffer.from(word, 'base64')
      : undefined
  if (bytes === undefined) throw new Error(`key ${index + 1} is none: ${HOW}`)
  const id = createHmac('sha256', bytes).update('ringdown media key id').digest('hex').slice(0, 16)
  return { id, bytes: new Uint8Array(bytes) }
}
