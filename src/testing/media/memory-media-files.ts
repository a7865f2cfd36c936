import { assertMediaName, type MediaFileEntry, type MediaFileFacts, type MediaFiles } from '../../calls/index.ts'
import { MediaFileError, UsageError } from '../../kit/index.ts'
import {
  type AudioClip,
  compressedFormatOf,
  decodeAudioFile,
  parseWavHead,
  rawEncodingOf,
  wavHeader,
} from '../../media/index.ts'

/** What the files stand on. */
export interface MemoryShelf {
  clip(name: string): AudioClip | undefined
  put(name: string, clip: AudioClip): void
  /** Everything that is known of the file goes by another name, or by none. */
  move(name: string, newName: string | undefined): void
  names(): Iterable<string>
}

/**
 * The files of a media store in memory, for applications. What is written can be played when it is WAV or raw G.711; MP3,
 * Ogg and FLAC are kept, and neither played nor decoded. There is no clock here: `modifiedMs` is 0.
 */
export class MemoryMediaFiles implements MediaFiles {
  readonly #shelf: MemoryShelf
  /** What was written, octet for octet. */
  readonly #written = new Map<string, Uint8Array>()

  constructor(shelf: MemoryShelf) {
    this.#shelf = shelf
  }

  /** Why a file that was written cannot be played; `undefined` when there is none. */
  whyNot(name: string): string | undefined {
    const bytes = this.#written.get(name)
    if (bytes === undefined) return undefined
    const decoded = decodeAudioFile(name, bytes)
    return decoded.ok ? undefined : decoded.error
  }

  /** A recording of two channels: what is played is a mix of it, and the file has both. */
  keepStereo(name: string, samples: Int16Array, sampleRateHz: number): void {
    this.#written.set(name, joined(wavHeader('pcm16', samples.byteLength, sampleRateHz, 2), octetsOf(samples)))
  }

  /** Another file has taken the name. */
  forget(name: string): void {
    this.#written.delete(name)
  }

  async exists(name: string): Promise<boolean> {
    assertMediaName(name)
    return this.#has(name)
  }

  async read(name: string, { maxBytes = 64 * 2 ** 20 }: { readonly maxBytes?: number } = {}): Promise<Uint8Array> {
    const bytes = this.#bytesOf(name)
    if (bytes.length > maxBytes)
      throw new MediaFileError(`${name} has ${bytes.length} octets, and ${maxBytes} is the most: read it with stream()`)
    return bytes
  }

  async *stream(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const bytes = this.#bytesOf(name)
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    assertMediaName(name)
    if (!(bytes instanceof Uint8Array)) throw new UsageError(`files.write("${name}"): give the octets as a Uint8Array`)
    this.#shelf.move(name, undefined)
    const decoded = decodeAudioFile(name, bytes)
    if (decoded.ok) this.#shelf.put(name, decoded.value)
    this.#written.set(name, bytes.slice())
  }

  async rename(name: string, newName: string, { replace = false }: { readonly replace?: boolean } = {}): Promise<void> {
    assertMediaName(newName)
    if (!(await this.exists(name))) throw missing(name)
    if (!replace && this.#has(newName))
      throw new MediaFileError(`${newName} is there already: say { replace: true } where it may go`)
    if (name === newName) return
    const written = this.#written.get(name)
    await this.delete(newName)
    this.#written.delete(name)
    if (written !== undefined) this.#written.set(newName, written)
    this.#shelf.move(name, newName)
  }

  async delete(name: string): Promise<boolean> {
    const isThere = await this.exists(name)
    this.#written.delete(name)
    this.#shelf.move(name, undefined)
    return isThere
  }

  async validate(name: string): Promise<MediaFileFacts> {
    return factsOf(name, this.#bytesOf(name))
  }

  async list(prefix = '', { most = 10_000 }: { readonly most?: number } = {}): Promise<readonly MediaFileEntry[]> {
    if (prefix !== '') assertMediaName(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
    const names = [...new Set([...this.#written.keys(), ...this.#shelf.names()])]
    return names
      .filter((name) => name.startsWith(prefix))
      .sort()
      .slice(0, most)
      .map((name) => ({ name, bytes: this.#bytesOf(name).length, modifiedMs: 0 }))
  }

  #has(name: string): boolean {
    return this.#written.has(name) || this.#shelf.clip(name) !== undefined
  }

  #bytesOf(name: string): Uint8Array {
    assertMediaName(name)
    const written = this.#written.get(name)
    if (written !== undefined) return written.slice()
    const clip = this.#shelf.clip(name)
    if (clip === undefined) throw missing(name)
    return fileOf(name, clip)
  }
}

const PIECE_BYTES = 65_536

function missing(name: string): MediaFileError {
  return new MediaFileError(`${name} cannot be read: there is no such file in the media store`)
}

/** The file that a recorder would have written. */
function fileOf(name: string, { encoding, sampleRateHz, data }: AudioClip): Uint8Array {
  const audio = octetsOf(data)
  if (rawEncodingOf(name) !== undefined && encoding !== 'pcm16') return audio
  return joined(wavHeader(encoding, audio.length, sampleRateHz), audio)
}

function octetsOf(data: Int16Array | Uint8Array): Uint8Array {
  const octets = new Uint8Array(data.byteLength)
  octets.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return octets
}

function joined(header: Uint8Array, audio: Uint8Array): Uint8Array {
  const file = new Uint8Array(header.length + audio.length)
  file.set(header)
  file.set(audio, header.length)
  return file
}

function factsOf(name: string, bytes: Uint8Array): MediaFileFacts {
  const nothing = { sampleRateHz: 0, channels: 0, durationMs: 0, isPlayable: false }
  if (bytes.length === 0) return { format: 'unknown', ...nothing, problems: ['it is empty'] }
  const decoded = decodeAudioFile(name, bytes)
  if (!decoded.ok) {
    const format = compressedFormatOf(bytes)
    const problem = format === undefined ? decoded.error : `the test kit decodes WAV and raw G.711, and no ${format}`
    return { format: format ?? 'unknown', ...nothing, problems: [problem] }
  }
  const { value: clip } = decoded
  const durationMs = Math.round((1000 * clip.data.length) / clip.sampleRateHz)
  const isPlayable = durationMs > 0
  const head = rawEncodingOf(name) === undefined ? parseWavHead(bytes, bytes.length) : undefined
  if (head === undefined || !head.ok || head.value === undefined)
    return { format: 'g711', sampleRateHz: 8000, channels: 1, durationMs, isPlayable, problems: [] }
  const { sampleRateHz, channels, missingBytes } = head.value
  const problems =
    missingBytes > 0
      ? [`it ends ${missingBytes} octets before it should; what is there is played`]
      : isPlayable
        ? []
        : ['it holds no sound']
  return { format: 'wav', sampleRateHz, channels, durationMs, isPlayable, problems }
}
