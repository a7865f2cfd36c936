import { expect, test } from 'vitest'
import { statePage } from './state-docs.ts'

test('docs/reference/states.md is drawn from the tables as they are', async () => {
  await expect(statePage()).toMatchFileSnapshot('../docs/reference/states.md')
})
