/** What is at the far end. `signal` is a tone of the network, `none` silence, noise, music or keys. */
export type FarEndClass = 'person' | 'machine' | 'fax' | 'announcement' | 'screening' | 'signal' | 'none'

/** The kinds of calls that are rendered and scored apart, so that easy ones cannot hide hard ones. */
export const STRATA = {
  H1: { class: 'person', share: 0.14, title: 'a person, one short utterance' },
  H2: { class: 'person', share: 0.07, title: 'a person, two utterances' },
  H3: { class: 'person', share: 0.1, title: 'a person, one sentence' },
  H4: { class: 'person', share: 0.04, title: 'a person, hard to hear: late, quiet, noise before, sounds behind' },
  M1: { class: 'machine', share: 0.2, title: 'a machine, greeting of a studio or a synthesiser' },
  M2: { class: 'machine', share: 0.12, title: 'a machine, greeting of an amateur' },
  M3: { class: 'machine', share: 0.08, title: 'a machine, greeting of 2 s at most, then a beep' },
  M4: { class: 'machine', share: 0.05, title: 'a machine that reads a number' },
  A: {
    class: 'announcement',
    share: 0.05,
    title: 'an announcement of the network after special information tones',
  },
  S: { class: 'screening', share: 0.04, title: 'a screening assistant, picked up or not' },
  F: { class: 'fax', share: 0.03, title: 'a fax machine that answers or calls' },
  T: { class: 'signal', share: 0.03, title: 'busy, congestion, or ringback that goes on after the answer' },
  X: { class: 'none', share: 0.05, title: 'silence, comfort noise, music, keys' },
} as const satisfies Record<string, { class: FarEndClass; share: number; title: string }>

/** `share` of the pooled figures: 35 % H, 45 % M, 8 % A and T, 4 % S, 3 % F, 5 % X. */
export type Stratum = keyof typeof STRATA

export const STRATUM_NAMES = Object.keys(STRATA) as Stratum[]

export type Split = 'train' | 'dev' | 'test'
