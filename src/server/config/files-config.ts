/** Where files are, and how much memory they may take. */
export interface FilesConfig {
  /** The media store: what applications play and record. Made when it is missing. Default `./media`. */
  readonly directory?: string
  /** Memory for files that were played, in bytes. Default 67,108,864 (64 MiB). */
  readonly cacheBytes?: number
  /**
   * Files that last longer are read while they play instead of being kept in memory, in ms, 1,000 to 3,600,000.
   * Default 60,000.
   */
  readonly streamLongerThanMs?: number
  /** The longest recording, in bytes. Default 1,073,741,824 (1 GiB, 18 hours of 16-bit audio). */
  readonly maxRecordingBytes?: number
  /**
   * What the store, or folders of it, may hold on this machine: counted in what stands on the disk, held while recordings
   * grow. A recording that meets one ends with ERROR and keeps what it has. Default: no limits.
   */
  readonly quotas?: readonly QuotaConfig[]
  /**
   * What must stay free of the file system, in bytes: recordings end, and nothing is written, when it would not.
   * Default 0.
   */
  readonly minFreeBytes?: number
  /** Keeps what is recorded and written in a bucket, too. Default: it stays in the directory. */
  readonly s3?: S3Config
  /** Encrypts what is recorded and written. Default: nothing is encrypted. */
  readonly encryption?: EncryptionConfig
}

/**
 * A bucket of S3, or of a server that speaks its protocol. What is recorded and written is in the directory first, and is
 * brought into the bucket in the background, also after a restart; what is only in the bucket is fetched when it is
 * read. Needs the package `@aws-sdk/client-s3`, which finds credentials in its usual places (environment, profile, role).
 */
export interface S3Config {
  readonly bucket: string
  /** A folder in the bucket. Default: none. */
  readonly prefix?: string
  /** Default: what the environment says. */
  readonly region?: string
  /** The URL of a server that is not that of AWS. */
  readonly endpoint?: string
  /** Whether the bucket stands in the path of URLs instead of in their host. Default: where there is an endpoint. */
  readonly pathStyle?: boolean
  /** How long a copy stays in the directory after it was read last, in ms. Default 86,400,000 (a day). */
  readonly keepLocalMs?: number
  /** How much copies in the directory may take, in bytes; those not read for longest go first. Default 1,073,741,824. */
  readonly keepLocalBytes?: number
  /** How many files may wait for the bucket: beyond, nothing is recorded or written any more. Default 10,000. */
  readonly maxWaiting?: number
  /** How many are brought there at the same time, 1 to 16. Default 2. */
  readonly parallel?: number
}

/** What a folder of the media store may hold. */
export interface QuotaConfig {
  /** A folder such as `calls`, with what is in it; or `voicemail/*`, each folder in one. Default: the whole store. */
  readonly folder?: string
  /** Default: no limit. */
  readonly maxBytes?: number
  /** Default: no limit. */
  readonly maxFiles?: number
}

/**
 * Files at rest are encrypted with AES-256-GCM. Keys are 32 octets each, as 64 hexadecimal digits or in base64, one a
 * line: the first encrypts, all of them decrypt. They are read once, at the start, from one of the two places.
 */
export interface EncryptionConfig {
  /** The file that holds the keys. */
  readonly keyFile?: string
  /** The environment variable that holds them. */
  readonly keyVariable?: string
  /** Whether files that are not encrypted are played and read all the same. Default true. */
  readonly acceptPlain?: boolean
}
