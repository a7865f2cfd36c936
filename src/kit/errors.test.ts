import { expect, test } from 'vitest'
import { ConfigError, ERROR_CODES, Hangup, MediaFileError, RingdownError, UsageError } from './errors.ts'

test.each([
  [new UsageError('timeoutMs must be positive'), 'UsageError', 'RINGDOWN_USAGE'],
  [new Hangup(), 'Hangup', 'RINGDOWN_HANGUP'],
  [new ConfigError(['a', 'b']), 'ConfigError', 'RINGDOWN_CONFIG'],
  [new MediaFileError('no such file'), 'MediaFileError', 'RINGDOWN_MEDIA_FILE'],
] as const)('%s carries its class, name and stable code', (error, name, code) => {
  expect(error).toBeInstanceOf(RingdownError)
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe(name)
  expect(error.code).toBe(code)
  expect(Object.keys(ERROR_CODES)).toContain(error.code)
})

test('an error keeps its cause', () => {
  const cause = new Error('EACCES')
  expect(new MediaFileError('unreadable', { cause }).cause).toBe(cause)
})

test('a configuration error lists every problem', () => {
  const error = new ConfigError(['sip.port: 0 to 65535', 'apps: missing'])
  expect(error.problems).toHaveLength(2)
  expect(error.message).toBe('sip.port: 0 to 65535\napps: missing')
})

test('every code is prefixed and explained in a sentence', () => {
  for (const [code, meaning] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^RINGDOWN_[A-Z_]+$/)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
  }
})
