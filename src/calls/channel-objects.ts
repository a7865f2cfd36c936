import { VoiceAgent } from './agent/voice-agent.ts'
import type { ChannelCore } from './channel-core.ts'
import { ChannelSip } from './channel-sip.ts'
import { FilePlayer } from './file-player.ts'
import { FileRecorder } from './file-recorder.ts'
import { DtmfPlayer, TonePlayer } from './players.ts'
import { SpeechDetector } from './speech-detector.ts'
import { WholeCallRecorder } from './whole-call-recorder.ts'

/** What a channel speaks, listens and records with. Each is made when it is first asked for: most applications use one or two. */
export abstract class ChannelObjects {
  readonly #core: ChannelCore
  #filePlayer: FilePlayer | undefined
  #fileRecorder: FileRecorder | undefined
  #wholeCallRecorder: WholeCallRecorder | undefined
  #tonePlayer: TonePlayer | undefined
  #dtmfPlayer: DtmfPlayer | undefined
  #voiceAgent: VoiceAgent | undefined
  #speechDetector: SpeechDetector | undefined
  #sip: ChannelSip | undefined

  /** @internal */
  constructor(core: ChannelCore) {
    this.#core = core
  }

  /** Plays files, and says texts. */
  get filePlayer(): FilePlayer {
    this.#filePlayer ??= new FilePlayer(this.#core)
    return this.#filePlayer
  }

  /** Records what the far end says. */
  get fileRecorder(): FileRecorder {
    this.#fileRecorder ??= new FileRecorder(this.#core)
    return this.#fileRecorder
  }

  /** Records both sides of the call. */
  get wholeCallRecorder(): WholeCallRecorder {
    this.#wholeCallRecorder ??= new WholeCallRecorder(this.#core)
    return this.#wholeCallRecorder
  }

  /** Plays tones. */
  get tonePlayer(): TonePlayer {
    this.#tonePlayer ??= new TonePlayer(this.#core)
    return this.#tonePlayer
  }

  /** Presses keys. */
  get dtmfPlayer(): DtmfPlayer {
    this.#dtmfPlayer ??= new DtmfPlayer(this.#core)
    return this.#dtmfPlayer
  }

  /** Attaches a program that listens and speaks. */
  get voiceAgent(): VoiceAgent {
    this.#voiceAgent ??= new VoiceAgent(this.#core)
    return this.#voiceAgent
  }

  /** Hears that somebody speaks, and what is said. */
  get speechDetector(): SpeechDetector {
    this.#speechDetector ??= new SpeechDetector(this.#core)
    return this.#speechDetector
  }

  /** The SIP of the call. */
  get sip(): ChannelSip {
    this.#sip ??= new ChannelSip(this.#core)
    return this.#sip
  }
}
