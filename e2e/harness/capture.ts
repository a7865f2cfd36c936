import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { waitFor } from './wait.ts'

/** What tshark says of one RTP stream (its table `rtp,streams`). */
export interface AnalysedStream {
  readonly from: string
  readonly to: string
  readonly payload: string
  readonly packets: number
  readonly lost: number
  /** The longest time between two packets, in milliseconds. */
  readonly maxDeltaMs: number
  readonly meanJitterMs: number
}

/** What passes on loopback to or from an address, captured by tshark. Capturing takes root or CAP_NET_RAW. */
export class Capture {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ringdown-capture-'))
  readonly #file = join(this.#folder, 'lo.pcap')
  readonly #child: Child

  private constructor(address: string) {
    this.#child = new Child('tshark', ['-q', '-i', 'lo', '-f', `udp and host ${address}`, '-w', this.#file])
  }

  static async start(address: string): Promise<Capture> {
    const capture = new Capture(address)
    // The file has its header once the interface is open.
    await waitFor(`tshark captures:\n${capture.#child.output}`, () => {
      if (capture.#child.hasExited) throw new Error(`tshark cannot capture on lo: ${capture.#child.output}`)
      return existsSync(capture.#file) && statSync(capture.#file).size > 0
    })
    return capture
  }

  /** Ends the capture and lets tshark analyse the streams to this UDP port and from it. */
  async streams(port: number): Promise<AnalysedStream[]> {
    // What was sent last is still on its way to the file.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await this.#child.stop()
    const analysis = new Child('tshark', ['-r', this.#file, '-d', `udp.port==${port},rtp`, '-q', '-z', 'rtp,streams'])
    await analysis.exited
    rmSync(this.#folder, { recursive: true, force: true })
    return analysis.output.split('\n').flatMap(readStream)
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const ADDRESS = String.raw`(\d+\.\d+\.\d+\.\d+)`
const LINE = new RegExp(
  String.raw`^\s*[\d.]+\s+[\d.]+\s+${ADDRESS}\s+\d+\s+${ADDRESS}\s+\d+\s+0x\w+\s+(.+?)\s+(\d+)\s+(-?\d+)\s+\(-?[\d.]+%\)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)`,
)

function readStream(line: string): AnalysedStream[] {
  const [, from = '', to = '', payload = '', packets, lost, , , maxDelta, , meanJitter] = LINE.exec(line) ?? []
  if (packets === undefined) return []
  return [
    {
      from,
      to,
      payload,
      packets: Number(packets),
      lost: Number(lost),
      maxDeltaMs: Number(maxDelta),
      meanJitterMs: Number(meanJitter),
    },
  ]
}
