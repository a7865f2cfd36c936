import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Begins with the test files that take longest, of those that run side by side: one of two minutes that comes last, because it
 * is a short file, keeps a core waiting.
 */
export class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const at = DEAREST.findIndex((name) => moduleId.endsWith(name))
      return at < 0 ? DEAREST.length : at
    }
    return others.sort((a, b) => rank(a) - rank(b))
  }
}

/** Over 45 s each, the dearest first. */
const DEAREST = [
  'e2e/allocation.test.ts',
  'e2e/new-user.test.ts',
  'src/media/engine/recordings.test.ts',
  'src/media/detect/call-tone-detector.test.ts',
  'src/testing/fuzz/fuzz-calls.test.ts',
]
