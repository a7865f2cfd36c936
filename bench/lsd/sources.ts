import type { Split } from './strata.ts'

/** `short`, `sentence`: a live person. `studio`, `amateur`, `synthetic`: somebody who was recorded, or nobody. */
export type SourceKind = 'short' | 'sentence' | 'studio' | 'amateur' | 'synthetic' | 'music'

/**
 * One voice, or one collection of voices recorded alike: what stands on one side of a split as a whole, so that no detector
 * is scored on a microphone that it was trained on.
 */
export interface Source {
  readonly name: string
  readonly kind: SourceKind
  readonly split: Split
  /** Within the folder of the corpus. */
  readonly folder: string
  /** Of the files of the folder those whose names begin so. */
  readonly prefix?: string
  /** Of the files of the folder one in three, by a hash of their names: the speakers are not known. */
  readonly third?: 0 | 1 | 2
}

/** Test voices are never trained or tuned on. One speaker's sets stay on one side. */
export const SOURCES: readonly Source[] = [
  { name: 'live-athena', kind: 'short', split: 'train', folder: 'live/short-mycroft', prefix: 'athena' },
  { name: 'live-computer', kind: 'short', split: 'train', folder: 'live/short-mycroft', prefix: 'computer' },
  { name: 'live-amelia', kind: 'short', split: 'dev', folder: 'live/short-mycroft', prefix: 'amelia' },
  { name: 'live-jarvis', kind: 'short', split: 'dev', folder: 'live/short-wakeword', prefix: 'jarvis' },
  { name: 'live-snowboy', kind: 'short', split: 'test', folder: 'live/short-wakeword', prefix: 'snowboy' },
  { name: 'live-sentence-a', kind: 'sentence', split: 'train', folder: 'live/sentence', third: 0 },
  { name: 'live-sentence-b', kind: 'sentence', split: 'dev', folder: 'live/sentence', third: 1 },
  { name: 'live-sentence-c', kind: 'sentence', split: 'test', folder: 'live/sentence', third: 2 },
  recorded('it-carlo', 'studio', 'train'),
  recorded('ru', 'studio', 'train'),
  recorded('fr-june', 'studio', 'dev'),
  recorded('it-menardi', 'studio', 'dev'),
  recorded('en-allison', 'studio', 'test'),
  recorded('es-allison', 'studio', 'test'),
  recorded('es-co', 'amateur', 'test'),
  recorded('fr-armelle', 'amateur', 'test'),
  synthetic('flite-kal', 'train'),
  synthetic('flite-awb', 'train'),
  synthetic('espeak-en-us', 'train'),
  synthetic('espeak-en-us-f3', 'train'),
  synthetic('flite-rms', 'dev'),
  synthetic('espeak-en-gb-x-rp', 'dev'),
  synthetic('festival-slt', 'dev'),
  synthetic('flite-slt', 'test'),
  synthetic('espeak-en-gb-scotland-m5', 'test'),
  synthetic('festival-kal', 'test'),
  music('macroform-cold_day', 'train'),
  music('macroform-robot_dity', 'train'),
  music('macroform-the_simplicity', 'dev'),
  music('manolo_camp-morning_coffee', 'dev'),
  music('reno_project-system', 'test'),
]

function recorded(name: string, kind: 'studio' | 'amateur', split: Split): Source {
  return { name, kind, split, folder: `recorded/${name}` }
}

function synthetic(name: string, split: Split): Source {
  return { name, kind: 'synthetic', split, folder: `synthetic/${name}` }
}

function music(name: string, split: Split): Source {
  return {
    name: `music-${name.split(/[-_]/)[1] === 'camp' ? 'coffee' : name.split('-')[1]!.replaceAll('_', '-')}`,
    kind: 'music',
    split,
    folder: 'music',
    prefix: name,
  }
}
