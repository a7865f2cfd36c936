import { resolve } from 'node:path'
import { z } from 'zod'
import type { EvidenceLimits } from '../lsd/evidence.ts'
import { object, text, whole } from './schema-parts.ts'

/** The shape of `lsd`. */
export const lsdSchema = object({
  threads: whole(1, 16, 'threads').optional(),
  maxDetections: whole(1, 100_000, 'detections').optional(),
  sensitivity: z
    .number('must be a number from 0 to 1')
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1')
    .optional(),
  evidence: object({
    directory: text('must be the path of a directory', (value) => value !== '').optional(),
    keepMs: whole(60_000, 31 * 86_400_000, 'milliseconds').optional(),
    maxFiles: whole(1, 100_000, 'files').optional(),
  }).optional(),
})

/** How it is found out who picks up. */
export interface LsdSettings {
  readonly threads: number
  readonly maxDetections: number
  readonly sensitivity: number
  readonly evidence?: EvidenceLimits
}

/** Fills in the defaults. `directory` is what a relative path is relative to. */
export function lsdSettings(config: z.infer<typeof lsdSchema> = {}, directory: string): LsdSettings {
  const { threads = 1, maxDetections = 300 * threads, sensitivity = 0.5, evidence } = config
  return {
    threads,
    maxDetections,
    sensitivity,
    ...(evidence && {
      evidence: {
        directory: resolve(directory, evidence.directory ?? 'lsd-evidence'),
        keepMs: evidence.keepMs ?? 86_400_000,
        maxFiles: evidence.maxFiles ?? 1000,
      },
    }),
  }
}

/** Evidence would lie there in the clear where everything else is encrypted. */
export function lsdProblems({ evidence }: LsdSettings, isEncrypted: boolean): string[] {
  return evidence !== undefined && isEncrypted
    ? [
        'lsd.evidence keeps what people say in the clear, and files.encryption is there to prevent that: leave one of them out',
      ]
    : []
}
