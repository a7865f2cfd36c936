import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Material } from './material.ts'
import { playOut } from './playout.ts'
import { type CallName, renderCall } from './render/render.ts'
import { type Truth, truthEventMs } from './render/truth.ts'
import { writeSamples } from './wav.ts'

const COLUMNS = 'file,class,connectMs,speechEndMs,greetingEndMs,beepMs'

/**
 * Writes calls as `ringdown lsd evaluate` reads them: WAV files, and `labels.csv` that says what is true of each. What the
 * network lost is silent in them.
 */
export function exportCalls(folder: string, names: readonly CallName[], material: Material): void {
  mkdirSync(folder, { recursive: true })
  const rows = [COLUMNS]
  for (const name of names) {
    const { truth, packets } = renderCall(name, material)
    const file = `${truth.id}.wav`
    writeSamples(join(folder, file), playOut(packets, truth.endMs).samples)
    rows.push(labelOf(file, truth))
  }
  writeFileSync(join(folder, 'labels.csv'), `${rows.join('\n')}\n`)
}

/** A line of `labels.csv`. A tone of the network is nobody: `none`. */
export function labelOf(file: string, truth: Truth): string {
  const kind = truth.class === 'signal' ? 'none' : truth.class
  const speechEndMs = truth.class === 'person' ? truthEventMs(truth) : undefined
  const times = [truth.answeredAtMs, speechEndMs, truth.greetingEndMs, truth.beep?.startMs]
  return [file, kind, ...times.map((time) => (time === undefined ? '' : Math.round(time)))].join(',')
}
