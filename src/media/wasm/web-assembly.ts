/**
 * As much of WebAssembly as the kernels need. Every engine that we run on has it, yet it is not among the ECMAScript
 * library types, hence the declarations.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

export interface WasmApi {
  validate(bytes: Uint8Array): boolean
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, object>>>>,
  ) => { readonly exports: object }
}

/** Missing where the engine may not compile at run time (`node --jitless`). */
export const wasm: WasmApi | undefined = (globalThis as { readonly WebAssembly?: WasmApi }).WebAssembly
