import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseWav, samplesOfWav } from '../../src/media/index.ts'

/** What was asked for. */
export interface Transcription {
  readonly fields: Readonly<Record<string, string>>
  readonly samples: Int16Array
  readonly sampleRateHz: number
}

/** A speech recogniser that speaks the HTTP of OpenAI's and understands the same whatever it hears, but keeps what that was. */
export class TranscriptionService {
  readonly asked: Transcription[] = []
  /** With what it answers. */
  status = 200
  readonly #server: Server

  private constructor(address: string, words: string) {
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const headers = { 'content-type': request.headers['content-type'] ?? '' }
      const form = await new Response(Buffer.concat(parts), { headers }).formData()
      const wav = parseWav(new Uint8Array(await (form.get('file') as File).arrayBuffer()))
      if (!wav.ok) throw new Error(wav.error)
      this.asked.push({
        fields: Object.fromEntries([...form].filter(([, value]) => typeof value === 'string') as [string, string][]),
        samples: samplesOfWav(wav.value),
        sampleRateHz: wav.value.sampleRateHz,
      })
      response.writeHead(this.status).end(JSON.stringify({ text: words }))
    })
    this.#server.listen(0, address)
  }

  static async start(address: string, words: string): Promise<TranscriptionService> {
    const service = new TranscriptionService(address, words)
    await new Promise((resolve) => service.#server.once('listening', resolve))
    return service
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `http://${address}:${port}/v1`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
