import { object, text, whole } from './schema-parts.ts'

const voice = text('must be the name of a voice', (value) => /^[^\r\n]{1,128}$/.test(value))

/** The shape of `speech`. */
export const speechSchema = object({
  voice: voice.optional(),
  threads: whole(1, 16, 'threads').optional(),
  cache: object({
    directory: text('must be the path of a directory', (value) => value !== '').optional(),
    bytes: whole(0, 2 ** 50, 'bytes').optional(),
  }).optional(),
  memoryBytes: whole(0, 2 ** 40, 'bytes').optional(),
  waitingSentences: whole(1, 100_000, 'sentences').optional(),
})
