import { OpusLibrary } from '../codec/opus/library.ts'
import { compileOpus } from '../index.ts'

/** libopus for tests, which may read files. */
export async function opusForTests(): Promise<OpusLibrary> {
  const { readFile } = await import('node:fs/promises')
  const { createRequire } = await import('node:module')
  const { resolve } = createRequire(import.meta.url)
  const read = (name: string): Promise<Uint8Array> => readFile(resolve(`@evan/opus/wasm/${name}.wasm`))
  return new OpusLibrary(compileOpus(await read('simd'), await read('opus')))
}
