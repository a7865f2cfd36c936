import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FarEndTape, FarEndTapeRecorder, wavOfTape } from '../../src/media/detect/far-end/far-end-tape.ts'
import { signalsOf } from './listen.ts'
import type { Material } from './material.ts'
import { playOut } from './playout.ts'
import { type CallName, type RenderedCall, renderCall } from './render/render.ts'
import { PER_MS } from './render/sound.ts'
import { type Truth, truthEventMs } from './render/truth.ts'

const FRAME_MS = 20
const FRAME = FRAME_MS * PER_MS
const COLUMNS = 'file,class,connectMs,speechEndMs,greetingEndMs,beepMs'

/**
 * Writes calls as `ringdown lsd evaluate` reads them: WAV files, and `labels.csv` that says what is true of each. They are
 * tapes, as an exchange keeps them for evidence: what the network lost is silent, and known to be lost, and what detectors of
 * the benchmark are told beside the sound is in them.
 */
export function exportCalls(folder: string, names: readonly CallName[], material: Material): void {
  mkdirSync(folder, { recursive: true })
  const rows = [COLUMNS]
  for (const name of names) {
    const call = renderCall(name, material)
    const file = `${call.truth.id}.wav`
    writeFileSync(join(folder, file), wavOfTape(tapeOf(call)))
    rows.push(labelOf(file, call.truth))
  }
  writeFileSync(join(folder, 'labels.csv'), `${rows.join('\n')}\n`)
}

export function tapeOf({ truth, packets }: RenderedCall): FarEndTape {
  const { samples, isWhole } = playOut(packets, truth.endMs)
  const tape = new FarEndTapeRecorder({})
  for (const { type, atMs } of signalsOf(truth)) tape.signal(type, atMs)
  for (const [n, isThere] of isWhole.entries()) {
    const frame = samples.subarray(n * FRAME, (n + 1) * FRAME)
    if (isThere) tape.hear(frame)
    else tape.missing(FRAME_MS, frame)
  }
  return tape.tape()
}

/** A line of `labels.csv`. A tone of the network is nobody: `none`. */
export function labelOf(file: string, truth: Truth): string {
  const kind = truth.class === 'signal' ? 'none' : truth.class
  const speechEndMs = truth.class === 'person' ? truthEventMs(truth) : undefined
  const times = [truth.answeredAtMs, speechEndMs, truth.greetingEndMs, truth.beep?.startMs]
  return [file, kind, ...times.map((time) => (time === undefined ? '' : Math.round(time)))].join(',')
}
