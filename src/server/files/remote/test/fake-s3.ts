import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a request asks for: the operation, the key, and the number of the part where there is one. */
export interface S3Request {
  readonly operation: 'put' | 'begin' | 'part' | 'complete' | 'abort' | 'get' | 'head' | 'delete' | 'list'
  readonly key: string
  readonly part?: number
}

/** A bucket on loopback that speaks as much of S3's protocol over HTTP as the media store needs. */
export class FakeS3 {
  readonly bucket: string
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly at: Date }>()
  readonly uploads = new Map<string, { readonly key: string; readonly parts: Map<number, Buffer> }>()
  readonly requests: S3Request[] = []
  /** What is answered instead: an HTTP status, or `hang`. */
  trouble: (request: S3Request) => number | 'hang' | undefined = () => undefined
  readonly #server: Server
  #next = 1

  private constructor(bucket: string) {
    this.bucket = bucket
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(bucket: string): Promise<FakeS3> {
    const fake = new FakeS3(bucket)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  count(operation: S3Request['operation']): number {
    return this.requests.filter((each) => each.operation === operation).length
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const url = new URL(request.url ?? '/', 'http://host')
    const [, bucket = '', ...rest] = url.pathname.split('/')
    const asked = requestOf(request.method ?? '', decodeURIComponent(rest.join('/')), url.searchParams)
    this.requests.push(asked)
    const trouble = this.trouble(asked)
    if (trouble === 'hang') return
    if (trouble !== undefined) return error(response, trouble, trouble === 404 ? 'NoSuchUpload' : 'InternalError')
    if (bucket !== this.bucket) return error(response, 404, 'NoSuchBucket')
    this.#answer(asked, url.searchParams, body, response)
  }

  #answer({ operation, key, part = 0 }: S3Request, query: URLSearchParams, body: Buffer, response: ServerResponse) {
    const uploadId = query.get('uploadId') ?? ''
    const upload = this.uploads.get(uploadId)
    const object = this.objects.get(key)
    switch (operation) {
      case 'put':
        this.objects.set(key, { bytes: body, at: new Date() })
        return response.writeHead(200, { etag: etagOf(body) }).end()
      case 'begin': {
        const id = `upload-${this.#next++}`
        this.uploads.set(id, { key, parts: new Map() })
        return xml(
          response,
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        )
      }
      case 'part':
        if (upload === undefined) return error(response, 404, 'NoSuchUpload')
        upload.parts.set(part, body)
        return response.writeHead(200, { etag: etagOf(body) }).end()
      case 'complete': {
        if (upload === undefined) return error(response, 404, 'NoSuchUpload')
        const named = [...body.toString().matchAll(/<Part>.*?<\/Part>/gs)].map(([each]) => ({
          number: Number(/<PartNumber>(\d+)/.exec(each)?.[1]),
          tag: /<ETag>(.*?)<\/ETag>/.exec(each)?.[1]?.replaceAll('&quot;', '"'),
        }))
        const parts = named.map(({ number, tag }) => {
          const bytes = upload.parts.get(number)
          return bytes !== undefined && etagOf(bytes) === tag ? bytes : undefined
        })
        if (parts.includes(undefined)) return error(response, 400, 'InvalidPart')
        this.objects.set(key, { bytes: Buffer.concat(parts as Buffer[]), at: new Date() })
        this.uploads.delete(uploadId)
        return xml(response, '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
      }
      case 'abort':
        if (!this.uploads.delete(uploadId)) return error(response, 404, 'NoSuchUpload')
        return response.writeHead(204).end()
      case 'get':
      case 'head':
        if (object === undefined) return error(response, 404, 'NoSuchKey')
        response.writeHead(200, {
          'content-length': object.bytes.length,
          'last-modified': object.at.toUTCString(),
          etag: etagOf(object.bytes),
        })
        return response.end(operation === 'get' ? object.bytes : undefined)
      case 'delete':
        this.objects.delete(key)
        return response.writeHead(204).end()
      case 'list':
        return this.#list(query, response)
    }
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).sort()
    const from = Number(query.get('continuation-token') ?? 0)
    const page = keys.slice(from, from + Math.min(3, Number(query.get('max-keys') ?? 1000)))
    const next = from + page.length
    const contents = page.map((key) => {
      const { bytes, at } = this.objects.get(key)!
      return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><LastModified>${at.toISOString()}</LastModified></Contents>`
    })
    const more = next < keys.length ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''
    xml(
      response,
      `<ListBucketResult><IsTruncated>${next < keys.length}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`,
    )
  }
}

function requestOf(method: string, key: string, query: URLSearchParams): S3Request {
  if (query.has('uploads')) return { operation: 'begin', key }
  if (query.has('partNumber')) return { operation: 'part', key, part: Number(query.get('partNumber')) }
  if (query.has('uploadId')) return { operation: method === 'DELETE' ? 'abort' : 'complete', key }
  if (method === 'GET' && key === '') return { operation: 'list', key }
  return { operation: method.toLowerCase() as 'put' | 'get' | 'head' | 'delete', key }
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`)
}

function error(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`)
}
