import type { Codecs } from '../codec/codecs.ts'
import type { PlaySource } from '../engine/play-source.ts'
import { ClipPlayer } from './clip-player.ts'
import { LivePlayer } from './live-player.ts'
import { StreamPlayer } from './stream-player.ts'
import { TonePlayer } from './tone-player.ts'
import type { Transmitter } from './transmitter.ts'

/** What a player tells while it plays. */
export interface PlayerListener {
  /** A late disk makes a gap. */
  onUnderrun(): void
  /** Live audio has come to where its writer wanted to be told. */
  onReached(): void
}

/** What plays a source. */
export function playerOf(source: PlaySource, codecs: Codecs, listener: PlayerListener): Transmitter {
  if (source.kind === 'audio') return new ClipPlayer(source.clip, source.loop, codecs, source.from)
  if (source.kind === 'tone') return new TonePlayer(source.steps, source.loop)
  if (source.kind === 'live') return new LivePlayer(source.audio, () => listener.onReached(), codecs)
  return new StreamPlayer(source.stream, () => listener.onUnderrun(), codecs)
}
