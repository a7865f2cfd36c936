import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** As much of WebAssembly as the decoders need; it is not among the library types of ECMAScript, nor of Node. */
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports?: object) => { readonly exports: object }
}

const wasm = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly

/** Finds what packages hold. */
export const packages: NodeJS.Require = createRequire(import.meta.url)

const compiled = new Map<string, object>()

/**
 * An instance of the WebAssembly in a file of a package, with a memory of its own; the code is compiled once.
 * @throws Error when there is no such file
 */
export function wasmInstance(file: string, imports?: object): { readonly exports: object } {
  const module = compiled.get(file) ?? new wasm.Module(readFileSync(packages.resolve(file)))
  compiled.set(file, module)
  return new wasm.Instance(module, imports)
}
