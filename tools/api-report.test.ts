import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { apiReports } from './api-report.ts'

const FOLDER = new URL('../docs/reference/api/', import.meta.url)
const reports = apiReports()

describe('the API report, docs/reference/api/', () => {
  it('has a page for each entry of the package, and no other', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(reports.map(({ file }) => file.split('/').at(-1)).sort())
  })

  it('has a doc comment for every export', () => {
    expect(reports.flatMap(({ undocumented }) => undocumented)).toEqual([])
  })

  it.each(reports)('$file', ({ file, text }) => {
    const page = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
    expect(text, `${file} is not what the package exports; if that is meant, run \`npm run api\``).toBe(page)
  })
})
