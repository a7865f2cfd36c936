import { cpus } from 'node:os'
import type { SourceFacts } from './material.ts'
import type { BenchOptions } from './options.ts'
import {
  beepTable,
  calibrationTable,
  comparisonTable,
  conditionsTable,
  confusionTable,
  costTable,
  type DetectorScores,
  sensitivityTable,
  sourcesTable,
  strataTable,
  table,
  tonesTable,
} from './score/tables.ts'

/** The page of one run: every table, and what has to be known to read them. Our own detector is the first one. */
export function pageOf(
  detectors: readonly DetectorScores[],
  options: BenchOptions,
  facts: readonly SourceFacts[],
): string {
  const ours = detectors[0]!
  const isOurs = ({ name }: DetectorScores) => name.split('@')[0] === ours.name
  const curve = detectors.filter(isOurs)
  const compared = detectors.filter((each) => each === ours || !isOurs(each))
  const normal = compared.map((each) => ({ ...each, scores: each.scores.filter(({ isNormal }) => isNormal) }))
  const hard = compared.map((each) => ({ ...each, scores: each.scores.filter(({ isNormal }) => !isNormal) }))
  const sections: readonly (readonly [string, string])[] = [
    [
      'All detectors, normal lines',
      `Noise of at most -42 dBm0, at most 1 % of packets lost.\n\n${comparisonTable(normal)}`,
    ],
    ['All detectors, hard lines', `Louder noise, or 3 % of packets lost.\n\n${comparisonTable(hard)}`],
    [`${ours.title} by stratum, normal lines`, strataTable(normal[0]!.scores)],
    [`${ours.title} by stratum, hard lines`, strataTable(hard[0]!.scores)],
    ['What calls are taken for', `Per cent of each class; all lines.\n\n${confusionTable(ours.scores)}`],
    ['Tones of fax machines and networks', tonesTable(ours.scores)],
    [
      'Beeps, and when one may speak',
      `Beeps found: of those of at least -35 dBm0 that lie 10 dB above the noise. "Ready" is told by the event that one may ` +
        `speak, against the end of the beep or, where there is none, of the greeting; too early is more than 50 ms before it.\n\n${beepTable(compared)}`,
    ],
    ['By sensitivity', `All lines.\n\n${sensitivityTable(curve)}`],
    ['Confidence', `All lines; shares are pooled.\n\n${calibrationTable(ours.scores)}`],
    [
      'By source',
      'Each source by itself, right verdicts on all lines. No detector here is trained on recordings; one that is must be ' +
        `trained without the source of a row before that row is run.\n\n${sourcesTable(compared.filter(({ name }) => /^(ringdown|asterisk)/.test(name)))}`,
    ],
    ['By what is on the line', conditionsTable(ours.scores)],
    ['Cost', `User and system time while listening; rendering and decoding are not in it.\n\n${costTable(compared)}`],
    [
      'Sources',
      table(
        ['source', 'split', 'files', 'seconds', 'SHA-256'],
        facts.map(({ name, split, files, seconds, sha256 }) => [
          name,
          split,
          String(files),
          String(seconds),
          `\`${sha256.slice(0, 16)}\``,
        ]),
      ),
    ],
  ]
  return `${introduction(options, ours.scores.length)}\n${sections.map(([title, text]) => `## ${title}\n\n${text}`).join('\n')}`
}

function introduction({ split, seed, calls, strata, timeoutMs }: BenchOptions, whole: number): string {
  return `# Who has picked up: benchmark, ${split} split

Written by \`npm run bench:lsd -- --split ${split} --seed ${seed} --calls ${calls} --page ...\`; ${whole} calls, ${calls} in each
of ${strata.length} strata; verdict wanted ${timeoutMs} ms after the answer; ${new Date().toISOString().slice(0, 10)}, node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}.

These are calls that never happened: recordings of people and of prompts, put together with pauses, beeps and tones as calls
have them, and sent over lines that are drawn by chance without regard to who is at the far end
([how](../../bench/lsd/README.md)). They compare detectors on the same octets. They do not say how any of them does on the
calls of an operator, which only \`ringdown lsd evaluate\` on his own recordings can show. The other detectors are re-expressions of
published rules in our words, not the products themselves.

Shares have 95 % Wilson intervals in brackets. Pooled figures mix the strata as 35 % people, 45 % machines, 8 %
announcements and tones, 4 % screening, 3 % fax and 5 % nobody. Latency counts from the moment on which the truth can be known:
the end of a person's first utterance, and the beginning of anything else; that of right verdicts, in media time. A verdict is
the first that is final; revisions count in "5 s after pick-up".
`
}
