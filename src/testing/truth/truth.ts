/** One piece of sound from its beginning to its end: a file that is played, or something that a phone says. */
export interface Utterance {
  /** Who says it: the name of the exchange or of the phone. */
  readonly speaker: string
  /** The media file, when it is one. */
  readonly file?: string
  /** The words, when they are known. */
  readonly text?: string
  /** Of the whole piece; a loop begins again after it. */
  readonly lengthMs: number
}

/**
 * What a packet of sound really is, known because everything here is simulated: it travels beside the packet, shares
 * its fate (lost, late, twice, kept out by a NAT), and saves tests a speech recogniser.
 */
export interface Truth {
  readonly utterance: Utterance
  /** Where in the piece the packet begins. */
  readonly positionMs: number
}

/** The words that have been heard when `playedMs` of a piece were: as many as fit, spoken at an even pace. */
export function wordsHeard({ text = '', lengthMs }: Utterance, playedMs: number): string {
  // A frame short of the end is the end: nobody misses the last 20 ms of a word.
  const letters = Math.floor((text.length * (playedMs + 20)) / lengthMs)
  if (letters >= text.length) return text
  return text.slice(0, Math.max(text.lastIndexOf(' ', letters), 0))
}
