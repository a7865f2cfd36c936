import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { ConfigError } from '../../../kit/index.ts'
import type { S3Settings } from '../../config/files-settings.ts'
import { type ObjectEntry, type ObjectStore, UploadGone } from './object-store.ts'

type Sdk = typeof import('@aws-sdk/client-s3')

/** A bucket of S3, or of whatever speaks its protocol, through the AWS SDK. */
export class S3ObjectStore implements ObjectStore {
  readonly #sdk: Sdk
  readonly #client: S3Client
  readonly #bucket: string
  readonly #ended = new AbortController()

  private constructor(sdk: Sdk, { bucket, region, endpoint, pathStyle }: S3Settings) {
    this.#sdk = sdk
    this.#bucket = bucket
    const elsewhere: S3ClientConfig = {
      ...(endpoint !== undefined && { endpoint }),
      forcePathStyle: pathStyle,
      // Servers other than that of AWS do not all know the checksums that the SDK adds by itself.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    }
    this.#client = new sdk.S3Client({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && elsewhere),
      maxAttempts: 2,
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, socketTimeout: ANSWER_MS },
    })
  }

  /**
   * @param load gives the SDK. Default: the package, if it is installed
   * @throws ConfigError saying what to install when it is not
   */
  static async open(settings: S3Settings, load: () => Promise<Sdk> = loadSdk): Promise<S3ObjectStore> {
    return new S3ObjectStore(await load().catch(notInstalled), settings)
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#client.send(new this.#sdk.PutObjectCommand({ ...this.#at(key), Body: bytes }), this.#options)
  }

  async beginUpload(key: string): Promise<string> {
    const { UploadId } = await this.#client.send(
      new this.#sdk.CreateMultipartUploadCommand(this.#at(key)),
      this.#options,
    )
    if (UploadId === undefined) throw new Error('the bucket has given no id for an upload')
    return UploadId
  }

  async uploadPart(key: string, upload: string, number: number, bytes: Uint8Array): Promise<string> {
    const command = new this.#sdk.UploadPartCommand({
      ...this.#at(key),
      UploadId: upload,
      PartNumber: number,
      Body: bytes,
    })
    const { ETag } = await this.#client.send(command, this.#options).catch(asGone)
    if (ETag === undefined) throw new Error('the bucket has given no tag for a part')
    return ETag
  }

  async completeUpload(key: string, upload: string, tags: readonly string[]): Promise<void> {
    const Parts = tags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
    const command = new this.#sdk.CompleteMultipartUploadCommand({
      ...this.#at(key),
      UploadId: upload,
      MultipartUpload: { Parts },
    })
    await this.#client.send(command, this.#options).catch(asGone)
  }

  async abortUpload(key: string, upload: string): Promise<void> {
    const command = new this.#sdk.AbortMultipartUploadCommand({ ...this.#at(key), UploadId: upload })
    await this.#client.send(command, this.#options).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    try {
      const { Body } = await this.#client.send(new this.#sdk.GetObjectCommand(this.#at(key)), this.#options)
      return Body as AsyncIterable<Uint8Array> | undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    try {
      const { ContentLength = 0, LastModified } = await this.#client.send(
        new this.#sdk.HeadObjectCommand(this.#at(key)),
        this.#options,
      )
      return { key, bytes: ContentLength, modifiedMs: LastModified?.getTime() ?? 0 }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new this.#sdk.DeleteObjectCommand(this.#at(key)), this.#options)
  }

  async list(prefix: string, most: number): Promise<readonly ObjectEntry[]> {
    const entries: ObjectEntry[] = []
    let next: string | undefined
    do {
      const command = new this.#sdk.ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        MaxKeys: Math.min(1000, most - entries.length),
        ...(next !== undefined && { ContinuationToken: next }),
      })
      const page = await this.#client.send(command, this.#options)
      for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
        if (Key !== undefined) entries.push({ key: Key, bytes: Size, modifiedMs: LastModified?.getTime() ?? 0 })
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (next !== undefined && entries.length < most)
    return entries
  }

  close(): void {
    this.#ended.abort()
    this.#client.destroy()
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: key }
  }

  get #options(): { readonly abortSignal: AbortSignal } {
    return { abortSignal: this.#ended.signal }
  }
}

function loadSdk(): Promise<Sdk> {
  return import('@aws-sdk/client-s3')
}

function notInstalled(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  throw new ConfigError(['files.s3 needs the package of the AWS SDK: npm install @aws-sdk/client-s3'])
}

const CONNECT_MS = 5000
const ANSWER_MS = 30_000

function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  if (name === 'NoSuchBucket') return false
  return $metadata?.httpStatusCode === 404 || name === 'NoSuchKey' || name === 'NotFound'
}

function asGone(error: unknown): never {
  if ((error as Error).name === 'NoSuchUpload')
    throw new UploadGone('the upload is not known any more', { cause: error })
  throw error
}
