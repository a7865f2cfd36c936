import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { generateKernels, KERNEL_BUILDS } from './build-kernels.ts'

describe('the committed kernels', () => {
  it.each(KERNEL_BUILDS)('$file is what kernels/ compiles to', async (build) => {
    expect(await readFile(new URL(`../${build.file}`, import.meta.url), 'utf8')).toBe(generateKernels(build))
  })
})
