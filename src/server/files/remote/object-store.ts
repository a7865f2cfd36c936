/** What files are kept in beside the folder: a bucket. Every function rejects when the other side cannot do it. */
export interface ObjectStore {
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Begins an upload in parts, and gives its id. */
  beginUpload(key: string): Promise<string>
  /**
   * @param number from 1 on
   * @returns the tag by which the part is named when the upload is completed
   */
  uploadPart(key: string, upload: string, number: number, bytes: Uint8Array): Promise<string>
  /** @param tags of the parts, in order */
  completeUpload(key: string, upload: string, tags: readonly string[]): Promise<void>
  /** Forgets the parts of an upload; one that is not known is forgotten already. */
  abortUpload(key: string, upload: string): Promise<void>
  /** `undefined` when there is no such object. */
  get(key: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** `undefined` when there is no such object. */
  head(key: string): Promise<ObjectEntry | undefined>
  /** One that is not there is deleted already. */
  delete(key: string): Promise<void>
  /** In the order of their keys. */
  list(prefix: string, most: number): Promise<readonly ObjectEntry[]>
  /** Ends what is under way. */
  close(): void
}

export interface ObjectEntry {
  readonly key: string
  readonly bytes: number
  /** In milliseconds since 1970. */
  readonly modifiedMs: number
}

/** The upload is not known any more: its parts are gone, and it begins again. */
export class UploadGone extends Error {}
