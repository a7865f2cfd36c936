import { expect, test } from 'vitest'
import { assertMediaName } from './media-store.ts'

test.each(['a', 'a.wav', 'prompts/en-GB/hello_1.wav', 'user@host/x.ul', '.hidden'])('%s is a name', (name) => {
  expect(() => assertMediaName(name)).not.toThrow()
})

test.each(['', '/a', 'a/', 'a//b', '..', 'a/../b', 'a b', 'a|b', 'a\\b', 'a\0b', 'é', 'x'.repeat(256)])(
  '%j is refused',
  (name) => {
    expect(() => assertMediaName(name)).toThrow(/is not a media file name/)
  },
)
