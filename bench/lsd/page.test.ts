import { describe, expect, it } from 'vitest'
import { AMD_DEFAULT, asteriskAmd } from './detectors/asterisk-amd.ts'
import { ALWAYS_MACHINE } from './detectors/simple-rules.ts'
import { listenTo } from './listen.ts'
import type { BenchOptions } from './options.ts'
import { pageOf } from './page.ts'
import { renderCall } from './render/render.ts'
import { scoreCall } from './score/call-score.ts'
import { STRATUM_NAMES } from './strata.ts'
import { PLAIN_CHANNEL, SyntheticMaterial } from './test/synthetic-material.ts'

const OPTIONS: BenchOptions = {
  corpus: '',
  split: 'dev',
  calls: 1,
  seed: 1,
  strata: STRATUM_NAMES,
  detectors: [],
  jobs: 1,
  timeoutMs: 5000,
  cache: '',
}

describe('pageOf', () => {
  it('has every table, without a figure that is none', () => {
    const material = new SyntheticMaterial()
    const calls = STRATUM_NAMES.map((stratum) =>
      renderCall({ stratum, split: 'dev', seed: 1, index: 0 }, material, PLAIN_CHANNEL),
    )
    const detectors = [asteriskAmd('asterisk', 'Asterisk', AMD_DEFAULT), ALWAYS_MACHINE].map((detector) => ({
      name: detector.name,
      title: detector.title,
      scores: calls.map((call) => scoreCall(call.truth, listenTo(call, detector, 5000))),
    }))
    const page = pageOf(detectors, OPTIONS, [])
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
    expect(page.match(/^## /gm)).toHaveLength(13)
    expect(page).toContain('| H1: a person, one short utterance | 1 | 100.0 % (20.7-100.0) |')
    expect(page).toContain('| H3: a person, one sentence | 1 | 0.0 % (0.0-79.3) |')
    expect(page).toContain('| person: synthetic-short |')
  })
})
