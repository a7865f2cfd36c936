// Compiles kernels/ to src/media/wasm/generated/. The bytes are committed, so that nobody needs the compiler to build
// or to run Ringdown; build-kernels.test.ts holds them to their source.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT: string = fileURLToPath(new URL('../', import.meta.url))
const COMPILER = 'node_modules/assemblyscript/bin/asc.js'

/** With SIMD for every engine that has it, and without for the others. */
export const KERNEL_BUILDS = [
  { file: 'src/media/wasm/generated/simd.ts', name: 'SIMD_KERNELS', feature: ['--enable', 'simd'] },
  { file: 'src/media/wasm/generated/scalar.ts', name: 'SCALAR_KERNELS', feature: ['--disable', 'simd'] },
] as const

export type KernelBuild = (typeof KERNEL_BUILDS)[number]

/** The text of a generated file. Throws with the compiler's messages when the kernels do not compile. */
export function generateKernels(build: KernelBuild): string {
  const lines =
    compile(build.feature)
      .toString('base64')
      .match(/.{1,116}/g) ?? []
  return `// Generated from kernels/ by \`npm run kernels\`.\nexport const ${build.name} = \`\n${lines.join('\n')}\n\`\n`
}

/** No runtime, no memory of its own, no data: a kernel works on what its arguments point at and on nothing else. */
function compile(feature: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'))
  try {
    const file = join(folder, 'kernels.wasm')
    const output = ['--outFile', file, '--runtime', 'stub', '--noAssert', '-O3', '--converge', '--use', 'abort=']
    const memory = ['--importMemory', '--initialMemory', '1', '--noExportMemory']
    execFileSync(process.execPath, [COMPILER, 'kernels/index.ts', ...output, ...memory, ...feature], { cwd: ROOT })
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const build of KERNEL_BUILDS) writeFileSync(`${ROOT}${build.file}`, generateKernels(build))
}
