import { resolve } from 'node:path'
import { definedOnly } from './defined-only.ts'
import type { CheckedConfig } from './schema.ts'

/** `files` with its defaults. */
export interface FilesSettings {
  readonly directory: string
  readonly cacheBytes: number
  readonly streamLongerThanMs: number
  readonly maxRecordingBytes: number
  readonly encryption?: EncryptionSettings
  readonly quotas?: readonly QuotaSettings[]
  readonly minFreeBytes?: number
  readonly s3?: S3Settings
}

/** The bucket that keeps the files of the media store. */
export interface S3Settings {
  readonly bucket: string
  /** Before the names of files; empty, or with a `/` at its end. */
  readonly prefix: string
  readonly region?: string
  readonly endpoint?: string
  readonly pathStyle: boolean
  readonly keepLocalMs: number
  readonly keepLocalBytes: number
  readonly maxWaiting: number
  readonly parallel: number
}

/** What a folder of the media store may hold. */
export interface QuotaSettings {
  /** Relative to the store, `*` standing for any one folder; without: the whole store. */
  readonly folder?: string
  readonly maxBytes?: number
  readonly maxFiles?: number
}

/** Where the keys for media files are: one of the two. */
export interface EncryptionSettings {
  /** Absolute. */
  readonly keyFile?: string
  readonly keyVariable?: string
  readonly acceptPlain: boolean
}

/** Fills in the defaults. `directory` is what relative paths are relative to. */
export function filesSettings(config: CheckedConfig, directory: string): FilesSettings {
  return {
    directory: resolve(directory, config.files?.directory ?? 'media'),
    cacheBytes: config.files?.cacheBytes ?? 64 * 2 ** 20,
    streamLongerThanMs: config.files?.streamLongerThanMs ?? 60_000,
    maxRecordingBytes: config.files?.maxRecordingBytes ?? 2 ** 30,
    quotas: (config.files?.quotas ?? []).map(definedOnly),
    minFreeBytes: config.files?.minFreeBytes ?? 0,
    ...encryptionSettings(config, directory),
    ...s3Settings(config),
  }
}

function encryptionSettings(config: CheckedConfig, directory: string): { encryption?: EncryptionSettings } {
  const encryption = config.files?.encryption
  if (encryption === undefined) return {}
  const { keyFile, keyVariable, acceptPlain = true } = encryption
  return {
    encryption: {
      ...(keyFile !== undefined && { keyFile: resolve(directory, keyFile) }),
      ...(keyVariable !== undefined && { keyVariable }),
      acceptPlain,
    },
  }
}

function s3Settings({ files }: CheckedConfig): { s3?: S3Settings } {
  if (files?.s3 === undefined) return {}
  const { prefix = '', endpoint, ...s3 } = definedOnly(files.s3)
  return {
    s3: {
      pathStyle: endpoint !== undefined,
      keepLocalMs: 86_400_000,
      keepLocalBytes: 2 ** 30,
      maxWaiting: 10_000,
      parallel: 2,
      ...s3,
      ...(endpoint !== undefined && { endpoint }),
      prefix: prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`,
    },
  }
}
