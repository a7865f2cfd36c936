import { z } from 'zod'
import type { SpeechRecogniser } from '../../calls/index.ts'
import type { SpeechEngine } from '../../speech/index.ts'
import { list, object, text, whole } from './schema-parts.ts'

const name = text('must be a name of 1 to 128 characters without line breaks', (value) =>
  /^[^\r\n]{1,128}$/.test(value),
)
const path = text('must be a path', (value) => value !== '')
const language = text("must be a language tag such as 'en-US'", (value) =>
  /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(value),
)
const timeoutMs = whole(100, 600_000, 'milliseconds').optional()
const parallel = whole(1, 100, 'sentences').optional()

const voices = {
  voices: list(
    z.union(
      [
        name,
        object({
          name,
          language,
          gender: z.enum(['female', 'male'], "must be 'female' or 'male'").optional(),
        }),
      ],
      'must be the name of a voice, or { name, language }',
    ),
    'voices',
  ).optional(),
  language: language.optional(),
}
const key = { keyFile: path.optional(), keyVariable: name.optional() }
const output = z
  .union(
    [z.literal('wav'), object({ sampleRateHz: whole(8000, 192_000, 'Hz') })],
    "must be 'wav', or { sampleRateHz } for raw 16-bit samples",
  )
  .optional()
const limits = { timeoutMs, parallel }

const TYPES = ['flite', 'process', 'openai', 'sherpa', 'google', 'azure', 'polly'] as const

const engines = z.discriminatedUnion(
  'type',
  [
    object({ type: z.literal('flite') }),
    object({
      type: z.literal('process'),
      command: path,
      arguments: list(z.string('must be a text'), 'texts').optional(),
      output,
      ...voices,
      ...limits,
    }),
    object({
      type: z.literal('openai'),
      url: text('must be a URL such as http://127.0.0.1:8880/v1', (value) => /^https?:\/\/[^\s]+$/.test(value)),
      model: name,
      output,
      ...voices,
      ...key,
      ...limits,
    }),
    object({
      type: z.literal('sherpa'),
      directory: path,
      voices: list(name, 'names of speakers').min(1, 'must name at least one speaker').optional(),
      language: language.optional(),
      cores: whole(1, 64, 'cores').optional(),
    }),
    object({ type: z.literal('google'), ...voices, ...limits }),
    object({ type: z.literal('azure'), region: name, ...voices, ...key, ...limits }),
    object({
      type: z.literal('polly'),
      region: name.optional(),
      engine: z
        .enum(
          ['standard', 'neural', 'long-form', 'generative'],
          "must be 'standard', 'neural', 'long-form' or 'generative'",
        )
        .optional(),
      ...voices,
      ...limits,
    }),
  ],
  `must be { type } with one of ${TYPES.join(', ')}, or a SpeechEngine`,
)

const recognisers = z.discriminatedUnion(
  'type',
  [
    object({
      type: z.literal('openai'),
      url: text('must be a URL such as http://127.0.0.1:8000/v1', (value) => /^https?:\/\/[^\s]+$/.test(value)),
      model: name,
      language: language.optional(),
      timeoutMs,
      ...key,
    }),
    object({ type: z.literal('sherpa'), directory: path, cores: whole(1, 64, 'cores').optional() }),
  ],
  'must be { type } with one of openai, sherpa, or a SpeechRecogniser',
)

/** The shape of `speech`. */
export const speechSchema = object({
  recognition: z
    .unknown()
    .transform((value, context) => {
      if (isSpeechRecogniser(value)) return value
      const parsed = recognisers.safeParse(value)
      if (parsed.success) return parsed.data
      for (const issue of parsed.error.issues) context.addIssue({ ...issue } as never)
      return z.NEVER
    })
    .optional(),
  // Asked for by hand: a union would say of one that is known no more than that it is none of them.
  engine: z
    .unknown()
    .transform((value, context) => {
      if (isSpeechEngine(value)) return value
      const parsed = engines.safeParse(value)
      if (parsed.success) return parsed.data
      for (const issue of parsed.error.issues) context.addIssue({ ...issue } as never)
      return z.NEVER
    })
    .optional(),
  voice: name.optional(),
  threads: whole(1, 16, 'threads').optional(),
  threadIdleMs: whole(1000, 86_400_000, 'milliseconds').optional(),
  cache: object({
    directory: path.optional(),
    bytes: whole(0, 2 ** 50, 'bytes').optional(),
  }).optional(),
  memoryBytes: whole(0, 2 ** 40, 'bytes').optional(),
  waitingSentences: whole(1, 100_000, 'sentences').optional(),
})

export function isSpeechRecogniser(value: unknown): value is SpeechRecogniser {
  return typeof (value as SpeechRecogniser | undefined)?.open === 'function'
}

export function isSpeechEngine(value: unknown): value is SpeechEngine {
  return typeof (value as SpeechEngine | undefined)?.speak === 'function'
}
