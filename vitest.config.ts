import { defineConfig } from 'vitest/config'
import { CountReporter } from './tools/count-reporter.ts'
import { DearestFirst } from './tools/dearest-first.ts'

/** They measure, or load the machine so that nobody beside them could: real time that is to be kept, memory, floods. */
const MEASURING = [
  'bad-input',
  'bench',
  'encrypted-files',
  'files',
  'load',
  'media-worker',
  'phone',
  'recording',
  'rtp',
  'transfer',
  'voice-agent',
].map((name) => `e2e/${name}.test.ts`)

const E2E = { include: ['e2e/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    reporters: ['default', new CountReporter()],
    sequence: { sequencer: DearestFirst },
    // One project after the other, in this order.
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
          testTimeout: 60_000,
          // All cores: Vitest would leave one to itself, which of two is half.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real programs on real ports; each file has addresses of its own and waits most of its time.
        test: { name: 'e2e', ...E2E, exclude: MEASURING, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        test: { name: 'e2e-alone', ...E2E, include: MEASURING, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
})
