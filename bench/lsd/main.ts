// How well detectors of the far end tell people, machines, fax machines and tones apart, on calls that are rendered from
// recordings: `npm run bench:lsd -- --help`, and README.md beside this file.
import { writeFileSync } from 'node:fs'
import { DETECTORS } from './detectors/detectors.ts'
import { exportCalls } from './export.ts'
import { changedSources, writeManifest } from './manifest.ts'
import { CorpusMaterial } from './material.ts'
import { readOptions } from './options.ts'
import { pageOf } from './page.ts'
import { callNames, runDetectors } from './run.ts'
import { comparisonTable, strataTable } from './score/tables.ts'

const options = readOptions(
  process.argv.slice(2),
  DETECTORS.map(({ name }) => name),
)
const material = new CorpusMaterial(options.corpus, options.cache)
if (options.writeManifest) writeManifest(material.facts)
for (const name of changedSources(material.facts))
  console.warn(`${name} is not as in manifest.json: figures will differ`)
if (options.export !== undefined) exportCalls(options.export, callNames(options), material)
else {
  const detectors = await runDetectors(options, showProgress)
  const normal = detectors.map((each) => ({ ...each, scores: each.scores.filter(({ isNormal }) => isNormal) }))
  console.log(`\nNoise of at most -42 dBm0, loss of at most 1 %; ${options.split} split, seed ${options.seed}:\n`)
  console.log(comparisonTable(normal))
  console.log(`${normal[0]!.title}:\n\n${strataTable(normal[0]!.scores)}`)
  if (options.page !== undefined) writeFileSync(options.page, pageOf(detectors, options, material.facts))
}

function showProgress(done: number, of: number): void {
  if (process.stderr.isTTY || done === of || done % 500 === 0) process.stderr.write(`\r${done} of ${of} calls `)
}
