import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { compileOpus } from '../../media/index.ts'

/**
 * libopus, compiled once for all media workers: the WebAssembly that stands in the package `@evan/opus`, or why it
 * cannot be had. Its bindings are not used: they make new arrays for each packet, and do not conceal losses.
 */
export async function loadOpusModule(): Promise<object | Error> {
  try {
    const { resolve } = createRequire(import.meta.url)
    const [simd, scalar] = await Promise.all(
      ['simd', 'opus'].map((name) => readFile(resolve(`@evan/opus/wasm/${name}.wasm`))),
    )
    return compileOpus(simd!, scalar!)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
