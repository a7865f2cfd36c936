import { expect, test } from 'vitest'
import { silentLogger } from './logger.ts'

test('the silent logger takes everything, and so do its children', () => {
  const child = silentLogger.child({ call: 1 })
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    expect(silentLogger[level]({}, 'message')).toBeUndefined()
    expect(child[level]({}, 'message')).toBeUndefined()
  }
})
