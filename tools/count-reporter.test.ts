import { afterEach, expect, test, vi } from 'vitest'
import { CountReporter } from './count-reporter.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

type Run = Parameters<CountReporter['onTestRunEnd']>

function printed(
  states: readonly string[],
  errors: { module?: number; suite?: number; unhandled?: number } = {},
): string[] {
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line)
  })
  const list = (count = 0) => Array.from({ length: count }, () => ({ message: 'no' }))
  const module = {
    errors: () => list(errors.module),
    children: {
      allSuites: () => [{ errors: () => list(errors.suite) }],
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
    },
  }
  new CountReporter().onTestRunEnd([module] as unknown as Run[0], list(errors.unhandled) as unknown as Run[1])
  return lines
}

test('the last line counts what passed and what failed', () => {
  expect(printed(['passed', 'failed', 'passed'])).toEqual(['2 passed, 1 failed'])
})

test('skipped tests are named, and are neither', () => {
  expect(printed(['passed', 'skipped'])).toEqual(['1 skipped', '1 passed, 0 failed'])
})

test('a test that never ended is a failure', () => {
  expect(printed(['pending'])).toEqual(['0 passed, 1 failed'])
})

test('files, hooks and stray errors count as failures', () => {
  expect(printed(['passed'], { module: 1, suite: 1, unhandled: 1 })).toEqual(['1 passed, 3 failed'])
})
